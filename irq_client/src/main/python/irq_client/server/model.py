"""JSON answers become values. Pure. An answer that breaks an irq_server's promise is a ShapeError.

Every field that is used is checked: is it there, of its type, not negative, finite, and as long as
the list of CPUs? Unknown fields are ignored, so that a server may say more than this client shows.

Times are Moments, texts as they came; counts are whole numbers, rates are per second.
"""

from typing import NamedTuple, Protocol

from .event_kinds import AFFINITY
from .json_fields import JsonObject
from .times import Moment

Json = bytes
"""The JSON of a whole answer, as it came."""


class Answer(Protocol):
    """A whole answer of a server."""

    @property
    def text(self) -> Json:
        """The JSON as it came."""


class Window(NamedTuple):
    """The samples that an answer was made of; `start` and `end` are their times."""

    start: Moment
    end: Moment
    seconds: float
    samples: int
    complete: bool
    gaps: int
    resets: int
    resolution_seconds: float = 0.0
    """How far apart samples are; 0.0 if the server does not say."""

    requested: tuple[Moment, Moment] | None = None
    """The edges that the request named; None if the server does not say."""

    note: str = ""
    """Why the counts are not exact; empty if they are."""


class Irq(NamedTuple):
    """One IRQ in a window. `counts` follows the answer's CPUs; None if the row has no CPU."""

    irq: str
    device: str
    counts: tuple[int, ...] | None
    total: int
    rate: float
    affinity: str | None = None
    effective_affinity: str | None = None
    writable: bool = False
    pending: bool = False
    interface: str = ""
    """The network interface of its device; empty if it has none."""

    above: tuple[str, ...] = ()
    """The bonds, VLANs and bridges above that interface."""

    description: str = ""
    """The kernel's words for a row without a number; empty if the server does not know them."""

    @property
    def device_names(self) -> tuple[str, ...]:
        """Return the names of its device: all action names, each of them, and the interfaces."""
        interfaces = (*self.interface.split(", "), *self.above)
        return (self.device, *self.device.split(", "), *interfaces)


class Interrupts(NamedTuple):
    """IRQ by CPU. `totals` follows `cpus`; with `top` it counts more than `irqs` shows."""

    window: Window
    cpus: tuple[int, ...]
    irqs: tuple[Irq, ...]
    totals: tuple[int, ...]
    total: int
    devices: tuple[int, ...] | None = None
    """The part of `totals` that devices asked for; None if the rows say it."""
    text: Json = b""


class Irqs(NamedTuple):
    """All IRQs, with what `/irqs` says of each."""

    window: Window
    cpus: tuple[int, ...]
    irqs: tuple[Irq, ...]
    total: int
    text: Json = b""


class OneIrq(NamedTuple):
    """One IRQ, its counts following `cpus`."""

    window: Window
    cpus: tuple[int, ...]
    irq: Irq
    text: Json = b""


class Cpu(NamedTuple):
    """One CPU in a window."""

    cpu: int
    total: int
    rate: float
    devices: int | None = None
    """The part of `total` that devices asked for; None if the server does not say."""


class Cpus(NamedTuple):
    """All CPUs."""

    window: Window
    cpus: tuple[Cpu, ...]
    total: int
    imbalance: float | None = None
    """The device load of the busiest usable CPU over the mean; None if there is no load."""
    text: Json = b""


class OneCpu(NamedTuple):
    """One CPU, and what each IRQ (its `counts` are None) counted there."""

    window: Window
    cpu: Cpu
    irqs: tuple[Irq, ...]
    text: Json = b""


class Point(NamedTuple):
    """One step of a series: the samples used, and counts by key."""

    start: Moment
    end: Moment
    total: int
    counts: dict[str, int]


class Series(NamedTuple):
    """Counts per step; `by` says what the keys are."""

    window: Window
    step_seconds: float
    by: str
    points: tuple[Point, ...]
    text: Json = b""


class Event(NamedTuple):
    """Something that happened at `time`; `irq` and `cpu` are None if it concerns none."""

    time: Moment
    event: str
    irq: str | None
    cpu: int | None
    detail: str
    by: str = ""
    """Who asked this server for it: an address; empty for a change that was only noticed."""

    @property
    def change(self) -> tuple[str, str] | None:
        """The CPU lists before and after an affinity change; None for another event."""
        before, arrow, after = self.detail.partition(" -> ")
        return (before, after) if self.event == AFFINITY and arrow else None


class Events(NamedTuple):
    """The events of a window, as the server sorts them."""

    window: Window
    events: tuple[Event, ...]
    text: Json = b""


class Affinity(NamedTuple):
    """The CPUs that an IRQ may go to, and those where the kernel sends it (None: not known).

    `pending`: the kernel carries a change out at the next interrupt.
    """

    irq: str
    device: str
    affinity: str | None
    effective_affinity: str | None
    writable: bool
    pending: bool
    text: Json = b""


class Status(NamedTuple):
    """How sampler and store are doing. None: the server does not know."""

    state: str
    interval_seconds: float
    last_sample: Moment | None
    samples: int
    late: int
    last_error: str | None
    bytes: int
    max_bytes: int | None
    oldest: Moment | None
    newest: Moment | None
    holds_seconds: float | None
    damaged: int
    usable: frozenset[int] | None = None
    """The CPUs that are online and not isolated; None if the server does not say."""
    text: Json = b""


def read_interrupts(answer: JsonObject) -> Interrupts:
    """Read an answer of `/interrupts`."""
    cpus = answer.counts("cpus")
    return Interrupts(
        window=_window(answer),
        cpus=cpus,
        irqs=tuple(_irq(each, len(cpus)) for each in answer.objects("irqs")),
        totals=answer.counts("totals", len(cpus)),
        total=answer.whole("total"),
        devices=answer.counts("devices", len(cpus)) if answer.has("devices") else None,
        text=answer.source,
    )


def read_irqs(answer: JsonObject) -> Irqs:
    """Read an answer of `/irqs`."""
    cpus = answer.counts("cpus")
    rows = tuple(_irq_with_affinity(each, len(cpus)) for each in answer.objects("irqs"))
    return Irqs(_window(answer), cpus, rows, answer.whole("total"), answer.source)


def read_one_irq(answer: JsonObject) -> OneIrq:
    """Read an answer of `/irqs/{irq}`."""
    cpus = answer.counts("cpus")
    return OneIrq(_window(answer), cpus, _irq_with_affinity(answer, len(cpus)), answer.source)


def read_cpus(answer: JsonObject) -> Cpus:
    """Read an answer of `/cpus`."""
    rows = tuple(_cpu(each) for each in answer.objects("cpus"))
    imbalance = answer.default_number("imbalance", 0.0) or None
    return Cpus(_window(answer), rows, answer.whole("total"), imbalance, answer.source)


def read_one_cpu(answer: JsonObject) -> OneCpu:
    """Read an answer of `/cpus/{cpu}`."""
    rows = tuple(
        Irq(
            irq=each.text("irq"),
            device=each.optional_text("device") or "",
            counts=None,
            total=each.whole("total"),
            rate=each.number("rate"),
            description=_description(each),
        )
        for each in answer.objects("irqs")
    )
    return OneCpu(_window(answer), _cpu(answer), rows, answer.source)


def read_series(answer: JsonObject) -> Series:
    """Read an answer of `/series`."""
    points = tuple(
        Point(
            start=each.moment("start"),
            end=each.moment("end"),
            total=each.whole("total"),
            counts=each.counts_by_key("counts"),
        )
        for each in answer.objects("points")
    )
    step, by = answer.number("step_seconds"), answer.text("by")
    return Series(_window(answer), step, by, points, answer.source)


def read_events(answer: JsonObject) -> Events:
    """Read an answer of `/events`."""
    events = tuple(
        Event(
            time=each.moment("time"),
            event=each.text("event"),
            irq=each.optional_text("irq"),
            cpu=each.optional_whole("cpu"),
            detail=each.optional_text("detail") or "",
            by=each.text("by"),
        )
        for each in answer.objects("events")
    )
    return Events(_window(answer), events, answer.source)


def read_affinity(answer: JsonObject) -> Affinity:
    """Read an answer of `/irqs/{irq}/affinity`, to GET or to PUT."""
    return Affinity(
        irq=answer.text("irq"),
        device=answer.optional_text("device") or "",
        affinity=answer.optional_text("affinity"),
        effective_affinity=answer.optional_text("effective_affinity"),
        writable=answer.flag("writable"),
        pending=answer.flag("pending"),
        text=answer.source,
    )


def read_status(answer: JsonObject) -> Status:
    """Read an answer of `/status`."""
    sampler, store = answer.inner("sampler"), answer.inner("store")
    return Status(
        state=sampler.text("state"),
        interval_seconds=sampler.number("interval_seconds"),
        last_sample=sampler.optional_moment("last_sample"),
        samples=sampler.whole("samples"),
        late=sampler.whole("late"),
        last_error=sampler.optional_text("last_error"),
        bytes=store.whole("bytes"),
        max_bytes=store.optional_whole("max_bytes"),
        oldest=store.optional_moment("oldest"),
        newest=store.optional_moment("newest"),
        holds_seconds=store.optional_number("holds_seconds"),
        damaged=store.whole("damaged"),
        usable=_usable(answer),
        text=answer.source,
    )


def _usable(answer: JsonObject) -> frozenset[int] | None:
    if not answer.has("cpus"):
        return None
    cpus = answer.objects("cpus")
    return frozenset(
        each.whole("cpu") for each in cpus if each.flag("online") and not each.flag("isolated")
    )


def _window(answer: JsonObject) -> Window:
    window = answer.inner("window")
    return Window(
        start=window.moment("start"),
        end=window.moment("end"),
        seconds=window.number("seconds"),
        samples=window.whole("samples"),
        complete=window.flag("complete"),
        gaps=window.whole("gaps"),
        resets=window.whole("resets"),
        resolution_seconds=window.default_number("resolution_seconds", 0.0),
        requested=_requested(window) if window.has("requested") else None,
        note=window.text("note") if window.has("note") else "",
    )


def _requested(window: JsonObject) -> tuple[Moment, Moment]:
    requested = window.inner("requested")
    return requested.moment("start"), requested.moment("end")


def _irq(row: JsonObject, cpu_count: int) -> Irq:
    return Irq(
        irq=row.text("irq"),
        device=row.optional_text("device") or "",
        counts=row.optional_counts("counts", cpu_count),
        total=row.whole("total"),
        rate=row.number("rate"),
        description=_description(row),
    )


def _description(row: JsonObject) -> str:
    return row.text("description") if row.has("description") else ""


def _irq_with_affinity(row: JsonObject, cpu_count: int) -> Irq:
    return _irq(row, cpu_count)._replace(
        affinity=row.optional_text("affinity"),
        effective_affinity=row.optional_text("effective_affinity"),
        writable=row.has("writable") and row.flag("writable"),
        pending=row.has("pending") and row.flag("pending"),
        interface=row.text("interface") if row.has("interface") else "",
        above=row.list_of_texts("above") if row.has("above") else (),
    )


def _cpu(row: JsonObject) -> Cpu:
    devices = row.whole("devices") if row.has("devices") else None
    return Cpu(row.whole("cpu"), row.whole("total"), row.number("rate"), devices)
