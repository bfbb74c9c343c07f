"""The client of a request that a trusted proxy passes on."""

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class TrustedProxy:
    """A WSGI application that learns its clients' addresses from a trusted proxy.

    `proxy` is its address, or ``unix`` for any at a Unix socket. The last address in
    X-Forwarded-For is the one that the proxy saw; the client itself can write those before it. The
    header of any other sender is ignored.
    """

    def __init__(self, app: Application, proxy: str) -> None:
        self._app = app
        self._behind_proxy = ProxyFix(app, x_for=1, x_proto=0, x_host=0)
        self._proxy = proxy

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        trusted = environ["REMOTE_ADDR"] == self._proxy
        app = self._behind_proxy if trusted else self._app
        return app(environ, start_response)
