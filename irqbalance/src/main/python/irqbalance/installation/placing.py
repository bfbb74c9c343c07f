"""Files that a program writes into the system's folders, and removes.

The same file in irqbalance and irq_server. The last line of such a file is a comment with the
digest of what stands above it::

    # written by "irqbalance install", 0123456789abcdef; "irqbalance uninstall" removes it

A file without that line, or with another digest, is somebody else's: it stays. Nothing outside
the root is touched, whatever links an image has.
"""

import errno
import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class Piece(NamedTuple):
    """A file of the system: its full path, its text and how its comments begin; or a link.

    ``packaged`` is where a package has the same file; if it is there, nothing is written.
    """

    path: str
    text: str = ""
    packaged: str = ""
    comment: str = "#"
    target: str = ""


def install(
    wanted: Sequence[Piece], others: Sequence[Piece], root: Path, program: str, force: bool
) -> list[str]:
    """Write the wanted files below `root`, remove the others, and return a sentence on each.

    Raise OSError if that fails; before anything is written, if a file there is somebody else's. One
    of the others that is somebody else's stays, with a sentence.
    """
    packaged = [each for each in wanted if each.packaged and _has(root, each.packaged, each.text)]
    missing = [each for each in wanted if each not in packaged]
    for each in missing:
        if not _may_replace(each, root, program, force):
            path = _below(root, each.path)
            if path.is_dir() and not path.is_symlink():
                raise IsADirectoryError(
                    errno.EISDIR, "a folder is in the place of a file", str(path)
                )
            reason = f"{_others(program)}; --force overrides"
            raise FileExistsError(errno.EEXIST, reason, str(path))
    old = _parted((*packaged, *others), root, program, force)
    done = [_place(each, root, program) for each in missing]
    done += [_take_back(each, root, program) for each in old.ours]  # last: a failure leaves the old
    return [words for words in (*done, *old.kept) if words]


def uninstall(
    known: Sequence[Piece], root: Path, program: str, force: bool
) -> tuple[list[str], list[str]]:
    """Remove what `install` wrote; return a sentence on each removed file, and on each that stays.

    Raise OSError if that fails.
    """
    ours, kept = _parted(known, root, program, force)
    done = [_take_back(each, root, program) for each in ours]
    return [words for words in done if words], kept


class _Parted(NamedTuple):
    """The files that may go, and for each of the others a sentence that it stays."""

    ours: list[Piece]
    kept: list[str]


def _parted(known: Sequence[Piece], root: Path, program: str, force: bool) -> _Parted:
    ours = [each for each in known if _may_replace(each, root, program, force)]
    kept = [_below(root, each.path) for each in known if each not in ours]
    return _Parted(ours, [f"kept {path}: {_others(program)}" for path in kept])


def _others(program: str) -> str:
    return f"{program} did not write it, or it was edited"


def _may_replace(piece: Piece, root: Path, program: str, force: bool) -> bool:
    """Return whether a file may be overwritten or removed. A folder never may."""
    path = _below(root, piece.path)
    is_folder = path.is_dir() and not path.is_symlink()
    return (force and not is_folder) or not is_foreign(piece, root, program)


def is_foreign(piece: Piece, root: Path, program: str) -> bool:
    """Return whether something is there that the program did not write, or that was edited."""
    path = _below(root, piece.path)
    if not os.path.lexists(path):
        return False
    if piece.target:
        return not path.is_symlink() or Path(_target(path)).name != Path(piece.target).name
    if path.is_symlink() or not path.is_file():
        return True
    text = path.read_text("utf-8", errors="replace")
    above = "".join(text.splitlines(keepends=True)[:-1])
    return text != _signed(piece._replace(text=above), program)


def _signed(piece: Piece, program: str) -> str:
    digest = hashlib.sha256(piece.text.encode()).hexdigest()[:16]
    removes = f'"{program} uninstall" removes it'
    return f'{piece.text}{piece.comment} written by "{program} install", {digest}; {removes}\n'


def _place(piece: Piece, root: Path, program: str) -> str:
    """Write a file or a link aside and rename it, so that it is whole; return what was done."""
    path = _below(root, piece.path)
    if path.is_symlink():
        is_there = _target(path) == piece.target
    else:
        is_there = not piece.target and _has(root, piece.path, _signed(piece, program))
    if is_there:
        return ""
    new = _aside(path, program)
    try:
        _make_folders(path.parent)
        new.unlink(missing_ok=True)  # of an install that was killed
        if piece.target:
            new.symlink_to(piece.target)
        else:
            with new.open("x", encoding="utf-8") as file:
                file.write(_signed(piece, program))
            new.chmod(0o644)
        new.replace(path)
    except OSError as error:  # a full disk names no file
        with suppress(OSError):
            new.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from error
    return f"linked {path} to {piece.target}" if piece.target else f"wrote {path}"


def _aside(path: Path, program: str) -> Path:
    """Return the name of the file while it is written. cron, systemd and udev do not read it."""
    return path.with_name(f".{path.name}.{program}")


def _make_folders(folder: Path) -> None:
    """Make a folder and those above it, open to all whatever the umask is."""
    if not folder.is_dir():
        _make_folders(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)


def _take_back(piece: Piece, root: Path, program: str) -> str:
    path = _below(root, piece.path)
    aside = _aside(path, program)  # an install that was killed left it
    if os.path.lexists(aside):
        aside.unlink()
    if not os.path.lexists(path):
        return ""
    path.unlink()
    return f"removed {path}"


def _below(root: Path, path: str) -> Path:
    """Return the place of a file below the root.

    Raise OSError if a link on the way to it leads out of the root.
    """
    place = root / path.lstrip("/")
    parent = os.path.realpath(place.parent)
    if not Path(parent).is_relative_to(os.path.realpath(root)):
        raise OSError(
            errno.EXDEV, f"a link on the way leads out of the root, to {parent}", str(place)
        )
    return place


def _has(root: Path, path: str, text: str) -> bool:
    try:
        place = _below(root, path)
        return place.is_file() and place.read_text("utf-8") == text
    except (OSError, UnicodeError):
        return False


def _target(path: Path) -> str:
    return os.readlink(path)  # noqa: PTH115 - the text, not a path made of it
