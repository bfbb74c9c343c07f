"""The history on disk, in plain CSV: what it holds, and what fired between two moments.

- store: the store, one writer and many readers. opening mends what a kill left; restart has
  the lock and what the next start needs; retention drops what is too old or too much.
- history: the state at a moment, and the window between two.
- counts, counting, series: two states become counts, by IRQ, by CPU and by step. sums: of a CPU.
- totals: the kernel's 32-bit cells become totals that never fall. schedule: which rows when.
- devices, event_log: what the rows are, and what happened. ledger: the CSV files of both.
- segments: samples in files, down to their text, and the disk.
- offline: a data directory without a server.

Starts no thread, and knows no HTTP.
"""
