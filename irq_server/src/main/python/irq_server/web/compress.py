"""gzip for large answers.

Own code, as Flask-Compress brings compiled packages for encodings that nobody uses here.
Source: RFC 9110, 8.4.1.3 and 12.5.3.
"""

import gzip

from flask import Flask, Request, Response, request

MIN_BYTES = 1400
"""A smaller answer fits into one packet anyway."""

LEVEL = 4

_MEDIA = frozenset(
    {
        "application/json",
        "application/openmetrics-text",
        "application/problem+json",
        "image/svg+xml",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
        "text/plain",
    }
)


def register(app: Flask) -> None:
    """Make `app` compress its large answers for clients that take gzip."""

    @app.after_request
    def compress(response: Response) -> Response:
        if response.mimetype not in _MEDIA or response.status_code == 204:
            return response
        varies = response.headers.get("Vary")
        response.headers["Vary"] = f"{varies}, Accept-Encoding" if varies else "Accept-Encoding"
        if _is_worth_it(request, response):
            response.direct_passthrough = False
            response.set_data(gzip.compress(response.get_data(), LEVEL, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
            tag, is_weak = response.get_etag()
            if tag is not None and not is_weak:
                response.set_etag(tag, weak=True)  # other bytes, the same answer
        return response


def _is_worth_it(asked: Request, response: Response) -> bool:
    length = response.content_length
    if response.status_code != 200 or length is None or length < MIN_BYTES:
        return False
    return asked.accept_encodings["gzip"] > 0 and "Content-Encoding" not in response.headers
