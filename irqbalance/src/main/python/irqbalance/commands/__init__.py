"""The commands: words that may stand first on the command line, one module for each."""
