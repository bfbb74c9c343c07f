"""Files that a program writes into the system's folders, and takes back.

The same file in irqbalance and irq_server. The last line of such a file is a comment with the
digest of what stands above it::

    # written by "irqbalance install", 0123456789abcdef; "irqbalance uninstall" removes it

A file without that line, or with another digest, is somebody else's: it stays.
"""

import errno
import hashlib
import os
import tempfile
from collections.abc import Sequence
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
    """Write what is wanted below `root`, and take back the others; return what was done, in words.

    Raise OSError if that fails; before anything is written, if a file there is somebody else's.
    """
    packaged = [each for each in wanted if each.packaged and _has(root, each.packaged, each.text)]
    missing = [each for each in wanted if each not in packaged]
    for each in missing:
        if is_foreign(each, root, program) and not force:
            reason = f"{program} did not write it, or it was edited; --force overrides"
            raise FileExistsError(errno.EEXIST, reason, str(_below(root, each.path)))
    old = [each for each in (*packaged, *others) if not is_foreign(each, root, program)]
    done = [_take_back(each, root) for each in old]
    done += [_place(each, root, program) for each in missing]
    return [words for words in done if words]


def uninstall(
    known: Sequence[Piece], root: Path, program: str, force: bool
) -> tuple[list[str], list[str]]:
    """Remove what `install` wrote; return what was done, and what stays, in words.

    Raise OSError if that fails.
    """
    kept = [each for each in known if is_foreign(each, root, program) and not force]
    done = [_take_back(each, root) for each in known if each not in kept]
    reason = f"{program} did not write it, or it was edited"
    stays = [f"kept {_below(root, each.path)}: {reason}" for each in kept]
    return [words for words in done if words], stays


def is_foreign(piece: Piece, root: Path, program: str) -> bool:
    """Return whether something is there that the program did not write, or that was edited."""
    path = _below(root, piece.path)
    if not os.path.lexists(path):
        return False
    if piece.target:
        return not path.is_symlink() or Path(_target(path)).name != Path(piece.target).name
    if path.is_symlink() or not path.is_file():
        return True
    text = path.read_text(errors="replace")
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
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{program}-") as folder:
        new = Path(folder, path.name)
        if piece.target:
            new.symlink_to(piece.target)
        else:
            new.write_text(_signed(piece, program))
            new.chmod(0o644)
        new.replace(path)
    return f"linked {path} to {piece.target}" if piece.target else f"wrote {path}"


def _take_back(piece: Piece, root: Path) -> str:
    path = _below(root, piece.path)
    if not os.path.lexists(path):
        return ""
    path.unlink()
    return f"removed {path}"


def _below(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def _has(root: Path, path: str, text: str) -> bool:
    try:
        return _below(root, path).read_text() == text
    except (OSError, UnicodeError):
        return False


def _target(path: Path) -> str:
    return os.readlink(path)  # noqa: PTH115 - the text, not a path made of it
