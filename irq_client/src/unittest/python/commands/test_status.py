"""The command `status`."""

from test_history import run

import machine
from irq_client.cli import main
from irq_client.commands import status
from irq_client.server import model
from service import Request, WebService, json_reply
from sheets import lines, read
from terminal import streams, written

WINDOW_LINE = "2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples"


def test_a_status_is_a_list_of_names_and_values():
    assert lines(status.show_status(read(model.read_status, machine.STATUS), 1.514)) == [
        "sampler         running",
        "imbalance       1.5",
        "interval        10 s",
        "last sample     2026-01-01 00:01:00 UTC",
        "samples         4,321, 2 late",
        "store           1.5 MiB of at most 1.0 GiB",
        "oldest          2025-12-31 12:00:00 UTC",
        "newest          2026-01-01 00:01:00 UTC",
        "size cap holds  100 days",
        "damaged         0",
    ]


def test_a_failing_sampler_says_why():
    sampler = machine.STATUS["sampler"] | {"state": "failing", "last_error": "disk\x1b[2J full"}
    store = machine.STATUS["store"] | {"max_bytes": None, "holds_seconds": None}
    answer = {"sampler": sampler, "store": store}

    shown = lines(status.show_status(read(model.read_status, answer), None))

    assert shown[0] == r"last error: disk\x1b[2J full"
    assert "store           1.5 MiB" in shown
    assert "size cap holds  -" in shown


def listed(answer: dict) -> dict:
    """Return the fields of CSV by their names."""
    heading, row = status.list_status(read(model.read_status, answer), 1.5)
    return dict(zip(heading, row, strict=True))


def test_csv_is_one_row_of_exact_values():
    fields = listed(machine.STATUS)

    assert list(fields) == [
        "state", "interval_seconds", "last_sample", "samples", "late", "last_error", "bytes",
        "max_bytes", "oldest", "newest", "holds_seconds", "damaged", "imbalance",
    ]  # fmt: skip
    assert fields["state"] == "running"
    assert fields["last_sample"] == "2026-01-01T00:01:00Z"
    assert (fields["samples"], fields["late"]) == (4321, 2)
    assert fields["max_bytes"] == 1_073_741_824
    assert fields["last_error"] is None


def test_csv_without_samples_has_empty_times():
    store = machine.STATUS["store"] | {"oldest": None}
    sampler = machine.STATUS["sampler"] | {"last_error": "no\x1b"}

    fields = listed({"sampler": sampler, "store": store})

    assert fields["oldest"] is None
    assert fields["last_error"] == r"no\x1b"


def test_the_imbalance_is_that_of_the_last_minute():
    _, output, asked = run("status")

    assert "imbalance       1.5" in output.splitlines()
    assert asked == ["/api/v1/status", "/api/v1/cpus"]
    assert run("status", "--format", "json")[2] == ["/api/v1/status"]


def test_a_server_without_samples_has_a_status():
    status_, output, _ = run("status", answers={"cpus": {}})

    assert status_ == 0
    assert "imbalance       -" in output.splitlines()


def test_one_sample_has_no_imbalance():
    window = machine.WINDOW | {"seconds": 0.0, "samples": 1}

    _, output, _ = run("status", answers={"cpus": machine.CPUS | {"window": window}})

    assert "imbalance       -" in output.splitlines()


def test_several_servers_are_sorted_by_their_imbalance():
    def machine_of(imbalance: float) -> WebService:
        def answer(service: WebService, request: Request) -> bytes:
            if request.path.endswith("/cpus"):
                return json_reply(machine.CPUS | {"imbalance": imbalance})
            return machine.answer_well(service, request)

        return WebService(answer)

    with machine_of(1.5) as even, machine_of(12.0) as uneven:
        argv = ["status", "--server", even.url, "--server", uneven.url, "--sort", "imbalance"]
        given = streams()
        assert main(argv, given) == 0

    rows = written(given.stdout).splitlines()[1:]
    assert [row.split()[0] for row in rows] == [uneven.url[7:], even.url[7:]]
