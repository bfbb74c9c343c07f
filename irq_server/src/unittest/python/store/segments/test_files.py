"""The file layer: one write or nothing, replacing at once, packing, and what a full disk does."""

import errno
import gzip
import os
from pathlib import Path

import pytest
from mock import patch

from irq_server.store.segments.files import Files
from simulated import FaultyFiles


def test_append_makes_the_file_and_then_adds_to_it(tmp_path: Path):
    path = tmp_path / "a.csv"

    Files().append(path, b"one\n", sync=False)
    Files().append(path, b"two\n", sync=True)

    assert path.read_bytes() == b"one\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o644 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_append_is_one_write(tmp_path: Path):
    files = FaultyFiles()

    files.append(tmp_path / "a.csv", b"x" * 100_000, sync=False)

    assert files.written == [100_000]


@pytest.mark.parametrize("sync", [True, False])
def test_append_waits_for_the_disk_only_where_asked(tmp_path: Path, sync: bool):
    with patch("os.fdatasync") as waited:
        Files().append(tmp_path / "a.csv", b"one\n", sync=sync)

    assert waited.called == sync


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path):
    path = tmp_path / "a.csv"
    files = FaultyFiles()
    files.append(path, b"one\n", sync=False)

    files.short = 3
    with pytest.raises(OSError, match="No space left") as caught:
        files.append(path, b"two two\n", sync=False)

    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"one\n"


def test_a_full_disk_leaves_no_empty_file_behind(tmp_path: Path):
    files = FaultyFiles()
    files.short = 3

    with pytest.raises(OSError, match="No space left"):
        files.append(tmp_path / "a.csv", b"one one\n", sync=False)

    assert list(tmp_path.iterdir()) == []


def test_a_short_write_is_an_error_and_leaves_the_file_as_it_was(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"one\n")
    real = os.write

    with (
        patch("os.write", lambda descriptor, data: real(descriptor, data[:2])),
        pytest.raises(OSError, match=r"No space left on device \(2 of 4 bytes written\)"),
    ):
        Files().append(path, b"two\n", sync=False)

    assert path.read_bytes() == b"one\n"


def test_a_disk_that_fails_to_sync_leaves_the_file_as_it_was(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"one\n")

    with (
        patch("os.fdatasync", side_effect=OSError(errno.EIO, "Input/output error")),
        pytest.raises(OSError, match="Input/output error"),
    ):
        Files().append(path, b"two\n", sync=True)

    assert path.read_bytes() == b"one\n"


def test_replace_puts_the_new_file_in_the_old_ones_place(tmp_path: Path):
    path = tmp_path / "state.json"
    path.write_bytes(b"old")

    Files().replace(path, b"new")

    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_replace_waits_for_the_disk_before_it_renames(tmp_path: Path):
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    seen = []

    with patch("os.fsync", lambda _: seen.append(path.read_bytes())):
        Files().replace(path, b"new")

    assert seen == [b"old"]


def test_a_kill_between_write_and_rename_leaves_the_old_file(tmp_path: Path):
    path = tmp_path / "state.json"
    path.write_bytes(b"old")

    with (
        patch.object(Path, "replace", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        Files().replace(path, b"new")

    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("short", [0, 2])
def test_a_replacement_that_does_not_fit_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, short: int
):
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    files = FaultyFiles()
    files.short = short

    with pytest.raises(OSError, match="No space left"):
        files.replace(path, b"new")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_compress_replaces_a_file_by_its_gzipped_form(tmp_path: Path):
    path = tmp_path / "1767225600.csv"
    path.write_bytes(b"time\n" * 1000)

    packed = Files().compress(path)

    assert packed == tmp_path / "1767225600.csv.gz"
    assert gzip.decompress(packed.read_bytes()) == b"time\n" * 1000
    assert list(tmp_path.iterdir()) == [packed]
    assert Files().read(packed) == b"time\n" * 1000


def test_packing_the_same_bytes_gives_the_same_bytes(tmp_path: Path):
    paths = [tmp_path / name for name in ("a.csv", "b.csv")]
    for path in paths:
        path.write_bytes(b"time\n")

    first, second = (Files().compress(path).read_bytes() for path in paths)

    assert first == second


def test_a_file_that_cannot_be_packed_stays(tmp_path: Path):
    path = tmp_path / "1767225600.csv"
    path.write_bytes(b"time\n")
    files = FaultyFiles()
    files.short = 1

    with pytest.raises(OSError, match="No space left"):
        files.compress(path)

    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("position", range(30))
def test_a_damaged_packed_file_is_an_error_of_the_file(tmp_path: Path, position: int):
    path = tmp_path / "1767225600.csv.gz"
    data = gzip.compress(b"time,irq,cpu,count\n", mtime=0)
    assert len(data) > 30
    path.write_bytes(data[:position] + bytes([data[position] ^ 0xFF]) + data[position + 1 :])

    if position in (4, 5, 6, 7, 8, 9):  # its time, flags and system say nothing of the contents
        assert Files().read(path) == b"time,irq,cpu,count\n"
        return
    with pytest.raises(OSError, match="damaged gzip file") as caught:
        Files().read(path)

    assert caught.value.filename == str(path)


@pytest.mark.parametrize("length", [0, 5, 20])
def test_a_torn_packed_file_is_an_error_of_the_file(tmp_path: Path, length: int):
    path = tmp_path / "1767225600.csv.gz"
    path.write_bytes(gzip.compress(b"time,irq,cpu,count\n")[:length])

    with pytest.raises(OSError, match=r"1767225600\.csv\.gz"):
        Files().read(path)


def test_truncate_and_sync_reach_the_file(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"one\ntwo")

    Files().truncate(path, 4)
    Files().sync(path)
    Files().sync(tmp_path)

    assert path.read_bytes() == b"one\n"
