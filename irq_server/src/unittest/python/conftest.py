"""What several test modules share: the captured machines, unpacked where a test asks for one."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

CAPTURES = Path(__file__).parent.parent / "resources" / "captures"
"""Trees of /proc and /sys of real machines, one archive each, as files with their modes."""


@pytest.fixture(scope="session")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives a function from a capture's name to its unpacked tree, which tests must not change."""
    folder = tmp_path_factory.mktemp("captures")

    def unpack(name: str) -> Path:
        if not (folder / name).is_dir():
            with tarfile.open(CAPTURES / f"{name}.tar.xz") as archive:
                archive.extractall(folder, filter="tar")
        return folder / name

    return unpack
