"""The socket that the server listens on: an address and port, or a Unix socket's path."""

import errno
import os
import socket
import stat
from pathlib import Path

from ..errors import ListenError

_PROBE_SECONDS = 1.0


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to the first address of `host`. Raise ListenError."""
    address = f"{host}:{port}"
    bound: socket.socket | None = None
    try:
        family, kind, protocol, _, sockaddr = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(sockaddr)
    except OSError as error:
        if bound is not None:
            bound.close()
        raise ListenError(address, error.strerror or str(error)) from error
    return bound


def listen_at_path(path: Path, mode: int) -> socket.socket:
    """Return a Unix socket bound to `path`; its `mode` decides who may connect.

    It replaces a socket without a listener, and nothing else. Closing the socket removes the path.
    Raise ListenError.
    """
    try:
        _remove_stale(path)
        return _UnixSocket(path, mode)
    except OSError as error:
        raise ListenError(str(path), error.strerror or str(error)) from error


def url_of(bound: socket.socket) -> str:
    """Return the URL of a bound socket, ``unix:PATH`` for a Unix socket."""
    if bound.family == socket.AF_UNIX:
        return f"unix:{bound.getsockname()}"
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _UnixSocket(socket.socket):
    """A bound Unix socket that removes its path at close()."""

    def __init__(self, path: Path, mode: int) -> None:
        """Bind it, with its mode from the start. Raise OSError."""
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self._path = path
        self._made: tuple[int, int] | None = None
        before = os.umask(0o777 & ~mode)
        try:
            self.bind(str(path))
        except OSError:
            self.close()
            raise
        finally:
            os.umask(before)
        status = path.lstat()
        self._made = status.st_dev, status.st_ino

    def close(self) -> None:
        """Close the socket; remove the path, unless another server has taken it meanwhile."""
        made, self._made = self._made, None
        super().close()
        try:
            status = self._path.lstat()
            if made == (status.st_dev, status.st_ino):
                self._path.unlink()
        except OSError:
            pass  # it is gone, or the folder allows no change: the next start replaces it


def _remove_stale(path: Path) -> None:
    """Remove a socket without a listener. Raise OSError for anything else."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise OSError(errno.EEXIST, "it exists and is no socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except TimeoutError:
            pass  # somebody listens, and is busy
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
