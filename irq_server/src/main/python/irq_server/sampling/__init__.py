"""Samples: the thread that takes them, and the store that it fills, as the settings say."""
