"""A busy machine, and a browser to look at it with."""
