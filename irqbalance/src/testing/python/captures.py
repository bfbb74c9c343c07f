"""Unpack captured trees of /proc and /sys, with their files' modes.

The same file in each project that has captures.
"""

import tarfile
from pathlib import Path


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive of this project's own into a folder."""
    with tarfile.open(archive) as tar:
        # extractall(filter=...) came with Python 3.11.4, and Debian 12 has 3.11.2; the default of
        # newer ones, "data", makes every file writable
        tar.extraction_filter = lambda member, _: member
        tar.extractall(folder)  # noqa: S202 - the archives are the project's own
