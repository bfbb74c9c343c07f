"""The document holds every route and parameter there is, and real answers fit its schemas."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from irq_server.errors import IrqServerError, ParameterError
from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.store.store import Store
from irq_server.web.access.guard import Rules
from irq_server.web.access.hosts import Hosts
from irq_server.web.app import create_app
from irq_server.web.openapi.document import document
from irq_server.web.parameters import PATH, QUERY
from irq_server.web.query import (
    Edges,
    Query,
    parse_edges,
    parse_filters,
    parse_step,
)
from irq_server.web.routes import API_ROUTES, CSV, JSON, PROBLEM, ROUTES, Route
from simulated import FakeClock, Machine

START = 1767225600.0
DOCUMENT = document()


@pytest.fixture
def app(machine: Machine, tmp_path: Path) -> Iterator[Flask]:
    """Over a store of two samples."""
    assert machine.root
    machine.set_affinity(24, "0-1", "0")
    clock = FakeClock(START)
    store = Store(tmp_path / "data", interval_seconds=10.0)
    sampler = Sampler(Procfs(machine.root), store, clock)
    for _ in range(2):
        machine.fire("24", 0, 7)
        machine.figures["ERR"] += 1
        machine.show()
        sampler.sample(round(clock.now() * 1000))
        clock.advance(10.0)
    rules = Rules(Hosts(["127.0.0.1"], []), writes_allowed=True)
    yield create_app(store, sampler, Procfs(machine.root), clock.now, rules=rules)
    store.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def resolve(value: Any) -> Any:
    while isinstance(value, dict) and "$ref" in value:
        target: Any = DOCUMENT
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        value = target
    return value


def errors_in(value: Any, schema: Any) -> list[str]:
    whole = {**schema, "components": DOCUMENT["components"]}
    return [str(each) for each in Draft202012Validator(whole).iter_errors(value)]


def operations() -> list[tuple[str, str, Any]]:
    return [
        (path, method, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


def parse_all(parameters: Query) -> None:
    parse_edges(parameters, START + 3600)
    parse_filters(parameters)
    parse_step(parameters, Edges(0.0, 60.0))
    for each in QUERY.values():
        parameters.all(each)


def path_of(route: Route, irq: str = "24", cpu: str = "0") -> str:
    return route.path.replace("{irq}", irq).replace("{cpu}", cpu)


def test_the_document_is_valid_openapi():
    assert DOCUMENT["openapi"] == "3.1.0"
    validate(DOCUMENT)


def test_every_route_of_flask_is_in_the_document_and_none_besides(app: Flask):
    real = {
        (re.sub(r"<(?:path:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "pages.static"
    }

    assert {(path, method) for path, method, _ in operations()} == real


@pytest.mark.parametrize("route", API_ROUTES, ids=lambda each: each.name)
def test_the_document_has_just_the_parameters_that_a_route_takes(client: FlaskClient, route: Route):
    documented = {
        resolve(each)["name"]
        for each in DOCUMENT["paths"][route.path][route.method.lower()]["parameters"]
        if resolve(each)["in"] == "query"
    }

    for name in {*QUERY, "perod"}:
        answer = client.open(f"{path_of(route)}?{name}=", method=route.method, json={"cpu": 0})
        unknown = "no such parameter here" in answer.text
        assert unknown == (name not in documented), (name, answer.text)


def test_everything_has_an_example_and_every_example_fits_its_schema():
    for path, method, operation in operations():
        where = f"{method} {path}"
        for status, given in operation["responses"].items():
            for media, content in resolve(given).get("content", {}).items():
                assert "example" in content, (where, status, media)
                assert not errors_in(content["example"], content["schema"]), (where, status)
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for example in content["examples"].values():
                assert not errors_in(example["value"], content["schema"])
        for parameter in map(resolve, operation["parameters"]):
            assert parameter["examples"], parameter
            for example in parameter["examples"].values():
                assert not errors_in(example["value"], parameter["schema"]), parameter


@pytest.mark.parametrize(
    ("name", "text"),
    [(each.name, text) for each in QUERY.values() for text in each.examples.values()],
)
def test_the_examples_of_parameters_are_taken(name: str, text: str):
    now = START + 3600
    parameters = Query([(name, text)], list(QUERY))
    assert parse_edges(parameters, now).start < now
    parse_all(parameters)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("start", "tomorrow"),
        ("start", "2026-01-01T00:00:00"),
        ("start", "1e9"),
        ("end", "-"),
        ("end", "nan"),
        ("period", "soon"),
        ("period", "0"),
        ("period", "1y"),
        ("period_seconds", "-1"),
        ("cpu", "a"),
        ("cpu", "0-"),
        ("cpu", "0,,1"),
        ("top", "0"),
        ("top", "100001"),
        ("by", "device"),
        ("step", "0"),
        ("nonzero", "perhaps"),
        ("format", "xml"),
        ("irq", ""),
        ("device", ""),
    ],
)
def test_what_the_schema_of_a_parameter_refuses_is_refused(name: str, text: str):
    schema = dict(QUERY[name].schema)
    value: Any = text
    if schema["type"] == "integer":
        value = int(text)
    assert errors_in(value, schema)

    parameters = Query([(name, text)], list(QUERY))
    with pytest.raises(ParameterError) as caught:
        parse_all(parameters)
    assert caught.value.parameter == name


def test_the_examples_of_parts_of_the_path_are_such():
    assert PATH["cpu"].parse(PATH["cpu"].examples["first"]) == 0
    assert issubclass(ParameterError, IrqServerError)


@pytest.mark.parametrize(
    "route", [each for each in ROUTES if each.media == JSON], ids=lambda each: each.name
)
def test_real_answers_fit_the_schemas(client: FlaskClient, route: Route):
    answer = client.open(path_of(route), method=route.method, json=_body(route))

    if route.name == "readyz":  # nothing samples behind this client
        assert answer.status_code == 503
        return
    assert answer.status_code == 200, answer.text
    documented = DOCUMENT["paths"][route.path][route.method.lower()]["responses"]["200"]["content"]
    assert answer.mimetype == JSON
    assert not errors_in(answer.get_json(), documented[JSON]["schema"])


def _body(route: Route) -> object:
    return {"cpu": 1} if route.method == "PUT" else None


@pytest.mark.parametrize(
    "route", [each for each in API_ROUTES if each.columns], ids=lambda each: each.name
)
def test_tables_have_the_columns_that_the_route_tells(client: FlaskClient, route: Route):
    answer = client.get(f"{path_of(route)}?format=csv")

    assert (answer.status_code, answer.mimetype) == (200, CSV)
    assert answer.text.splitlines()[0] == ",".join(route.columns)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/cpus?period=soon", 400),
        ("GET", "/api/v1/irqs/99", 404),
        ("POST", "/api/v1/cpus", 405),
        ("PUT", "/api/v1/irqs/LOC/affinity", 409),
        ("PUT", "/api/v1/irqs/24/affinity?x=1", 400),
        ("GET", "/readyz", 503),
        ("GET", "/?x=1", 400),
    ],
)
def test_real_errors_fit_the_schema(client: FlaskClient, method: str, path: str, status: int):
    answer = client.open(path, method=method, json={"cpu": 0} if method == "PUT" else None)

    assert (answer.status_code, answer.mimetype) == (status, PROBLEM)
    assert not errors_in(answer.get_json(), {"$ref": "#/components/schemas/Problem"})


@pytest.mark.parametrize("route", ROUTES, ids=lambda each: each.name)
def test_just_what_has_an_etag_is_told_to_be_304_some_time(client: FlaskClient, route: Route):
    window = f"?start={START:.0f}&end={START + 10:.0f}" if "start" in route.query else ""
    answer = client.open(f"{path_of(route)}{window}", method=route.method, json=_body(route))

    documented = DOCUMENT["paths"][route.path][route.method.lower()]["responses"]
    assert ("ETag" in answer.headers) == ("304" in documented)
