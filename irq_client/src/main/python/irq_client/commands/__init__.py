"""Each command: what it asks, and how its answer is shown and listed."""
