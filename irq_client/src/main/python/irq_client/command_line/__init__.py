"""What a person wrote, in options, variables and files, becomes checked values."""
