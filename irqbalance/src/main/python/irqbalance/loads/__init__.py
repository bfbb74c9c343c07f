"""Two snapshots of the counters, or one, become the load and the place of each IRQ."""
