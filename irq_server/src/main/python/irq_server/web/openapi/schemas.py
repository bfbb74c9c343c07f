"""JSON Schemas (2020-12) of the answers: one for each object that serialize.py makes."""

from collections.abc import Mapping
from typing import Any

from ...events import Kind
from ..parameters import CPU_LIST_PATTERN, MAX_CPU_LIST_CHARACTERS

Schema = dict[str, Any]


def _object(help_text: str, **properties: Schema) -> Schema:
    """Return the schema of an object with exactly these properties."""
    return {
        "type": "object",
        "description": help_text,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Schema, help_text: str = "") -> Schema:
    return {"type": "array", "items": items} | ({"description": help_text} if help_text else {})


def _text(help_text: str) -> Schema:
    return {"type": "string", "description": help_text}


def _or_null(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]}


def _natural(help_text: str) -> Schema:
    return {"type": "integer", "minimum": 0, "description": help_text}


def _seconds(help_text: str) -> Schema:
    return {"type": "number", "minimum": 0, "description": f"{help_text}, seconds"}


_MOMENT: Schema = {"type": "string", "format": "date-time", "description": "RFC 3339, UTC"}
_TRUTH: Schema = {"type": "boolean"}
_IRQ = _text("The IRQ's name in the store")
_DEVICE = _text("The action names, joined by `, `; empty if there are none")
_CPU = _natural("The kernel's number of the CPU")
_CPUS = _list(_CPU, "The CPUs that `counts` follow, rising")
_TOTAL = _natural("Interrupts in the window")
_RATE: Schema = {"type": "number", "minimum": 0, "description": "Interrupts per second"}
_COUNTS = _list(_natural("Interrupts on a CPU")) | {
    "type": ["array", "null"],
    "description": "Interrupts by CPU; null for a row with one figure for the machine",
}
_AFFINITY = _or_null(_text("The CPUs that it may go to, a CPU list; null if the kernel has none"))
_EFFECTIVE = _or_null(_text("Where the kernel really sends it; null if it does not say"))
_ALL = _natural("Interrupts in the window, on all CPUs, of all that passes the filters")
_WINDOW = _ref("Window")

_COUNTED = {"irq": _IRQ, "device": _DEVICE, "counts": _COUNTS, "total": _TOTAL, "rate": _RATE}
_PLACED = {**_COUNTED, "affinity": _AFFINITY, "effective_affinity": _EFFECTIVE}
_ON_ONE_CPU = {"irq": _IRQ, "device": _DEVICE, "total": _TOTAL, "rate": _RATE}

SCHEMAS: Mapping[str, Schema] = {
    "Window": _object(
        "The samples that were really used, half-open `(start, end]`, and what is known of them",
        start=_MOMENT,
        end=_MOMENT,
        seconds=_seconds("From the first to the last sample"),
        samples=_natural("Samples in it, both edges counted"),
        complete={
            **_TRUTH,
            "description": "False if the store does not reach back to the start, an edge lies "
            "in a gap, or counts were lost",
        },
        gaps=_natural("Neighbours more than 2.5 intervals apart"),
        resets=_natural("IRQs that started again from zero"),
        resolution_seconds=_seconds("Time between samples"),
        tier=_text("The part of the store that it was read from: raw, 1m, 1h"),
        requested=_object("The requested window", start=_MOMENT, end=_MOMENT),
    ),
    "Interrupts": _object(
        "IRQ by CPU counts",
        window=_WINDOW,
        cpus=_CPUS,
        irqs=_list(_object("One IRQ", **_COUNTED)),
        totals=_list(_natural("Interrupts on a CPU"), "By CPU, in the order of `cpus`"),
        total=_ALL,
    ),
    "Irqs": _object(
        "IRQs with their affinity",
        window=_WINDOW,
        cpus=_CPUS,
        irqs=_list(_object("One IRQ", **_PLACED)),
        total=_ALL,
    ),
    "Irq": _object("One IRQ", window=_WINDOW, cpus=_CPUS, **_PLACED),
    "Affinity": _object(
        "Where an IRQ may go",
        irq=_IRQ,
        device=_DEVICE,
        affinity=_AFFINITY,
        effective_affinity=_EFFECTIVE,
        writable=_TRUTH | {"description": "False if only the kernel places it"},
        pending=_TRUTH
        | {"description": "Whether it still arrives elsewhere, until its next interrupt"},
    ),
    "Cpus": _object(
        "CPUs",
        window=_WINDOW,
        cpus=_list(
            _object(
                "One CPU",
                cpu=_CPU,
                total=_TOTAL,
                rate=_RATE,
                devices=_natural("Of the total, what devices asked for: not ticks, not IPIs"),
            )
        ),
        total=_ALL,
        imbalance={
            "type": "number",
            "minimum": 1,
            "description": "`devices` of the busiest CPU that is online and not isolated, over the "
            "mean of such CPUs; 1 is perfect",
        },
    ),
    "Cpu": _object(
        "One CPU",
        window=_WINDOW,
        cpu=_CPU,
        total=_TOTAL,
        rate=_RATE,
        irqs=_list(_object("One IRQ on that CPU", **_ON_ONE_CPU)),
    ),
    "Series": _object(
        "Counts per step",
        window=_WINDOW,
        step_seconds=_seconds("The step"),
        by={"type": "string", "enum": ["total", "cpu", "irq", "irq,cpu"]},
        points=_list(
            _object(
                "One step, from sample to sample",
                start=_MOMENT,
                end=_MOMENT,
                total=_ALL,
                counts={
                    "type": "object",
                    "description": "By `total`, CPU, IRQ or `IRQ,CPU`; IRQs that fired only",
                    "additionalProperties": _natural("Interrupts"),
                },
            )
        ),
    ),
    "Events": _object(
        "What happened",
        window=_WINDOW,
        events=_list(
            _object(
                "One event",
                time=_MOMENT,
                event={"type": "string", "enum": list(Kind)},
                irq=_or_null(_IRQ),
                cpu=_or_null(_CPU),
                detail=_text("What else is known; of affinity `OLD -> NEW`"),
                by=_text("Who asked this server for the change; empty if nobody did"),
            )
        ),
    ),
    "Status": _object(
        "How the server does",
        sampler=_object(
            "The thread that samples",
            state={"type": "string", "enum": ["running", "failing", "stopped"]},
            interval_seconds=_seconds("The sampling interval"),
            last_sample=_or_null(_MOMENT),
            samples=_natural("Samples that this process took"),
            late=_natural("Of them, those that came late"),
            last_error=_or_null(_text("Why it fails; null while it does not")),
        ),
        store=_object(
            "The data directory",
            bytes=_natural("Its size"),
            max_bytes=_natural("The cap on it"),
            oldest=_or_null(_MOMENT),
            newest=_or_null(_MOMENT),
            holds_seconds=_or_null(_seconds("How long the cap holds at the present rate")),
            damaged=_natural("Bytes that are damaged"),
        ),
        now=_MOMENT,
        hostname=_text("The machine's name"),
        version=_text("irq_server's version"),
        writes_allowed={**_TRUTH, "description": "Whether a token may set affinities here"},
        cpus=_list(
            _object(
                "One CPU that was ever seen",
                cpu=_CPU,
                online=_TRUTH,
                node=_or_null(_natural("Its NUMA node; null if it is unknown")),
                isolated={**_TRUTH, "description": "Kept free of other work: isolcpus, nohz_full"},
            )
        ),
    ),
    "Health": _object("All is well", status={"type": "string", "enum": ["ok", "ready"]}),
    "Document": {"type": "object", "description": "An OpenAPI document", "required": ["openapi"]},
    "AffinityRequest": {
        "description": "The CPUs that the IRQ may go to",
        "oneOf": [
            _object(
                "A CPU list",
                cpus={
                    "type": "string",
                    "maxLength": MAX_CPU_LIST_CHARACTERS,
                    "pattern": CPU_LIST_PATTERN,
                    "description": "A CPU list such as `0-3,8`",
                },
            ),
            _object("One CPU", cpu={"type": "integer", "minimum": 0, "maximum": 65535}),
        ],
    },
    "Problem": {
        "type": "object",
        "description": "What is wrong, RFC 9457",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": _text("The status in words"),
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": _text("What is wrong, and what would be right"),
            "parameter": _text("The parameter or field at fault, where one is"),
        },
        "required": ["type", "title", "status", "detail"],
        "additionalProperties": False,
    },
}
