"""An answer in its forms, JSON and CSV, and the ETag by which a client asks for it again.

The ETag of a window that is over is made before the work: of what the answer is made from, and not
of the answer. So a request that names it costs almost nothing.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from importlib import import_module
from typing import Any

from flask import Response, request

from .limits import check_bytes
from .parameters import FORMAT
from .problem import problem
from .query import Query
from .routes import CSV, JSON, Route

LIVE = "no-store"
FIXED = "private, no-cache"
"""For a window in the past: to keep, and to request again by its ETag."""

_COMPACT = (",", ":")
_ETAG_BYTES = 12


@dataclass(frozen=True, slots=True)
class Answer:
    """A route's answer in its forms; only the requested form is made."""

    json: Callable[[], dict[str, Any]]
    csv: Callable[[], Iterable[list[Any]]] | None = None


Sources = Callable[[Route, Query], object | None]
"""Return everything that an answer is made from beside its query; None if that is of now."""


def view(route: Route, answer: Callable[..., Answer], sources: Sources) -> Callable[..., Response]:
    """Return the function that Flask calls for `route`; `answer` takes the query."""

    def respond(**path: str) -> Response:
        query = Query(request.args.items(multi=True), route.known)
        form = _form(route, query)
        if form is None:
            return problem(406, f"this route answers {_types(route)}, and Accept takes neither")
        made_from = sources(route, query) if route.is_kept else None
        etag = None if made_from is None else _digest(request.path, form, query.pairs, made_from)
        if etag is not None and request.if_none_match.contains_weak(etag):
            response = Response(status=304, mimetype=CSV if form == "csv" else JSON)
        else:
            found = answer(query, **path)
            response = _csv(route, found) if form == "csv" else _json(found)
            check_bytes(response.content_length or 0, route.narrow)
        if etag is not None:
            response.set_etag(etag, weak=True)  # gzip may follow
        response.headers["Cache-Control"] = LIVE if etag is None else FIXED
        if route.columns:
            response.headers["Vary"] = "Accept"
        return response

    respond.__doc__ = f"{route.summary}."
    return respond


def _digest(*parts: object) -> str:
    return blake2b(repr(parts).encode(errors="replace"), digest_size=_ETAG_BYTES).hexdigest()


def _types(route: Route) -> str:
    return f"{JSON} or {CSV}" if route.columns else f"only {JSON}"


def _form(route: Route, query: Query) -> str | None:
    """Return ``json`` or ``csv``; None if the Accept header takes neither."""
    accepted = request.headers.get("Accept", "").strip()
    offers = [JSON, CSV] if route.columns else [JSON]
    best = request.accept_mimetypes.best_match(offers) if accepted else JSON
    form = query.one(FORMAT)
    if form is None and best is not None:
        return "csv" if best == CSV else "json"
    return form


def _fast_encoder() -> Callable[[object], bytes] | None:
    """Return orjson's encoder, which takes a tenth of the time; None if it is not installed."""
    try:
        encode: Callable[[object], bytes] = import_module("orjson").dumps
    except ImportError:
        return None
    return encode


_FAST = _fast_encoder()


def json_bytes(values: object, fast: Callable[[object], bytes] | None = _FAST) -> bytes:
    """Return values as JSON, compact. `fast` encodes them if it takes all that they hold."""
    if fast is not None:
        try:
            return fast(values)
        except TypeError:  # a number beyond 64 bits, a key that is no text, half a character
            pass
    return json.dumps(values, separators=_COMPACT).encode()


def _json(answer: Answer) -> Response:
    return Response(json_bytes(answer.json()) + b"\n", mimetype=JSON)


def _csv(route: Route, answer: Answer) -> Response:
    text = io.StringIO()
    if answer.csv is not None:
        csv.writer(text, lineterminator="\n").writerows([route.columns, *answer.csv()])
    return Response(text.getvalue(), mimetype=CSV)
