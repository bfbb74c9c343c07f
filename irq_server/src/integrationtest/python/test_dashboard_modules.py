"""The pure modules of the dashboard, in a real browser: expected values are worked out by hand."""

from collections.abc import Iterator

import pytest

import needs
from browsing.browser import BROWSERS, Browser, browsing
from conftest import Server, Tree

DAY = 86400


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    needs.program(*BROWSERS)
    folder = tmp_path_factory.mktemp("modules")
    server = Server("--procfs", Tree(folder / "proc").root, "--data-dir", folder / "data")
    try:
        with browsing(folder / "browser", [server.url]) as started:
            started.driver.get(f"{server.url}/")
            started.command("Emulation.setTimezoneOverride", {"timezoneId": "Europe/Berlin"})
            yield started
    finally:
        server.kill()


# ---- state --------------------------------------------------------------------------------------

STATES = [
    {},
    {"span": 300},
    {"span": 86400, "end": 1767225600.5, "pins": [3, 11], "irq": "THR#2"},
    {"from": 1767225600, "to": 1767225660.125, "change": 1767225601, "filter": 'eth0 & ="x"'},
    {"scale": "log", "colour": "cividis", "order": "node", "sort": "device", "what": "devices"},
]


@pytest.mark.parametrize("changes", STATES)
def test_a_state_survives_its_fragment(browser: Browser, changes: dict[str, object]):
    default = browser.module("state.js", "m.DEFAULT")

    assert browser.module("state.js", "m.parse(m.format(a[0]))", default | changes) == (
        default | changes
    )


def test_the_default_state_has_an_empty_fragment(browser: Browser):
    assert browser.module("state.js", "m.format(m.DEFAULT)") == ""


@pytest.mark.parametrize(
    "fragment",
    [
        "#span=x&end=-3&sel=9-5&cpu=a,-1&scale=cubic&order=<b>",
        "#span=NaN&end=Infinity&sel=1&cpu=&change=1e9",
        "#%E0%A4%A&=&&&",
    ],
)
def test_nonsense_in_a_fragment_is_the_default(browser: Browser, fragment: str):
    assert browser.module("state.js", "m.parse(a[0])", fragment) == (
        browser.module("state.js", "m.DEFAULT")
    )


@pytest.mark.parametrize(("given", "kept"), [("1", 60), ("99999999999", 2 * 366 * DAY)])
def test_a_span_stays_within_its_bounds(browser: Browser, given: str, kept: int):
    assert browser.module("state.js", "m.parse(a[0]).span", f"span={given}") == kept


def test_zooming_keeps_the_moment_under_the_pointer(browser: Browser):
    # 1000 s until 5000; the moment 4250 lies at a quarter
    zoomed = browser.module(
        "state.js", "m.viewOf(m.zoom({...m.DEFAULT, span: 1000, end: 5000}, 9999, 0.5, 4250), 9999)"
    )

    assert zoomed == {"start": 4125, "end": 4625}  # 4250 still lies at a quarter
    assert (4250 - zoomed["start"]) / 500 == 0.25


def test_a_live_view_stays_live_while_zooming(browser: Browser):
    zoomed = browser.module("state.js", "m.zoom({...m.DEFAULT, span: 1000}, 5000, 2, 4100)")

    assert (zoomed["span"], zoomed["end"]) == (2000, None)


def test_panning_back_pauses_and_panning_to_the_end_is_live(browser: Browser):
    pan = "m.pan({...m.DEFAULT, end: a[0]}, 5000, a[1]).end"

    assert browser.module("state.js", pan, None, -600) == 4400
    assert browser.module("state.js", pan, 4400, 599) == 4999
    assert browser.module("state.js", pan, 4400, 600) is None


def test_a_pin_comes_and_goes_and_the_oldest_of_many_makes_room(browser: Browser):
    toggle = "m.togglePin({...m.DEFAULT, pins: a[0]}, a[1]).pins"

    assert browser.module("state.js", toggle, [1, 2], 3) == [1, 2, 3]
    assert browser.module("state.js", toggle, [1, 2], 1) == [2]
    assert browser.module("state.js", toggle, list(range(14)), 20) == [*range(1, 14), 20]


# ---- scale and times ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["linear", "sqrt", "log"])
def test_a_scale_goes_from_nothing_to_the_most_and_back(browser: Browser, name: str):
    parts = browser.module(
        "scale.js", "[0, 100, 400, 900].map(m.SCALES[a[0]](400)).map(Number)", name
    )

    assert (parts[0], parts[2], parts[3]) == (0, 1, 1)
    assert 0 < parts[1] < 1
    assert browser.module("scale.js", "m.INVERSES[a[0]](400)(a[1])", name, parts[1]) == (
        pytest.approx(100)
    )


def test_the_square_root_shows_a_quarter_of_the_most_at_half(browser: Browser):
    assert browser.module("scale.js", "m.SCALES.sqrt(400)(100)") == 0.5


def test_one_outlier_does_not_flatten_the_scale(browser: Browser):
    rates = [90.0] * 2000 + [1_000_000.0]

    assert browser.module("scale.js", "m.ceiling(a[0])", rates) == 200  # 2 x 90, rounded up
    assert browser.module("scale.js", "m.ceiling(a[0])", [90.0, 200.0, 3300.0]) == 3500
    assert browser.module("scale.js", "m.ceiling([])") == 1


def test_a_ramp_begins_black_and_rises(browser: Browser):
    first, last = browser.module("scale.js", "[m.ramp('inferno')[0], m.ramp('inferno')[255]]")

    assert first == 0xFF040000  # 000004, as little-endian RGBA
    assert last == 0xFFA4FFFC  # fcffa4


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01, "<0.1"), (0.5, "0.5"), (3, "3"), (42.4, "42"), (4500, "4,500"),
     (12345, "12.3k"), (250_000, "250k"), (3.4e6, "3.4M"), (2e9, "2G")],
)  # fmt: skip
def test_a_rate_is_short(browser: Browser, value: float, text: str):
    assert browser.module("scale.js", "m.short(a[0])", value) == text


@pytest.mark.parametrize(
    ("span", "columns", "interval", "step"),
    [(3600, 500, 10, 10), (3600, 500, 1, 10), (300, 500, 1, 1), (300, 500, 0.1, 1),
     (DAY, 500, 10, 180), (DAY, 500, 7, 182), (365 * DAY, 500, 10, DAY), (60, 1000, 0.1, 0.1),
     (300, 500, 60, 60)],
)  # fmt: skip
def test_a_step_is_a_multiple_of_the_interval(
    browser: Browser, span: float, columns: int, interval: float, step: float
):
    assert browser.module("times.js", "m.stepFor(...a)", span, columns, interval) == step


def test_ticks_stand_at_round_local_times(browser: Browser):
    # 2026-01-01T00:00:00Z is 01:00 in Berlin
    ticks = browser.module("times.js", "m.ticks(a[0], a[0] + 3600, 6)", 1767225600 + 60)

    assert [each["text"] for each in ticks] == [
        "01:10",
        "01:20",
        "01:30",
        "01:40",
        "01:50",
        "02:00",
    ]


def test_ticks_of_a_year_stand_at_months(browser: Browser):
    ticks = browser.module("times.js", "m.ticks(a[0], a[0] + 365 * 86400, 12)", 1767225600)
    months = [each["text"] for each in ticks]

    assert months[:3] == ["Feb", "Mar", "Apr"]
    assert "2027" in months or len(months) == 11


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(20, "20 s"), (2.5, "2.5 s"), (300, "5 min"), (28800, "8 h"), (302400, "3.5 d")],
)
def test_a_duration_has_its_largest_fitting_unit(browser: Browser, seconds: float, text: str):
    assert browser.module("times.js", "m.duration(a[0])", seconds) == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (0, 1, "10:00:00 to 11:00:00"),
        (0, 24, "10:00:00 to Jan 2 10:00:00"),
        (-24, 0, "Dec 31 10:00:00 to Jan 1 10:00:00"),
    ],
)
def test_a_stretch_names_the_days_if_they_differ(browser: Browser, start: int, end: int, text: str):
    now = 1767258000  # 2026-01-01T09:00:00Z, 10:00 in Berlin
    moments = [now + hours * 3600 for hours in (start, end)]

    assert browser.module("times.js", "m.stretch(...a)", *moments, now) == text


@pytest.mark.parametrize(
    ("text", "cpus"),
    [("0-3,8", [0, 1, 2, 3, 8]), ("5", [5]), ("3, 1", [1, 3]), ("", None), ("3-1", None),
     ("a", None), ("0-99999999", None), ("1,,2", None), ("-1", None)],
)  # fmt: skip
def test_a_cpu_list_is_read_or_refused(browser: Browser, text: str, cpus: list[int] | None):
    assert browser.module("cpulist.js", "m.parse(a[0])", text) == cpus


def test_a_cpu_list_is_written_as_the_kernel_does(browser: Browser):
    assert browser.module("cpulist.js", "m.format([8, 0, 1, 3, 2])") == "0-3,8"


# ---- cells --------------------------------------------------------------------------------------


def points(*stretches: tuple[int, int, dict[str, int]]) -> list[dict[str, object]]:
    def text(second: int) -> str:
        return f"1970-01-01T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"

    return [{"start": text(a), "end": text(b), "counts": counts} for a, b, counts in stretches]


FILL = """(() => { const t = m.emptyTile(10, 0); m.addPoints(t, a[0], a[1]);
  const c = m.columnsIn([t], {start: 0, end: a[1]});
  const s = m.summary(c, [3, 4, 5], new Set([3, 4]));
  return {row: m.rowIn(c, 3), until: t.until, lacks: m.lacks(t, 60), s};
})()"""


def test_points_fill_the_cells_between_their_samples(browser: Browser):
    given = points((0, 10, {"3": 50}), (10, 20, {"3": 0}), (20, 40, {"3": 400}), (40, 45, {"3": 5}))

    found = browser.module("cells.js", FILL, given, 45)

    assert found["row"] == [5, 0, 20, 20, 1]
    assert found["until"] == 40  # the last step is not over
    assert found["lacks"]


def test_samples_far_apart_leave_a_gap(browser: Browser):
    given = points(
        (0, 10, {"3": 10}), (10, 20, {"3": 10}), (20, 50, {"3": 9000}), (50, 60, {"3": 20})
    )

    found = browser.module("cells.js", FILL, given, 60)

    assert found["row"] == [1, 1, None, None, None, 2]
    assert not found["lacks"]


def test_a_summary_has_the_busiest_and_the_mean(browser: Browser):
    given = points((0, 10, {"3": 30, "4": 10}), (10, 20, {"4": 60}))

    found = browser.module("cells.js", FILL, given, 20)["s"]

    assert found["busiest"] == [3, 6]
    assert found["who"] == [3, 4]
    assert found["mean"] == [2, 3]
    assert found["imbalance"] == [1.5, 2]


# ---- verdict ------------------------------------------------------------------------------------


def answer(seconds: float = 10, **irqs: tuple[str, list[int]]) -> dict[str, object]:
    rows = [
        {"irq": irq.strip("_"), "device": device, "counts": counts, "total": sum(counts)}
        for irq, (device, counts) in irqs.items()
    ]
    return {"cpus": [0, 1, 2, 3], "irqs": rows, "window": {"seconds": seconds}}


BUSY = answer(
    _94=("eth1", [0, 0, 0, 45000]), _66=("nvme0", [5000, 5000, 5000, 0]), LOC=("", [90000] * 4)
)
SAY = "m.sentence(m.judge(a[0], new Set(a[1])), a[2], a[3]).map(([text]) => text).join('')"


def test_the_verdict_names_cpu_share_rate_device_and_since_when(browser: Browser):
    # device interrupts: 45,000 of 60,000 in 10 s on CPU 3; the mean is 1,500/s
    said = browser.module("verdict.js", SAY, BUSY, [0, 1, 2, 3], "since 09:19", True)

    assert said == (
        "CPU 3 takes 75% of all device interrupts: 4,500/s, 3 times the mean, "
        "mostly eth1 (IRQ 94), since 09:19."
    )


def test_the_verdict_on_a_stretch_is_in_the_past(browser: Browser):
    said = browser.module("verdict.js", SAY, BUSY, [0, 1, 2, 3], "", False)

    assert said.startswith("CPU 3 took 75%")
    assert said.endswith("mostly eth1 (IRQ 94).")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            answer(_1=("a", [10000, 9000, 11000, 10000])),
            "Calm: 4 CPUs share 4,000 device interrupts a second; "
            "the busiest, CPU 2, has 1.1 times the mean.",
        ),
        (
            answer(_1=("a", [0, 300, 0, 0])),
            "Calm: the busiest, CPU 1, has 30 device interrupts a second.",
        ),
        (answer(LOC=("", [9000] * 4)), "No device interrupts here."),
        (answer(), "No device interrupts here."),
    ],
)
def test_calm_is_said_too(browser: Browser, given: dict[str, object], said: str):
    assert browser.module("verdict.js", SAY, given, [0, 1, 2, 3], "", True) == said


def test_isolated_cpus_are_in_no_mean_and_have_a_sentence(browser: Browser):
    verdict = browser.module("verdict.js", "m.judge(a[0], new Set([0, 1, 2]))", BUSY)
    said = browser.module("verdict.js", "m.onIsolated(a[0], [2, 3])", BUSY)

    assert verdict["kind"] == "calm"
    assert said == [
        "CPU 3 is isolated, yet eth1 (IRQ 94) fires on it: 4,500/s.",
        "CPU 2 is isolated, yet nvme0 (IRQ 66) fires on it: 500/s.",
    ]


@pytest.mark.parametrize(
    ("rates", "at"),
    [
        ([1, 1, 1, 90, 100, 95], 3),
        ([100, 90, 95], None),
        ([100, 1, 100, 99], None),  # one low column is no beginning
        ([100, 1, 2, 100, 99, 98], 3),
        ([1, 1, None, None, 80, 80], 4),
        ([], None),
        ([None, None], None),
    ],
)
def test_since_when_is_where_the_rate_rose_for_good(
    browser: Browser, rates: list[float | None], at: int | None
):
    assert browser.module("verdict.js", "m.since(a[0])", rates) == at


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([0, 0, 0, 1000], [500, 0, 0, 500], "helped: the busiest CPU has 50% less to do."),
        ([500, 0, 0, 500], [0, 0, 0, 1000], "did not help: the busiest CPU has 100% more to do."),
        ([0, 0, 0, 1000], [980, 0, 0, 0], "changed little: the busiest CPU is about as busy."),
    ],
)
def test_a_comparison_says_whether_a_change_helped(
    browser: Browser, before: list[int], after: list[int], said: str
):
    given = [answer(_1=("a", counts)) for counts in (before, after)]

    found = browser.module("verdict.js", "m.compare(a[0], a[1], new Set([0, 1, 2, 3]))", *given)

    assert found["text"] == f"The change {said}"
    assert found["before"]["rate"] == max(before) / 10


# ---- health -------------------------------------------------------------------------------------

HEALTH = """m.health({now: 1000, last: 995, interval: 10, isReachable: true, isPaused: false,
  sampler: {state: 'running'}, ...a[0]})"""


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        ({}, "live", "live · last sample 5 s ago"),
        ({"isPaused": True}, "paused", "paused · last sample 5 s ago"),
        ({"last": 900}, "stale", "no new sample for 100 s"),
        ({"last": None}, "waiting", "waiting for the first sample"),
        (
            {"sampler": {"state": "failing", "last_error": "no space left"}, "isPaused": True},
            "failing",
            "sampler failing: no space left",
        ),
        (
            {"isReachable": False, "last": 700},
            "unreachable",
            "server unreachable · picture is 5 min old · trying again",
        ),
    ],
)
def test_the_state_is_named(browser: Browser, given: dict[str, object], kind: str, text: str):
    assert browser.module("health.js", HEALTH, given) == {"kind": kind, "text": text}


def test_a_short_history_says_how_much_there_is(browser: Browser):
    window = {
        "complete": False,
        "gaps": 0,
        "start": "2026-01-01T08:15:47Z",
        "end": "2026-01-01T08:16:15Z",
        "requested": {"start": "2026-01-01T08:15:15Z", "end": "2026-01-01T08:16:15Z"},
    }
    said = browser.module("health.js", "m.missing(a[0], Date.parse(a[0].end) / 1000)", window)

    assert said == "history starts 09:15:47: 28 s of 60 s"
