"""The forms of an answer: CSV, what the client accepts, and what it may keep."""

import pytest

from house import House
from irq_server.events import Event, Kind
from irq_server.web import limits
from storing import START


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "/api/v1/interrupts?nonzero&period=20s",
            "irq,device,cpu,count\n24,eth0,0,100\n24,eth0,1,5\nLOC,,0,10\nLOC,,1,10\nERR,,,1\n",
        ),
        (
            "/api/v1/irqs?irq=24&irq=LOC&period=10s",
            "irq,device,total,rate,affinity\n24,eth0,100,10.0,0-1\nLOC,,10,1.0,\n",
        ),
        ("/api/v1/irqs/25", "irq,device,total,rate,affinity\n25,nvme0q1,0,0.0,1\n"),
        ("/api/v1/cpus?period=10s", "cpu,total,rate\n0,100,10.0\n1,10,1.0\n"),
        ("/api/v1/cpus/1?period=10s&nonzero", "irq,device,total,rate\nLOC,,10,1.0\n"),
        (
            "/api/v1/series?period=10s&step=10s",
            "start,end,key,count\n1767225610,1767225620,total,110\n",
        ),
        ("/api/v1/events?period=10s", "time,event,irq,cpu,detail,by\n1767225615.250,boot,,,,\n"),
    ],
)
def test_csv_is_tidy(house: House, path: str, text: str):
    house.store.record(Event(START + 15.25, Kind.BOOT))

    answer = house.get(path, Accept="text/csv")

    assert answer.mimetype == "text/csv"
    assert answer.text == text
    joiner = "&" if "?" in path else "?"
    assert house.get(f"{path}{joiner}format=csv").text == text


PAST = "start=2026-01-01T00:00:00Z&end=2026-01-01T00:00:20Z"


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/interrupts?{PAST}",
        f"/api/v1/cpus?{PAST}",
        f"/api/v1/cpus/0?{PAST}&format=csv",
        f"/api/v1/series?{PAST}&by=cpu",
        f"/api/v1/events?{PAST}",
        "/api/v1/cpus?end=1767225620",
        "/api/v1/cpus?start=1767225600&period=20",
    ],
)
def test_a_window_that_is_over_is_asked_for_again_by_its_etag(house: House, path: str):
    first = house.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    house.sample()

    again = house.get(path, If_None_Match=first.headers["ETag"])

    assert (again.status_code, again.data) == (304, b"")
    assert house.get(path, If_None_Match='W/"another"').status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/cpus",
        "/api/v1/cpus?period=20s",
        "/api/v1/cpus?start=1767225600",
        "/api/v1/cpus?start=1767225600&end=now",
        "/api/v1/cpus?start=-20s&end=1767225620",
        "/api/v1/cpus?start=1767225600&end=1767225621",
        f"/api/v1/irqs?{PAST}",  # affinities are those of now
        f"/api/v1/irqs/24?{PAST}",
        "/api/v1/irqs/24/affinity",
        "/api/v1/status",
    ],
)
def test_what_is_of_this_moment_is_not_kept(house: House, path: str):
    house.clock.advance(5.0)
    answer = house.get(path)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


@pytest.mark.parametrize(
    ("path", "accept", "mimetype"),
    [
        ("/api/v1/cpus", "text/csv", "text/csv"),
        ("/api/v1/cpus", "text/*", "text/csv"),
        ("/api/v1/cpus", "text/html, */*;q=0.1", "application/json"),
        ("/api/v1/cpus?format=json", "text/csv", "application/json"),
        ("/api/v1/cpus?format=csv", "image/png", "text/csv"),
        ("/api/v1/cpus", "", "application/json"),
        ("/api/v1/status", "application/json, application/problem+json", "application/json"),
        ("/api/v1/irqs/24/affinity", "text/csv", "text/csv"),
    ],
)
def test_accept_chooses_the_form_and_format_wins(
    house: House, path: str, accept: str, mimetype: str
):
    answer = house.get(path, Accept=accept)
    assert (answer.status_code, answer.mimetype) == (200, mimetype)


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/api/v1/cpus", "image/png"),
        ("/api/v1/cpus", "application/json;q=0"),
        ("/api/v1/status", "text/csv"),
    ],
)
def test_an_accept_that_takes_nothing_is_told_what_there_is(house: House, path: str, accept: str):
    answer = house.get(path, Accept=accept)

    assert (answer.status_code, answer.mimetype) == (406, "application/problem+json")
    assert "application/json" in answer.get_json()["detail"]


def test_a_table_of_an_affinity(house: House):
    assert house.get("/api/v1/irqs/24/affinity?format=csv").text == (
        "irq,device,affinity,effective_affinity,writable,pending\n24,eth0,0-1,0,true,false\n"
    )


def test_a_series_of_too_many_counts_names_a_step_that_works(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "MAX_CELLS", 8)  # 24 and LOC fire on two CPUs: two steps
    path = "/api/v1/series?period=20s&by=irq,cpu&step="

    answer = house.get(f"{path}5s")

    assert (answer.status_code, answer.get_json()["parameter"]) == (400, "step")
    assert "the smallest that works is 10s" in answer.get_json()["detail"]
    assert house.get(f"{path}10s").status_code == 200


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_other_ways_to_look_are_answered(house: House, method: str):
    answer = house.client.open("/api/v1/cpus", method=method)

    assert (answer.status_code, answer.data) == (200, b"")
    if method == "OPTIONS":
        assert sorted(answer.headers["Allow"].split(", ")) == ["GET", "HEAD", "OPTIONS"]
