"""Options, variables and files that a person wrote become checked values."""
