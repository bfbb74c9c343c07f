"""Samples in files, down to their text: one writer a tier, any number of readers.

- segment: the text of a segment, and which of its samples are valid.
- packed: gzip members and frames, and the index of a file. survey: its samples and gaps.
- segment_files: the files of a tier, by name. files: the disk.
- tier_shape: how tiers differ. tier: the writer of one. lookup: its readers.
"""
