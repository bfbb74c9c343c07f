"""A plan becomes text: a table for people, JSON and CSV for programs. Pure."""
