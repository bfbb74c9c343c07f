"""A link, a pipe or a second name in the place of a file: refused, without a wait or a change."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from irq_server.errors import StoreError
from irq_server.kernel import below
from irq_server.store.segments.files import Files, open_file
from irq_server.store.store import Store

SECRET = b"of another\n"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(SECRET)
    return path


WAYS: dict[str, Callable[[Path], object]] = {
    "append": lambda path: Files().append(path, b"x", sync=True),
    "read": lambda path: Files().read(path),
    "truncate": lambda path: Files().truncate(path, 1),
    "compress": lambda path: Files().compress(path),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_link_is_not_followed(tmp_path: Path, secret: Path, way: str):
    link = tmp_path / "link"
    link.symlink_to(secret)

    with pytest.raises(OSError, match="it is a symbolic link") as caught:
        WAYS[way](link)

    assert caught.value.filename == str(link)
    assert secret.read_bytes() == SECRET


def test_a_link_to_nothing_makes_no_file(tmp_path: Path):
    (tmp_path / "link").symlink_to(tmp_path / "made")

    with pytest.raises(OSError, match="it is a symbolic link"):
        Files().append(tmp_path / "link", b"x", sync=False)

    assert not (tmp_path / "made").exists()


def test_a_link_that_comes_just_before_a_file_is_made_is_not_followed(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "file"
    look = below.open_regular

    def look_too_early(*asked: Any, **named: Any) -> int:
        try:
            return look(*asked, **named)
        except FileNotFoundError:
            path.symlink_to(secret)
            raise

    monkeypatch.setattr(below, "open_regular", look_too_early)
    with pytest.raises(OSError, match="it is a symbolic link"):
        Files().append(path, b"x", sync=False)

    assert secret.read_bytes() == SECRET


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("way", WAYS)
def test_a_pipe_is_refused_without_a_wait(tmp_path: Path, way: str):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(OSError, match="it is not a regular file"):
        WAYS[way](tmp_path / "pipe")


def test_a_file_with_another_name_is_not_opened_to_be_written(tmp_path: Path, secret: Path):
    (tmp_path / "other").hardlink_to(secret)

    with pytest.raises(OSError, match="another name"):
        open_file(tmp_path / "other", os.O_WRONLY)


def test_a_backup_by_hard_links_stops_no_write(tmp_path: Path):
    (tmp_path / "segment").write_bytes(b"1")
    (tmp_path / "backup").hardlink_to(tmp_path / "segment")

    Files().append(tmp_path / "segment", b"2", sync=False)

    assert (tmp_path / "segment").read_bytes() == b"12"


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("name", ["lock", "irqs.csv", "events.csv"])
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_store_with_something_else_in_the_place_of_a_file_is_not_opened(
    tmp_path: Path, secret: Path, name: str, kind: str
):
    folder = tmp_path / "data"
    folder.mkdir()
    if kind == "link":
        (folder / name).symlink_to(secret)
    else:
        os.mkfifo(folder / name)

    with pytest.raises(StoreError, match=r"it is (a symbolic link|not a regular file)") as caught:
        Store(folder)

    assert caught.value.path == folder / name
    assert secret.read_bytes() == SECRET
