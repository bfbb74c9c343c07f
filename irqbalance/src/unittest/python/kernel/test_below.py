"""Files below a root that another user owns: no link is followed, nothing is waited for."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from irqbalance.kernel.below import open_folder, open_regular, read_below

LARGEST = 1000


pytestmark = pytest.mark.usefixtures("in_time")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a tree with the file a/b/file, and one outside it with the same names."""
    for tree in ("tree", "outside"):
        (tmp_path / tree / "a/b").mkdir(parents=True)
        (tmp_path / tree / "a/b/file").write_text(tree)
    return tmp_path / "tree"


def as_link(path: Path) -> None:
    """Put a link to the same path outside in the place of a file or folder."""
    path.rename(path.with_name("moved"))
    path.symlink_to(Path(str(path).replace("/tree", "/outside")))


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def refused(call: Callable[[], object]) -> int | None:
    """Return the errno of a call that must fail, and that must leave nothing open."""
    before = open_files()
    with pytest.raises(OSError, match=r"\w") as caught:
        call()
    assert open_files() == before
    return caught.value.errno


def test_a_file_is_read_through_folders_and_closed(root: Path):
    before = open_files()

    assert read_below(root, "a/b/file", LARGEST) == b"tree"
    assert open_files() == before


@pytest.mark.usefixtures("root")
def test_the_root_itself_may_be_a_link_and_be_reached_through_one(tmp_path: Path):
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "to-tree").symlink_to("link/tree")

    assert read_below(tmp_path / "to-tree", "a/b/file", LARGEST) == b"tree"


@pytest.mark.parametrize("component", ["a", "a/b", "a/b/file"])
def test_no_component_below_the_root_may_be_a_link(root: Path, component: str):
    as_link(root / component)

    assert refused(lambda: read_below(root, "a/b/file", LARGEST)) == errno.ELOOP


@pytest.mark.parametrize("component", ["a", "a/b"])
def test_a_link_within_the_tree_is_a_link_too(root: Path, component: str):
    (root / component).rename(root / "elsewhere")
    (root / component).symlink_to(root / "elsewhere")

    assert refused(lambda: read_below(root, "a/b/file", LARGEST)) == errno.ELOOP


@pytest.mark.parametrize("name", ["..", ".", "", "b\0"])
def test_a_name_that_leads_elsewhere_is_refused(root: Path, name: str):
    assert refused(lambda: open_folder(root, "a", name)) == errno.EINVAL
    assert refused(lambda: read_below(root, f"a/{name}/file", LARGEST)) == errno.EINVAL
    assert refused(lambda: read_below(root, f"a/b/{name}", LARGEST)) == errno.EINVAL


def test_a_file_in_the_place_of_a_folder_is_no_folder(root: Path):
    assert refused(lambda: read_below(root, "a/b/file/x", LARGEST)) == errno.ENOTDIR


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    path.mkdir()


def a_device(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY])
@pytest.mark.parametrize(
    ("make", "number"),
    [(a_pipe, errno.ENXIO), (a_folder, errno.ENXIO), (a_device, errno.ELOOP)],
)
def test_what_is_no_regular_file_is_neither_opened_nor_waited_for(
    root: Path, flags: int, make: Callable[[Path], None], number: int
):
    (root / "a/b/file").unlink()
    make(root / "a/b/file")
    folder = open_folder(root, "a", "b")

    def fail(*_arguments: object, **_more: object) -> int:
        pytest.fail("opened")

    assert refused(lambda: open_regular("file", flags, folder, fail)) == number
    os.close(folder)


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY])
@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_a_file_that_is_exchanged_while_it_is_opened_is_refused(root: Path, flags: int, kind: str):
    folder = open_folder(root, "a", "b")
    reader: list[int] = []

    def exchange(name: str, flags: int, dir_fd: int) -> int:
        (root / "a/b/file").unlink()
        if kind == "pipe":
            os.mkfifo(root / "a/b/file")
            reader.append(os.open(root / "a/b/file", os.O_RDWR))
        else:
            (root / "a/b/file").symlink_to(root.parent / "outside/a/b/file")
        return os.open(name, flags, dir_fd=dir_fd)

    with pytest.raises(OSError, match=r"\w") as caught:
        open_regular("file", flags, folder, exchange)

    assert caught.value.errno == (errno.ENXIO if kind == "pipe" else errno.ELOOP)
    for each in (folder, *reader):
        os.close(each)


def test_a_file_with_a_second_name_is_read_and_not_written(root: Path):
    (root / "other").hardlink_to(root / "a/b/file")
    folder = open_folder(root, "a", "b")

    os.close(open_regular("file", os.O_RDONLY, folder))
    assert refused(lambda: open_regular("file", os.O_WRONLY, folder)) == errno.EMLINK
    os.close(folder)


def test_a_folder_that_is_exchanged_meanwhile_does_not_lead_outside(root: Path):
    folder = open_folder(root, "a", "b")
    as_link(root / "a")

    fd = open_regular("file", os.O_RDONLY, folder)

    assert os.read(fd, 10) == b"tree"
    os.close(fd)
    os.close(folder)


@pytest.mark.parametrize(("size", "fits"), [(LARGEST, True), (LARGEST + 1, False)])
def test_no_more_than_the_largest_size_is_read(root: Path, size: int, fits: bool):
    (root / "a/b/file").write_bytes(b"x" * size)

    if fits:
        assert len(read_below(root, "a/b/file", LARGEST)) == size
    else:
        assert refused(lambda: read_below(root, "a/b/file", LARGEST)) == errno.EFBIG


def test_what_is_not_there_is_not_made(root: Path):
    folder = open_folder(root, "a")

    assert refused(lambda: open_regular("new", os.O_WRONLY | os.O_CREAT, folder)) == errno.ENOENT
    assert refused(lambda: open_folder(root, "a", "c")) == errno.ENOENT
    assert not (root / "a/new").exists()
    os.close(folder)
