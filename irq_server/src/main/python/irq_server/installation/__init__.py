"""What a person's installation lacks: the service, written into the system, and taken back."""
