"""All that the store does to files, in one place, so that a test can make it fail."""

import errno
import gzip
import io
import os
import tempfile
import zlib
from pathlib import Path

from ...kernel import below
from .packed import MAX_UNPACKED_BYTES, pack


def open_file(path: Path, flags: int, other_names: bool = False) -> int:
    """Return a descriptor of the regular file at `path`; with O_CREAT it may be missing.

    A symbolic link there, or a file of another kind, is an error and never waits: somebody else
    may have put it there for a program of root's. So is another name (a hard link) of a file to be
    written, unless there may be `other_names`: a backup makes them in a data directory, where
    nobody else may. Raise OSError with the path.
    """
    folder = below.open_folder(path.parent)
    try:
        while True:
            try:
                known = flags & ~os.O_CREAT
                return below.open_regular(path.name, known, folder, other_names=other_names)
            except FileNotFoundError:
                if not flags & os.O_CREAT:
                    raise
            try:
                new = flags | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                return os.open(path.name, new, 0o644, dir_fd=folder)
            except FileExistsError:  # another process was faster
                continue
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(folder)


class Files:
    """Files on a disk. Every method may raise OSError."""

    def append(self, path: Path, data: bytes, sync: bool) -> int:
        """Append `data` by one write, all of it or none; return the offset where it begins.

        With `sync`, wait for the disk.
        """
        descriptor = open_file(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, other_names=True)
        try:
            size = os.fstat(descriptor).st_size
            try:
                self.write(descriptor, data)
                if sync:
                    os.fdatasync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                if not size:
                    path.unlink(missing_ok=True)
                raise
            return size
        finally:
            os.close(descriptor)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of `data` by one write(2); a short one is an error: the disk is full."""
        written = os.write(descriptor, data)
        if written < len(data):
            room = f"{written} of {len(data)} bytes written"
            raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} ({room})")

    def replace(self, path: Path, data: bytes) -> None:
        """Replace `path` by `data` at once: readers see the old or the new bytes, whole."""
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            try:
                self.write(descriptor, data)
                os.fchmod(descriptor, 0o644)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def compress(self, path: Path) -> Path:
        """Replace a closed file by its packed form, ``NAME.gz``; return that path."""
        packed = path.with_name(f"{path.name}.gz")
        self.replace(packed, pack(self.read_part(path)))
        path.unlink()
        return packed

    def make_folder(self, path: Path) -> None:
        """Make a folder, and those above it, if they are missing."""
        path.mkdir(parents=True, exist_ok=True)

    def remove(self, path: Path) -> None:
        """Remove a segment, if it is there, and the folders of its day and tier if left empty."""
        path.unlink(missing_ok=True)
        for folder in path.parents[:2]:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def rename(self, path: Path, target: Path) -> None:
        """Rename a file."""
        path.rename(target)

    def sync(self, path: Path) -> None:
        """Wait until a file, or a folder's list of files, is on the disk."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def size(self, path: Path) -> int | None:
        """Return the bytes of a file; None if it cannot be looked at."""
        try:
            return path.stat().st_size
        except OSError:
            return None

    def truncate(self, path: Path, length: int) -> None:
        """Cut a file to `length` bytes."""
        descriptor = open_file(path, os.O_WRONLY, other_names=True)
        try:
            os.ftruncate(descriptor, length)
        finally:
            os.close(descriptor)

    def read(self, path: Path) -> bytes:
        """Return the bytes of a file, unpacked if its name ends in ``.gz``."""
        data = self.read_part(path)
        if path.suffix != ".gz":
            return data
        try:
            with gzip.open(io.BytesIO(data)) as file:
                unpacked = file.read(MAX_UNPACKED_BYTES + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise OSError(errno.EIO, f"damaged gzip file: {error}", str(path)) from error
        if not 0 < len(unpacked) <= MAX_UNPACKED_BYTES:
            raise OSError(errno.EIO, "it unpacks to none or too many bytes", str(path))
        return unpacked

    def read_part(self, path: Path, start: int = 0, end: int | None = None) -> bytes:
        """Return the bytes of a file, as they are there, from `start` to `end` or to the last."""
        with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
            file.seek(start)
            return file.read(-1 if end is None else max(end - start, 0))


def size_of(folder: Path) -> int:
    """Return the bytes of all files below `folder`; one that goes meanwhile counts nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(f"{parent}/{name}").st_size
            except FileNotFoundError:
                continue
    return total
