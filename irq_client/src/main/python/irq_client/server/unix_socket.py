"""HTTP over a Unix socket, for a server named ``unix:/run/irq_server/socket``.

The URL of a request is the server's, then the route: ``unix:/run/irq_server/socket/api/v1/cpus``.
"""

import socket
from collections.abc import Mapping
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

SCHEME = "unix:"

_HOST = "localhost"
"""The Host header: a socket's file has no host."""


class _Connection(HTTPConnection):
    """A connection to the socket at a path."""

    def __init__(self, *arguments: Any, socket_path: str, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._socket_path = socket_path

    def connect(self) -> None:
        """Connect. Raise OSError."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._socket_path)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class UnixAdapter(HTTPAdapter):
    """Sends requests through one socket; `server` is ``unix:`` and an absolute path."""

    def __init__(self, server: str) -> None:
        super().__init__()
        self._path = server.removeprefix(SCHEME)
        self._pool = _Pool(_HOST, socket_path=self._path)

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        """Return the socket's connections, for any URL."""
        return self._pool

    get_connection = get_connection_with_tls_context
    """The name of this method in requests before 2.32."""

    def request_url(self, request: PreparedRequest, proxies: Mapping[str, str] | None) -> str:  # noqa: ARG002 - requests passes it
        """Return the path and query of a request, without the socket's path."""
        return request.path_url.removeprefix(self._path)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()
        super().close()
