"""The files that one run leaves for the next, in the state directory."""
