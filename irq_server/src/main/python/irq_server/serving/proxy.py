"""Whom a request is from, where a proxy passes it on: only a trusted one is believed."""

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class TrustedProxy:
    """A WSGI application whose requests are from whom the trusted proxy says.

    The last address in X-Forwarded-For is the one that the proxy itself saw; those before it are
    the client's own words. From anybody else the header says nothing.
    """

    def __init__(self, app: Application, proxy: str) -> None:
        self._app = app
        self._believing = ProxyFix(app, x_for=1, x_proto=0, x_host=0)
        self._proxy = proxy

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        trusted = environ["REMOTE_ADDR"] == self._proxy
        app = self._believing if trusted else self._app
        return app(environ, start_response)
