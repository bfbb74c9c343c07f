"""The thread that takes samples, and the store that it fills, as the settings say."""
