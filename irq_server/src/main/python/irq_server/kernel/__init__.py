"""The kernel's side: files below /proc, and the only writer of affinities."""
