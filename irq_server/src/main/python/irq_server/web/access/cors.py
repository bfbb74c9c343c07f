"""Requests from pages of other origins (CORS): allowed for exactly the named origins.

Own code, as flask-cors takes an origin with brackets (``http://[::1]:3000``) for a pattern, and
sends ``Vary: Origin`` only if the settings name several origins.
Source: Fetch Standard, CORS protocol.
"""

from flask import Request, Response

_METHODS = "GET, HEAD, PUT"
_REQUEST_HEADERS = "Authorization, Content-Type, If-None-Match"
_EXPOSED_HEADERS = "ETag, Retry-After, WWW-Authenticate"
_SECONDS = "600"


class Cors:
    """The rights of other `origins`, in browsers' form: ``https://host:port``, small letters."""

    def __init__(self, origins: frozenset[str]) -> None:
        self._origins = origins

    def allows(self, origin: str) -> bool:
        """Return whether pages of `origin` may ask."""
        return origin in self._origins

    def is_preflight(self, asked: Request) -> bool:
        """Return whether this is a browser's question before a request of an allowed page."""
        return (
            asked.method == "OPTIONS"
            and "Access-Control-Request-Method" in asked.headers
            and self.allows(asked.headers.get("Origin", ""))
        )

    def answer(self) -> Response:
        """Return the answer to a preflight; mark() names the origin in it."""
        answer = Response(status=204)
        answer.headers["Access-Control-Allow-Methods"] = _METHODS
        answer.headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
        answer.headers["Access-Control-Max-Age"] = _SECONDS
        return answer

    def mark(self, asked: Request, response: Response) -> None:
        """Let the requesting page read the answer, if it may."""
        if not self._origins:
            return
        response.vary.add("Origin")
        origin = asked.headers.get("Origin", "")
        if self.allows(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
