"""The few ways in which the store touches files, in one place, so that a test can let them fail."""

import errno
import gzip
import os
import tempfile
import zlib
from pathlib import Path

from ...kernel import below


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
    """Files on a disk. Every method raises OSError as the system call does."""

    def append(self, path: Path, data: bytes, sync: bool) -> None:
        """Appends `data` by one write, all of it or none; `sync` waits for the disk."""
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
        finally:
            os.close(descriptor)

    def write(self, descriptor: int, data: bytes) -> None:
        """Writes all of `data` by one write(2); a short one is an error: that is how room ends."""
        written = os.write(descriptor, data)
        if written < len(data):
            room = f"{written} of {len(data)} bytes written"
            raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} ({room})")

    def replace(self, path: Path, data: bytes) -> None:
        """Puts `data` in the place of `path` at once: readers see the old or the new, whole."""
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
        """Replaces a closed file by its gzipped form, ``NAME.gz``, and gives that path."""
        packed = path.with_name(f"{path.name}.gz")
        self.replace(packed, gzip.compress(_bytes_of(path), 6, mtime=0))
        path.unlink()
        return packed

    def make_folder(self, path: Path) -> None:
        """Makes a folder, and those above it, where they are missing."""
        path.mkdir(parents=True, exist_ok=True)

    def remove(self, path: Path) -> None:
        """Removes a file, if it is there, and its folder, if nothing else is in it."""
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()

    def rename(self, path: Path, target: Path) -> None:
        """Gives a file another name."""
        path.rename(target)

    def sync(self, path: Path) -> None:
        """Waits until a file, or a folder's list of files, is on the disk."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def truncate(self, path: Path, length: int) -> None:
        """Cuts a file to `length` bytes."""
        descriptor = open_file(path, os.O_WRONLY, other_names=True)
        try:
            os.ftruncate(descriptor, length)
        finally:
            os.close(descriptor)

    def read(self, path: Path) -> bytes:
        """Gives the bytes of a file, unpacked if its name ends in ``.gz``."""
        data = _bytes_of(path)
        if path.suffix != ".gz":
            return data
        try:
            if not data:
                raise EOFError("it is empty")
            return gzip.decompress(data)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise OSError(errno.EIO, f"damaged gzip file: {error}", str(path)) from error


def _bytes_of(path: Path) -> bytes:
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        return file.read()


def size_of(folder: Path) -> int:
    """Gives the bytes of all files below `folder`; one that goes meanwhile counts nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(f"{parent}/{name}").st_size
            except FileNotFoundError:
                continue
    return total
