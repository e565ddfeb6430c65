"""One file per lint rule; each holds `RULE`. The linter finds them by themselves."""
