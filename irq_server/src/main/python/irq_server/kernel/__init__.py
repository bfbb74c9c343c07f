"""The kernel's side: files below /proc and /sys, and the only writer of affinities."""
