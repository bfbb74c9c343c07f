"""The ETag of a window that is over: made before the work, and another one when its answer is."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from house import House
from irq_server.events import Event, Kind
from irq_server.kernel.networks import ABOVE_SECONDS, Above
from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.store.offline.imports import Saved, import_files
from irq_server.store.offline.verify import repair
from irq_server.store.store import Store
from irq_server.web.app import create_app
from simulated import Machine
from storing import START, Open

PAST = "start=2026-01-01T00:00:00Z&end=2026-01-01T00:00:20Z"


def client_of(store: Store, root: Path, now: float) -> FlaskClient:
    procfs = Procfs(root)
    return create_app(store, Sampler(procfs, store), procfs, lambda: now).test_client()


def etag(client: FlaskClient, path: str) -> str:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


@pytest.mark.parametrize("path", ["interrupts", "cpus", "cpus/0", "series", "events"])
def test_to_ask_again_by_the_etag_looks_nothing_up(
    house: House, monkeypatch: pytest.MonkeyPatch, path: str
):
    first = house.get(f"/api/v1/{path}?{PAST}")
    house.sample()
    monkeypatch.delattr(type(house.store.history), "window")

    again = house.get(f"/api/v1/{path}?{PAST}", If_None_Match=first.headers["ETag"])

    assert (again.status_code, again.data) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):  # RFC 9110, 15.4.5
        assert again.headers[name] == first.headers[name]


def test_another_window_filter_or_form_has_another_etag(house: House):
    paths = [
        f"cpus?{PAST}",
        f"cpus?{PAST}&irq=24",
        f"cpus?{PAST}&irq=24&irq=25",
        f"cpus?{PAST}&cpu=1",
        f"cpus?{PAST}&format=csv",
        f"cpus/0?{PAST}",
        f"cpus/1?{PAST}",
        f"interrupts?{PAST}",
        f"series?{PAST}",
        f"series?{PAST}&step=5s",
        "cpus?start=2026-01-01T00:00:00Z&end=2026-01-01T00:00:10Z",
    ]

    assert len({etag(house.client, path) for path in paths}) == len(paths)
    assert etag(house.client, f"cpus?irq=25&irq=24&{PAST}") == etag(house.client, paths[2])


def test_a_request_that_is_wrong_is_wrong_under_any_etag(house: House):
    answer = house.get(f"/api/v1/cpus?{PAST}&irq=99", If_None_Match='W/"tag"')

    assert answer.status_code == 404


def test_an_event_that_comes_late_changes_the_etag(house: House):
    first = etag(house.client, f"events?{PAST}")

    house.store.record(Event(START + 15, Kind.CLOCK, detail="+3.000 s"))

    assert etag(house.client, f"events?{PAST}") != first


def test_an_event_after_the_window_does_not_change_the_etag(house: House):
    first = etag(house.client, f"events?{PAST}")

    house.store.record(Event(START + 25, Kind.CLOCK, detail="+3.000 s"))

    assert etag(house.client, f"events?{PAST}") == first


def test_a_row_that_comes_goes_or_changes_its_device_changes_the_etag(house: House):
    seen = [etag(house.client, f"interrupts?{PAST}")]
    for change in (
        lambda: house.machine.device(26, "eth1"),
        lambda: house.machine.remove("25"),
        lambda: house.machine.remove("LOC"),
        lambda: house.machine.device(24, "eth0, eth7"),
    ):
        change()
        house.sample()
        seen.append(etag(house.client, f"interrupts?{PAST}"))

    assert len(set(seen)) == len(seen)


def test_a_bond_that_gets_another_interface_changes_the_etag_of_its_filter_and_no_other(
    house: House, tmp_path: Path
):
    now, sysfs = 0.0, tmp_path / "sys"
    (sysfs / "class/net/bond0/lower_eth0").mkdir(parents=True)
    procfs, store = Procfs(tmp_path), house.store
    above = Above(sysfs, lambda: now)
    app = create_app(store, Sampler(procfs, store), procfs, lambda: START + 60, above=above)
    paths = [f"series?{PAST}&device=bond0", f"series?{PAST}&device=eth9", f"series?{PAST}"]
    first = [etag(app.test_client(), path) for path in paths]

    (sysfs / "class/net/bond0/lower_eth1").mkdir()
    now += ABOVE_SECONDS

    again = [etag(app.test_client(), path) for path in paths]
    assert again[0] != first[0]
    assert again[1:] == first[1:]


def test_retention_changes_the_etag_of_what_it_drops_and_no_other(opened: Open, machine: Machine):
    assert machine.root
    store = opened(interval_seconds=60.0, retention_seconds={"raw": 3600.0, "1m": 7200.0})
    client = client_of(store, machine.root, START + 1e6)
    windows = [(30, 600), (7230, 7500)]
    seen: list[set[tuple[str, str]]] = [set() for _ in windows]
    for minute in range(400):
        machine.fire("24", 1)
        store.append(machine.look(), machine.boot_id, START + 60 * minute, 60.0)
        for found, (start, end) in zip(seen, windows, strict=True):
            if minute % 20 == 10 and 60 * minute >= end:
                path = f"/api/v1/cpus?start={START + start:.0f}&end={START + end:.0f}"
                answer = client.get(path)
                found.add((answer.headers["ETag"], answer.text))

    for found in seen:
        assert len(found) > 1  # each was dropped from the finest tier at some time
        assert len({tag for tag, _ in found}) == len({text for _, text in found}) == len(found)


def test_each_opening_has_etags_of_its_own_as_files_may_change_while_the_server_is_down(
    opened: Open, machine: Machine
):
    assert machine.root
    store = opened()
    for second in (0, 10, 20):
        store.append(machine.look(), machine.boot_id, START + second, 10.0)
    tags = set()
    for _ in range(3):
        store.close()
        store = opened()
        tags.add(etag(client_of(store, machine.root, START + 40), f"cpus?{PAST}"))

    assert len(tags) == 3


def test_what_was_repaired_while_the_server_was_down_has_another_etag(
    opened: Open, folder: Path, machine: Machine
):
    assert machine.root
    store = opened()
    for second in (0, 10, 20, 30):
        machine.fire("24", 1, 100)
        store.append(machine.look(), machine.boot_id, START + second, 10.0)
    store.close()
    store = opened()
    client = client_of(store, machine.root, START + 40)
    before = client.get(f"/api/v1/cpus?{PAST}")
    store.close()
    (segment,) = folder.glob("raw/*/*.csv")
    segment.write_bytes(segment.read_bytes().replace(b",24,1,300\n", b",24,1,301\n"))
    assert list(repair(folder))

    client = client_of(opened(), machine.root, START + 40)
    after = client.get(f"/api/v1/cpus?{PAST}", headers={"If-None-Match": before.headers["ETag"]})

    # what was damaged is lost, so the window ends with the sample before
    assert before.get_json()["total"] == 200
    assert after.status_code == 200
    assert after.get_json()["total"] == 100


def test_what_was_given_before_an_import_is_given_again_in_full(
    opened: Open, folder: Path, machine: Machine, tmp_path: Path
):
    assert machine.root
    store = opened()
    for second in (0, 10, 20):
        store.append(machine.look(), machine.boot_id, START + second, 10.0)
    tag = etag(client_of(store, machine.root, START + 40), f"interrupts?{PAST}")
    store.close()
    machine.device(24, "eth0, eth7")
    saved = tmp_path / "interrupts"
    saved.write_text(machine.text())
    import_files(folder, [Saved(START + 30, saved)])

    client = client_of(opened(), machine.root, START + 40)
    answer = client.get(f"/api/v1/interrupts?{PAST}", headers={"If-None-Match": tag})

    assert answer.status_code == 200
    assert answer.headers["ETag"] != tag
