"""One file a command: its options, its question, its columns, its picture."""
