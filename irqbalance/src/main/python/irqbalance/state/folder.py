"""The state directory: its files, whole or not at all, and the lock between runs.

Format: one JSON object per file, with the format's version and the boot that it belongs to::

    snapshot.json     {"version": 1, "boot": …, and the fields of last_run.py}
    prediction.json   the same
    undo.json         {"version": 1, "boot": …, and the fields of records.py}
    refusals.json     the same
    lock              empty; held by flock(2) while a run lasts

Guarantees: a file is replaced whole or not at all (written beside, synced, renamed). A run that is
killed leaves the old content or the new. The folder is made for its owner alone. No symbolic link
is followed. Content that is broken, of another boot or of another version is not used. Broken
content is reported.
Caveats: root refuses a folder that others may write to, or own, since its files decide what root
writes. Such a file is not used either: it may date from a time when the folder was open to others.
"""

import contextlib
import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import AtWorkError, FileError
from ..kernel.trust import why_mistrusted

VERSION = 1
SNAPSHOT, UNDO, REFUSALS, LOCK = "snapshot.json", "undo.json", "refusals.json", "lock"
PREDICTION = "prediction.json"

_LARGEST_BYTES = 256 * 2**20


def _refuse(word: str) -> None:
    """Raise ValueError for NaN and Infinity: Python takes them for JSON, but they are not."""
    raise ValueError(word)


class StateFolder:
    """The state directory of one machine, at one boot."""

    def __init__(self, path: Path, boot: str, system: ModuleType = os) -> None:
        self.path = path
        self.boot = boot
        self.problems: list[str] = []
        self.closed: Path | None = None
        """A file that this user may not read: root's run left it. None if there is none."""
        self._prepared = False
        self._system = system

    def prepare(self) -> None:
        """Make the folder, for its owner alone; raise FileError if it cannot be trusted."""
        try:
            if not self.path.is_symlink():
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.mkdir(mode=0o700, exist_ok=True)
            status = os.lstat(self.path)
        except OSError as error:
            raise FileError(self.path, error.strerror or str(error)) from error
        if not stat.S_ISDIR(status.st_mode):
            raise FileError(self.path, "the state directory must be a directory, not a link")
        self._refuse_untrusted(status)
        self._prepared = True

    def check(self) -> None:
        """Raise FileError if the folder exists and cannot be trusted, for a run that only reads."""
        try:
            status = os.lstat(self.path)
        except OSError:
            return
        if stat.S_ISDIR(status.st_mode):  # load() names any other
            self._refuse_untrusted(status)

    def _refuse_untrusted(self, status: os.stat_result) -> None:
        problem = why_mistrusted(status, os.geteuid())
        if problem:
            raise FileError(self.path, problem)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock; raise AtWorkError if another run holds it."""
        path = self.path / LOCK
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise FileError(path, error.strerror or str(error)) from error
        try:
            self._lock(fd, path)
            yield
        finally:
            os.close(fd)

    @staticmethod
    def _lock(fd: int, path: Path) -> None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AtWorkError(f"another run holds {path}") from error
        except OSError as error:
            raise FileError(path, error.strerror or str(error)) from error

    def load(self, name: str) -> dict[str, Any] | None:
        """Return the content of a file of this boot; None if there is none that can be used.

        A file that cannot be used is added to ``problems``, unless it is another boot's. A run that
        writes nothing may be an ordinary user's: a file that it may not read is ``closed``.
        """
        path = self.path / name
        try:
            text = self._read(path)
        except FileNotFoundError:
            return None
        except PermissionError as error:
            if self._prepared:
                self._distrust(path, error.strerror or str(error))
            self.closed = path
            return None
        except (OSError, ValueError) as error:
            self._distrust(path, getattr(error, "strerror", None) or str(error))
            return None
        try:
            content = json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            self._distrust(path, "it is not JSON")
            return None
        if not isinstance(content, dict) or content.get("version") != VERSION:
            self._distrust(path, f"it is not of version {VERSION} of its format")
            return None
        return content if content.get("boot") == self.boot else None

    def distrust(self, name: str) -> None:
        """Note that a file has other fields than its format."""
        self._distrust(self.path / name, "its fields are not those of its format")

    def save(self, name: str, content: Mapping[str, Any]) -> None:
        """Replace a file, whole or not at all; raise FileError."""
        path = self.path / name
        data = json.dumps({"version": VERSION, "boot": self.boot, **content}).encode()
        try:
            self._replace(path, data)
        except OSError as error:
            raise FileError(path, error.strerror or str(error)) from error

    def _distrust(self, path: Path, problem: str) -> None:
        """Note the problem. A run that may write renames the file, so that it is noted once."""
        if self._prepared:
            with contextlib.suppress(OSError):
                self._system.replace(path, f"{path}.broken")
                problem += ", so it is now named .broken"
        text = f"{path} is not used: {problem}"
        if text not in self.problems:
            self.problems.append(text)

    def _read(self, path: Path) -> str:
        if not stat.S_ISDIR(os.lstat(self.path).st_mode):
            raise OSError(0, "the state directory is not a directory")
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_BYTES:
                raise ValueError("it is not a file of a plausible size")
            problem = why_mistrusted(status, os.geteuid())
            if problem:
                raise ValueError(problem)
            return file.read().decode()

    def _replace(self, path: Path, data: bytes) -> None:
        system = self._system
        temporary = f"{path}.new"
        with contextlib.suppress(FileNotFoundError):
            system.unlink(temporary)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = system.open(temporary, flags, 0o600)
        try:
            try:
                while data:
                    data = data[system.write(fd, data) :]
                system.fsync(fd)
            finally:
                system.close(fd)
            system.replace(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                system.unlink(temporary)
            raise
        self._sync_folder()

    def _sync_folder(self) -> None:
        fd = self._system.open(str(self.path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._system.fsync(fd)
        finally:
            self._system.close(fd)
