"""A web service on 127.0.0.1 that answers whatever bytes a test wants, well or badly."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit


class Request(NamedTuple):
    """What the service was asked."""

    method: str
    path: str
    """Decoded, without the query."""
    query: list[tuple[str, str]]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    target: str
    """Path and query as they came."""


Answerer = Callable[["WebService", Request], bytes | Iterable[bytes]]


class WebService:
    """Answers every connection once, by `answer`, and closes it; ends with its `with` block."""

    def __init__(
        self, answer: Answerer, tls: ssl.SSLContext | None = None, path: Path | None = None
    ) -> None:
        self.requests: list[Request] = []
        self.stopping = threading.Event()
        self._answer = answer
        self._tls = tls
        self._threads: list[threading.Thread] = []
        if path is not None:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(path))
            self._listener.listen()
            self.url = f"unix:{path}"
            return
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "WebService":
        """Start it."""
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it, and waits for what it has begun."""
        self.stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(10)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            request = _read_request(connection)
            self.requests.append(request)
            answer = self._answer(self, request)
            for piece in [answer] if isinstance(answer, bytes) else answer:
                connection.sendall(piece)
        except OSError:
            pass  # the client has had enough; what it makes of that is what the test looks at
        finally:
            connection.close()


def _read_request(connection: socket.socket) -> Request:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := connection.recv(65_536)):
            raise ConnectionError("no request came")
        data += piece
        if not data[:1].isalpha():  # TLS comes where HTTP is spoken
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            raise ConnectionError("that is not HTTP")
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65_536)
    parts = urlsplit(target)
    return Request(method, unquote(parts.path), parse_qsl(parts.query), headers, body, target)


def reply(
    body: bytes, *, status: int = 200, kind: str = "application/json", more: str = ""
) -> bytes:
    """Return the bytes of a well-formed answer; `more` holds further header lines."""
    head = (
        f"HTTP/1.1 {status} Whatever\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
    )
    return head.encode("latin-1") + body


def json_reply(value: object) -> bytes:
    """Return an answer that holds a value as JSON."""
    return reply(json.dumps(value).encode())


def problem(status: int, detail: str, title: str = "A title") -> bytes:
    """Return an answer as RFC 9457 wants an error."""
    body = json.dumps({"title": title, "status": status, "detail": detail}).encode()
    return reply(body, status=status, kind="application/problem+json")
