"""The OpenAPI document, made of the tables of routes, parameters and schemas. Pure.

Source: the OpenAPI Specification 3.1.1.
"""

from http import HTTPStatus
from typing import Any

from apispec import APISpec

from ... import __version__
from ..parameters import MAX_REPEATS, PATH, QUERY, Parameter
from ..routes import CSV, HTML, JSON, METRICS, OPENAPI_VERSION, PROBLEM, ROUTES, Route
from ..schemas import SHARED
from . import examples

_DESCRIPTION = """\
What fired where on this machine, now and at any time before. Counts are exact in any window; the
answer's `window` names the samples that were really used.

Times are RFC 3339 with `Z` in JSON, Unix seconds in CSV. An error is `application/problem+json`
and names the parameter at fault. An unknown or repeated parameter is an error.

Beyond loopback every read of data needs a bearer token; a write always does.
"""

_TAGS = {
    "interrupts": "What fired where",
    "affinity": "Where IRQs may go",
    "server": "The server itself",
}

_ANYWHERE = (401, 421, 431)
"""Statuses of any route: a missing token, another server's host, a head that is too large."""


def document() -> dict[str, Any]:
    """Return the document of every route, complete."""
    spec = APISpec(
        title="irq_server",
        version=__version__,
        openapi_version=OPENAPI_VERSION,
        info={"description": _DESCRIPTION, "license": {"name": "MIT", "identifier": "MIT"}},
        servers=[{"url": "/", "description": "this server"}],
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
    )
    own = {_schema_name(each): each.schema for each in ROUTES if isinstance(each.schema, dict)}
    for name, schema in (SHARED | own).items():
        spec.components.schema(name, schema)
    spec.components.security_scheme(
        "token", {"type": "http", "scheme": "bearer", "description": "A line of the token file"}
    )
    for parameter in (*QUERY.values(), *PATH.values()):
        spec.components.parameter(
            _component(parameter), "path" if parameter.in_path else "query", _parameter(parameter)
        )
    for status in sorted({each for route in ROUTES for each in _errors(route)}):
        spec.components.response(str(status), _problem(status))
    for path in dict.fromkeys(route.path for route in ROUTES):
        spec.path(
            path,
            operations={
                route.method.lower(): _operation(route) for route in ROUTES if route.path == path
            },
        )
    made = spec.to_dict()
    return {"openapi": made.pop("openapi"), **made}


def _schema_name(route: Route) -> str:
    return route.schema if isinstance(route.schema, str) else route.name.capitalize()


def _errors(route: Route) -> set[int]:
    writes = {403} if route.method == "PUT" else set()
    anywhere = set(_ANYWHERE) - ({401} if route.is_open else set())
    return set(route.errors) | anywhere | writes


def _component(parameter: Parameter[Any]) -> str:
    return f"{parameter.name}_in_path" if parameter.in_path else parameter.name


def _parameter(parameter: Parameter[Any]) -> dict[str, Any]:
    schema = dict(parameter.schema)
    is_number = schema["type"] == "integer"
    given: dict[str, dict[str, Any]] = {
        name: {"value": int(text) if is_number else text}
        for name, text in parameter.examples.items()
    }
    found: dict[str, Any] = {
        "name": parameter.name,
        "description": parameter.help,
        "schema": schema,
    }
    if parameter.in_path:
        return found | {"required": True, "examples": given}
    if parameter.repeatable:
        found["schema"] = {"type": "array", "items": schema, "minItems": 1}
        found["schema"]["maxItems"] = MAX_REPEATS
        given = {name: {"value": [each["value"]]} for name, each in given.items()}
        found |= {"style": "form", "explode": True}
    if "" in parameter.examples.values():
        found["allowEmptyValue"] = True
    return found | {"examples": given}


def _operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": route.help or f"{route.summary}.",
        "tags": [route.tag],
        "security": _security(route),
        "parameters": _references(route),
        "responses": _responses(route),
    }
    if route.method == "PUT":
        found["requestBody"] = {
            "required": True,
            "description": "Where the IRQ may go: exactly one of the two.",
            "content": {
                JSON: {
                    "schema": {"$ref": "#/components/schemas/AffinityRequest"},
                    "examples": {name: {"value": value} for name, value in examples.MOVES.items()},
                }
            },
        }
    return found


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.is_open:
        return []
    return [{"token": []}] if route.method == "PUT" else [{}, {"token": []}]


def _references(route: Route) -> list[str]:
    """Return the names of the components; apispec makes references of them."""
    names = [_component(PATH[name]) for name in route.in_path]
    return names + [_component(QUERY[name]) for name in route.known]


def _responses(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {
        "200": {"description": f"{route.summary}.", "content": _content(route)}
    }
    if route.is_kept:
        found["304"] = {"description": "As it was under the ETag that If-None-Match names."}
    for status in sorted(_errors(route)):
        found[str(status)] = {"$ref": f"#/components/responses/{status}"}
    return found


def _content(route: Route) -> dict[str, Any]:
    if route.media != JSON:
        text = {METRICS: examples.METRICS, HTML: "<!doctype html>…"}[route.media]
        return {route.media: {"schema": {"type": "string"}, "example": text}}
    schema = {"$ref": f"#/components/schemas/{_schema_name(route)}"}
    example = examples.answer(route.schema)
    content: dict[str, Any] = {JSON: {"schema": schema, "example": example}}
    if route.columns:
        table = {"schema": {"type": "string"}, "example": examples.table(route)}
        content[CSV] = table
    return content


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM: {"schema": schema, "example": examples.problem(status)}},
    }
