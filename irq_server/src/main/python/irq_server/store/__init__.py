"""The history on disk, in plain CSV: what it holds, and what fired between two moments."""
