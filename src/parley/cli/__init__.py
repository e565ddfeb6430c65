"""The command `parley`: a file per command, each of which calls one service."""
