"""Errors as ``application/problem+json``. Source: RFC 9457."""

import json
import logging
from http import HTTPStatus

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from ..errors import (
    AffinityError,
    AffinityRefusedError,
    IrqServerError,
    NoSampleError,
    NoSuchCpuError,
    NoSuchIrqError,
    OutOfResourcesError,
    ParameterError,
)

_log = logging.getLogger(__name__)

_STATUSES: dict[type[IrqServerError], HTTPStatus] = {
    ParameterError: HTTPStatus.BAD_REQUEST,
    NoSuchIrqError: HTTPStatus.NOT_FOUND,
    NoSuchCpuError: HTTPStatus.NOT_FOUND,
    AffinityError: HTTPStatus.NOT_FOUND,
    AffinityRefusedError: HTTPStatus.CONFLICT,
    OutOfResourcesError: HTTPStatus.SERVICE_UNAVAILABLE,
    NoSampleError: HTTPStatus.SERVICE_UNAVAILABLE,
}


_DETAILS: dict[int, str] = {
    HTTPStatus.NOT_FOUND: "no such route; those of the API begin with /api/v1/",
    HTTPStatus.METHOD_NOT_ALLOWED: "this route has no such method; Allow names those it has",
}


def problem_text(status: int, detail: str, parameter: str | None = None) -> str:
    """Return the body of an error's answer; `parameter` names the one at fault, if any."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }
    if parameter is not None:
        body["parameter"] = parameter
    return json.dumps(body) + "\n"


def problem(status: int, detail: str, parameter: str | None = None) -> Response:
    """Return the response for an error; `parameter` names the one at fault, if any."""
    text = problem_text(status, detail, parameter)
    return Response(text, status, mimetype="application/problem+json")


def register(app: Flask) -> None:
    """Make `app` answer every error with a problem, and none with a stack trace."""
    app.register_error_handler(IrqServerError, _of_ours)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_a_bug)


def _of_ours(error: IrqServerError) -> Response:
    status = _STATUSES.get(type(error))
    if status is None:
        return _of_a_bug(error)
    return problem(status, str(error), _parameter_of(error))


def _parameter_of(error: IrqServerError) -> str | None:
    """Return the parameter of query or path that an error is about, if any."""
    if isinstance(error, ParameterError):
        return error.parameter
    if isinstance(error, NoSuchIrqError | AffinityError | AffinityRefusedError):
        return "irq"
    return "cpu" if isinstance(error, NoSuchCpuError) else None


def _of_http(error: HTTPException) -> Response:
    given = error.get_response()
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    answer = problem(status, _DETAILS.get(status, error.description or ""))
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in given.headers:
            answer.headers[name] = given.headers[name]
    return answer


def _of_a_bug(error: Exception) -> Response:
    _log.error("a request failed", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the server failed; its log says why")
