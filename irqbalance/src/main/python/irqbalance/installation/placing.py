"""Files that a program writes into the system's folders, and takes back.

The same file in irqbalance and irq_server. The last line of such a file is a comment with the
digest of what stands above it::

    # written by "irqbalance install", 0123456789abcdef; "irqbalance uninstall" removes it

A file without that line, or with another digest, is somebody else's: it stays.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable
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


def signed(piece: Piece, program: str) -> str:
    """Return the text of a piece with its last line."""
    digest = hashlib.sha256(piece.text.encode()).hexdigest()[:16]
    removes = f'"{program} uninstall" removes it'
    return f'{piece.text}{piece.comment} written by "{program} install", {digest}; {removes}\n'


def is_foreign(piece: Piece, root: Path, program: str) -> bool:
    """Return whether something is there that the program did not write, or that was edited."""
    path = _below(root, piece.path)
    if not os.path.lexists(path):
        return False
    if piece.target:
        return not path.is_symlink() or Path(_target(path)).name != Path(piece.target).name
    if path.is_symlink() or not path.is_file():
        return True
    lines = path.read_text(errors="replace").splitlines(keepends=True)
    own = piece._replace(text="".join(lines[:-1]))
    return "".join(lines) != signed(own, program)


def place(piece: Piece, root: Path, program: str) -> str:
    """Write a piece below `root`; return what was done, ``""`` if nothing had to be.

    Raise OSError if that fails. A file is written aside and renamed, so that it is whole.
    """
    path = _below(root, piece.path)
    if piece.packaged and _has(_below(root, piece.packaged), piece.text):
        return ""
    if piece.target:
        if path.is_symlink() and _target(path) == piece.target:
            return ""
    elif not path.is_symlink() and _has(path, signed(piece, program)):
        return ""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{program}-") as folder:
        new = Path(folder, path.name)
        if piece.target:
            new.symlink_to(piece.target)
        else:
            new.write_text(signed(piece, program))
            new.chmod(0o644)
        new.replace(path)
    return f"linked {path} to {piece.target}" if piece.target else f"wrote {path}"


def take_back(piece: Piece, root: Path) -> str:
    """Remove a piece below `root`; return what was done, ``""`` if it is not there.

    Raise OSError if that fails.
    """
    path = _below(root, piece.path)
    if not os.path.lexists(path):
        return ""
    path.unlink()
    return f"removed {path}"


def foreign(pieces: Iterable[Piece], root: Path, program: str) -> list[Path]:
    """Return the paths below `root` where something is that the program did not write."""
    return [_below(root, each.path) for each in pieces if is_foreign(each, root, program)]


def _below(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def _has(path: Path, text: str) -> bool:
    try:
        return path.read_text() == text
    except (OSError, UnicodeError):
        return False


def _target(path: Path) -> str:
    return os.readlink(path)  # noqa: PTH115 - the text, not a path made of it
