"""A request of any text costs at most a tenth of a second of CPU, before it is read or refused."""

import json
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from house import House
from irq_server.web.parameters import MAX_CPU_LIST_CHARACTERS, MAX_REPEATS, QUERY
from irq_server.web.routes import ROUTES, Route

MOST_SECONDS = 0.1
SIZE = 16_000
"""Characters of a query; a longer head of a request is refused unread."""


def filled(unit: str, size: int = SIZE, end: str = "") -> str:
    return unit * (size // len(unit)) + end


TEXTS = {
    "ranges": filled("0-65535,", end="0"),
    "ranges with groups": filled("0-65535:1/2,", end="0"),
    "numbers": filled("0,", end="0"),
    "brackets": filled("["),
    "sets": filled("[a-z]"),
    "stars": filled("*a", end="b"),
    "stars that are short enough": filled("*a", 250, end="b"),
    "marks that are short enough": filled("*?", 250, end="b"),
    "sets that are short enough": filled("[!b]*", 250, end="c"),
    "wide sets that are short enough": filled("[\u0100-\uffff]", 250),
    "digits": filled("1"),
    "spaces": filled(" "),
    "minus": filled("-"),
}


def cost(ask: Callable[[], TestResponse]) -> float:
    """Return the CPU seconds of a request that meets no bug; the less of two."""
    seconds = []
    for _ in range(2):
        began = time.process_time()
        answer = ask()
        seconds.append(time.process_time() - began)
        assert answer.status_code in (*range(200, 500), 503), answer.text
        if seconds[-1] < MOST_SECONDS:
            break
    return min(seconds)


@pytest.fixture
def crowded(house: House) -> House:
    """A house with a device of a very long name."""
    house.machine.device(26, "a" * 3000)
    house.sample()
    return house


@pytest.mark.parametrize("route", ROUTES, ids=lambda each: f"{each.method} {each.path}")
def test_a_query_of_16_kilobytes_costs_little(crowded: House, route: Route):
    path = route.path.replace("{irq}", "24").replace("{cpu}", "0")
    for name in (*route.known, "unknown"):
        queries = {kind: f"{name}={quote(text, safe='')}" for kind, text in TEXTS.items()}
        queries["repeated"] = filled(f"{name}=0-65535&")
        for kind, query in queries.items():
            ask = crowded.client.put if route.method == "PUT" else crowded.client.get
            seconds = cost(lambda ask=ask, query=query: ask(path, query_string=query))
            assert seconds < MOST_SECONDS, f"{name}: {kind}"


@pytest.mark.parametrize("name", ["Accept", "Accept-Encoding", "If-None-Match", "Authorization"])
@pytest.mark.parametrize("unit", [" ", ",", ";", '"', "a/b;q=0.1,", 'W/"x", '])
def test_a_header_of_16_kilobytes_costs_little(house: House, name: str, unit: str):
    text = f"a{filled(unit)}b"

    assert cost(lambda: house.get("/api/v1/status", **{name: text})) < MOST_SECONDS
    answer = house.get("/api/v1/status", **{name: text})
    if name.startswith("Accept"):
        assert answer.status_code == 400
        assert f"{name}: expected at most 2000 characters" in answer.get_json()["detail"]


@pytest.mark.parametrize("unit", ["0-65535,", "0,", " "])
def test_a_body_of_64_kilobytes_costs_little(house: House, unit: str):
    body = {"cpus": filled(unit, 64_000, "0")}

    assert cost(lambda: house.put("24", body)) < MOST_SECONDS
    answer = house.put("24", body)
    assert answer.status_code == 400
    assert f"at most {MAX_CPU_LIST_CHARACTERS} characters" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("query", "parameter", "limit"),
    [
        ("device=" + "a" * 257, "device", "at most 256 characters, found 257"),
        ("irq=" + "1" * 61, "irq", "at most 60 characters"),
        ("start=" + "1" * 65, "start", "at most 64 characters"),
        ("step=" + "1" * 65, "step", "at most 64 characters"),
        ("top=" + "1" * 65, "top", "at most 64 characters"),
        ("cpu=0-65535,0", "cpu", "ranges of at most 65536 CPUs together"),
        ("&".join(["irq=24"] * (MAX_REPEATS + 1)), "irq", f"at most {MAX_REPEATS} times"),
    ],
)
def test_a_refusal_names_the_limit(house: House, query: str, parameter: str, limit: str):
    answer = house.get(f"/api/v1/series?{query}")

    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["parameter"] == parameter
    assert limit in answer.get_json()["detail"]


def test_the_longest_texts_are_served(house: House):
    repeated = "&".join(["irq=24"] * MAX_REPEATS)

    assert house.get(f"/api/v1/irqs?{repeated}").status_code == 200
    assert house.get(f"/api/v1/irqs?device={'*' * 256}").status_code == 200
    assert house.get("/api/v1/irqs?top=000100000").status_code == 200
    assert house.get("/api/v1/irqs?top=0001000000").status_code == 400


def test_the_document_states_the_longest_text_of_every_string(house: House):
    for name, given in house.json("/openapi.json")["components"]["parameters"].items():
        schema = given["schema"].get("items", given["schema"])
        if schema["type"] == "string" and "enum" not in schema:
            assert schema["maxLength"] == QUERY.get(name, QUERY["irq"]).max_characters, name
    request = house.json("/openapi.json")["components"]["schemas"]["AffinityRequest"]
    assert json.dumps(request).count(f'"maxLength": {MAX_CPU_LIST_CHARACTERS}') == 1
