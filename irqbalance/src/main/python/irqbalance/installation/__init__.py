"""What a person's installation lacks: units or a cron file, written, and taken back."""
