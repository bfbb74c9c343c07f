"""The client of a request that a trusted proxy passes on."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_LONGEST_ADDRESS = 45  # an IPv6 address with an IPv4 one in its end


class TrustedProxy:
    """A WSGI application that learns its clients' addresses from a trusted proxy.

    `proxy` is its address, or ``unix`` for any at a Unix socket. The last address in
    X-Forwarded-For is the one that the proxy saw; the client itself can write those before it. The
    header of any other sender is ignored, and so is what is no address: events and logs name it.
    """

    def __init__(self, app: Application, proxy: str) -> None:
        self._app = app
        self._proxy = proxy

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        if environ["REMOTE_ADDR"] == self._proxy:
            last = environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
            environ["REMOTE_ADDR"] = _address(last) or self._proxy
        return self._app(environ, start_response)


def _address(text: str) -> str:
    """Return an IP address in its usual form; ``""`` for any other text, also with a zone."""
    if len(text) > _LONGEST_ADDRESS or "%" in text:  # a zone may hold any text
        return ""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
