"""Samples in files, down to their text: one writer a tier, any number of readers.

- segment: the text of a segment, and which of its samples count.
- segment_files: the files of a tier, by name. files: the disk.
- tier_shape: what distinguishes tiers. tier: one of them. survey: its samples and gaps.
"""
