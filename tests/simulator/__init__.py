"""The simulator, tried over HTTP as its callers use it."""
