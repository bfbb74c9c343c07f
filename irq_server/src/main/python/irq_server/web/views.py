"""From a request to an answer, for every route of the table alike: parameters, form, caching."""

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from .limits import check_bytes
from .parameters import REPEATABLE
from .problem import problem
from .query import Query, parse_format
from .routes import CSV, JSON, Route

LIVE = "no-store"
FIXED = "private, no-cache"
"""A window that is over: to be kept, and asked for again by its ETag."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers, in the forms that it has; made only when it is asked for in that form.

    ``is_fixed`` is whether the same request may find the same answer at any later moment.
    """

    json: Callable[[], dict[str, Any]]
    csv: Callable[[], Iterable[list[Any]]] | None = None
    is_fixed: bool = False


def view(route: Route, answer: Callable[..., Answer]) -> Callable[..., Response]:
    """Gives the function that Flask calls for `route`; `answer` is given the parameters."""

    def respond(**path: str) -> Response:
        parameters = Query(request.args.items(multi=True), route.known, REPEATABLE)
        form = _form(route, parameters)
        if form is None:
            return problem(406, f"this route answers {_types(route)}, and Accept takes neither")
        found = answer(parameters, **path)
        response = _csv(found) if form == "csv" else _json(found)
        check_bytes(response.content_length or 0, route.narrow)
        response.headers["Cache-Control"] = FIXED if found.is_fixed else LIVE
        if route.columns:
            response.headers["Vary"] = "Accept"
        if found.is_fixed:
            response.add_etag(weak=True)  # gzip, if it is asked for, comes later
            response.make_conditional(request)
        return response

    respond.__doc__ = f"{route.summary}."
    return respond


def _types(route: Route) -> str:
    return f"{JSON} or {CSV}" if route.columns else f"only {JSON}"


def _form(route: Route, parameters: Query) -> str | None:
    """Gives ``json`` or ``csv``; None where the Accept header takes nothing that there is."""
    accepted = request.headers.get("Accept", "").strip()
    offers = [JSON, CSV] if route.columns else [JSON]
    best = request.accept_mimetypes.best_match(offers) if accepted else JSON
    form = parse_format(parameters, prefers_csv=best == CSV)
    return form if best is not None or parameters.one("format") is not None else None


def _json(answer: Answer) -> Response:
    return Response(json.dumps(answer.json()) + "\n", mimetype=JSON)


def _csv(answer: Answer) -> Response:
    text = io.StringIO()
    if answer.csv is not None:
        csv.writer(text, lineterminator="\n").writerows(answer.csv())
    return Response(text.getvalue(), mimetype=CSV)
