"""Options, environment and file become one Settings value, also while the server runs."""
