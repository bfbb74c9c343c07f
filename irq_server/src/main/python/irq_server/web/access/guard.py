"""Refuse requests before any route sees them, and limit what browsers may do with answers.

In this order: a request must name this server (400, 421); a write must not come from another
origin's page (403); a request must have a token if one is needed (401), which must allow a write
(403); a write is JSON (415). Another origin's page cannot send JSON, or an Authorization header,
without a question before (CORS preflight). Only the origins in the settings get an answer to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from flask import Flask, Request, Response, request

from ..problem import problem
from ..routes import OPEN_PATHS, STATIC
from .cors import Cors
from .hosts import Hosts, authority_of, host_of
from .tokens import Token

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""The headers of every answer."""

DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Scripts, styles and pictures come from this server alone, and never from a page's text."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_HEADER_CHARACTERS = 2000
"""The longest header that is parsed: the parser's time grows with the square of its length."""

_PARSED = ("Accept", "Accept-Encoding")
_CHALLENGE = 'Bearer realm="irq_server"'


@dataclass(frozen=True, slots=True)
class Rules:
    """The rights of requests.

    ``find_token`` returns a presented token, None if it is unknown. Without that function no
    request needs a token. With it every write does. With
    ``reads_need_token`` every read does, but those of OPEN_PATHS and of files below STATIC. Pages
    of ``cors_origins`` may ask, too.
    """

    hosts: Hosts
    find_token: Callable[[str], Token | None] | None = None
    reads_need_token: bool = False
    writes_allowed: bool = False
    cors_origins: frozenset[str] = frozenset()


def register(app: Flask, rules: Rules) -> None:
    """Make `app` keep the rules, and mark every answer for browsers."""
    cors = Cors(rules.cors_origins)
    guard = Guard(rules, cors)

    @app.before_request
    def check() -> Response | None:
        return guard.check(request)

    @app.after_request
    def mark(response: Response) -> Response:
        headers = response.headers
        headers.extend(HEADERS)
        if "Content-Security-Policy" not in headers:
            is_page = response.mimetype == "text/html"
            headers["Content-Security-Policy"] = PAGE_POLICY if is_page else DATA_POLICY
        cors.mark(request, response)
        return response


class Guard:
    """Decides on requests by the rules."""

    def __init__(self, rules: Rules, cors: Cors) -> None:
        self._rules = rules
        self._cors = cors
        self._refusal_of_host = lru_cache(maxsize=256)(self._look_at_host)

    def check(self, asked: Request) -> Response | None:
        """Return the answer to a refused request or a preflight; None for any other."""
        refusal = _check_lengths(asked) or self._check_host(asked)
        if refusal is not None:
            return refusal
        if self._cors.is_preflight(asked):
            return self._cors.answer()
        writes = asked.method not in _READING and asked.url_rule is not None
        if writes and self._is_from_elsewhere(asked):
            return problem(403, "a web page of another origin may not write here")
        return self._check_token(asked, writes) or (self._check_write(asked) if writes else None)

    def _check_host(self, asked: Request) -> Response | None:
        environ = asked.environ
        header = environ.get("HTTP_HOST", "")
        if not header and environ.get("SERVER_PROTOCOL") != "HTTP/1.0":
            return problem(400, "a request needs a Host header")
        authority = authority_of(environ.get("REQUEST_URI", ""))
        for each in filter(None, (header, authority)):
            refusal = self._refusal_of_host(each)
            if refusal is not None:
                return problem(*refusal)
        return None

    def _look_at_host(self, header: str) -> tuple[int, str] | None:
        """Return the status and the reason of a refusal, None for this server's host."""
        host = host_of(header)
        if host is None:
            return 400, f"a Host is a name or an address, and a port: {header[:100]!r}"
        if not self._rules.hosts.serves(host):
            return 421, (
                f"this server does not serve the host {host[:100]!r}; --allow-hosts names others"
            )
        return None

    def _is_from_elsewhere(self, asked: Request) -> bool:
        """Return whether a browser reports that another origin's page sends this.

        The scheme is not compared: a proxy in front may speak TLS. Source: Fetch Standard, Origin;
        Fetch Metadata Request Headers, Sec-Fetch-Site.
        """
        origin = asked.headers.get("Origin")
        if origin is not None and self._cors.allows(origin):
            return False
        if asked.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return True
        theirs = _bare_authority(authority_of(origin or "") or "")
        return origin is not None and (
            not theirs or theirs != _bare_authority(asked.headers.get("Host", ""))
        )

    def _check_token(self, asked: Request, writes: bool) -> Response | None:
        rules = self._rules
        is_open = asked.path in OPEN_PATHS or asked.path.startswith(STATIC)
        needed = writes or (rules.reads_need_token and not is_open)
        if rules.find_token is None or not needed:
            return None
        # not Request.authorization, which knows no bearer before Werkzeug 2.3
        scheme, _, presented = asked.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not presented.strip():
            return _unauthorized("a bearer token is needed: Authorization: Bearer TOKEN")
        token = rules.find_token(presented.strip())
        if token is None:
            return _unauthorized("the server does not know this token", ', error="invalid_token"')
        if writes and not token.may_write:
            return problem(403, "this token may read, not write")
        return None

    def _check_write(self, asked: Request) -> Response | None:
        if not self._rules.writes_allowed:
            return problem(403, "writes are not allowed here: the server runs without them")
        if asked.mimetype != "application/json":
            return problem(415, "a write is JSON: Content-Type: application/json")
        return None


def _check_lengths(asked: Request) -> Response | None:
    for name in _PARSED:
        length = len(asked.environ.get(f"HTTP_{name.upper().replace('-', '_')}", ""))
        if length > MAX_HEADER_CHARACTERS:
            most = f"expected at most {MAX_HEADER_CHARACTERS} characters, found {length}"
            return problem(400, f"{name}: {most}")
    return None


def _unauthorized(detail: str, error: str = "") -> Response:
    answer = problem(401, detail)
    answer.headers["WWW-Authenticate"] = f"{_CHALLENGE}{error}"
    return answer


def _bare_authority(authority: str) -> str:
    """Return host and port without a port that a scheme implies."""
    return authority.lower().removesuffix(":443").removesuffix(":80")
