"""JSON Schemas (2020-12): the parts of which routes.py makes the schema of each answer. Pure.

The first of a part's ``examples`` goes into the document's example of each answer that has it.
"""

from typing import Any

from ..kernel.cpuset import MAX_CPU
from .parameters import CPU_LIST_PATTERN, MAX_CPU_LIST_CHARACTERS

Schema = dict[str, Any]


def fields(help_text: str, **properties: Schema) -> Schema:
    """Return the schema of an object with exactly these properties."""
    return {
        "type": "object",
        "description": help_text,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def listed(items: Schema, help_text: str, *example: Any) -> Schema:
    """Return the schema of an array; without an example, its items make one."""
    shown = {"examples": [list(example)]} if example else {}
    return {"type": "array", "items": items, "description": help_text} | shown


def text(help_text: str, example: str) -> Schema:
    """Return the schema of a string."""
    return {"type": "string", "description": help_text, "examples": [example]}


def or_null(schema: Schema, *example: None) -> Schema:
    """Return a schema that also takes null, which is its example if it is given."""
    shown = {"examples": list(example)} if example else {}
    return schema | {"type": [schema["type"], "null"]} | shown


def natural(help_text: str, example: int) -> Schema:
    """Return the schema of a whole number."""
    return {"type": "integer", "minimum": 0, "description": help_text, "examples": [example]}


def number(help_text: str, example: float) -> Schema:
    """Return the schema of a number."""
    return {"type": "number", "minimum": 0, "description": help_text, "examples": [example]}


def truth(help_text: str, example: bool) -> Schema:
    """Return the schema of a truth value."""
    return {"type": "boolean", "description": help_text, "examples": [example]}


def moment(example: str) -> Schema:
    """Return the schema of a moment."""
    return text("RFC 3339, UTC", example) | {"format": "date-time"}


START, END = moment("2026-01-01T00:00:00.000Z"), moment("2026-01-01T00:01:00.000Z")
IRQ = text("The IRQ's name in the store", "36")
DEVICE = text("The action names, joined by `, `; empty if there are none", "virtio1-req.0")
CPU = natural("The kernel's number of the CPU", 1)
CPUS = listed(CPU, "The CPUs that `counts` follow, rising", 0, 1)
TOTAL = natural("Interrupts in the window", 5604)
RATE = number("Interrupts per second", 93.4)
COUNT = natural("Interrupts on a CPU", 5604)
COUNTS = or_null(
    listed(COUNT, "Interrupts by CPU; null for a row with one figure for the machine", 0, 5604)
)
AFFINITY = or_null(text("The CPUs that it may go to, a CPU list; null if the kernel has none", "1"))
EFFECTIVE = or_null(text("Where the kernel really sends it; null if it does not say", "1"))
ALL = natural("Interrupts in the window, on all CPUs, of all that passes the filters", 5604)
NAMED = {
    "irq": IRQ,
    "device": DEVICE,
    "description": text(
        "The kernel's words for a row without a number; empty for a numbered one, or if it is gone",
        "",
    ),
}
COUNTED = {**NAMED, "counts": COUNTS, "total": TOTAL, "rate": RATE}
PLACE = {
    "affinity": AFFINITY,
    "effective_affinity": EFFECTIVE,
    "writable": truth("False if the kernel alone places it", True),
    "pending": truth("Whether it still arrives elsewhere, until its next interrupt", False),
}
INTERFACE = text("The network interface of its device; empty if it has none", "")
ABOVE = listed(text("The name of an interface", "bond0"), "The bonds, VLANs and bridges above it")
PLACED = {**COUNTED, **PLACE, "interface": INTERFACE, "above": ABOVE}
WINDOW = {"$ref": "#/components/schemas/Window"}

SHARED: dict[str, Schema] = {
    "Window": fields(
        "The samples that were really used, half-open `(start, end]`, and what is known of them",
        start=START,
        end=END,
        seconds=number("From the first to the last sample, seconds", 60.0),
        samples=natural("Samples in it, both edges counted", 7),
        complete=truth(
            "False if the store does not reach back to the start, an edge lies in a gap, or "
            "counts were lost",
            True,
        ),
        gaps=natural("Neighbours more than 2.5 intervals apart", 0),
        resets=natural("IRQs that started again from zero", 0),
        resolution_seconds=number("Time between samples, seconds", 10.0),
        tier=text("The part of the store that it was read from: raw, 1m, 1h", "raw"),
        requested=fields("The requested window", start=START, end=END),
    ),
    "Affinity": fields(
        "Where an IRQ may go",
        irq=IRQ,
        device=DEVICE,
        **PLACE,
    ),
    "AffinityRequest": {
        "description": "The CPUs that the IRQ may go to",
        "oneOf": [
            fields(
                "A CPU list",
                cpus={
                    "type": "string",
                    "maxLength": MAX_CPU_LIST_CHARACTERS,
                    "pattern": CPU_LIST_PATTERN,
                    "description": "A CPU list such as `0-3,8`",
                },
            ),
            fields("One CPU", cpu={"type": "integer", "minimum": 0, "maximum": MAX_CPU}),
        ],
    },
    "Problem": {
        "type": "object",
        "description": "What is wrong, RFC 9457",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string", "description": "The status in words"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What is wrong, and what would be right"},
            "parameter": {
                "type": "string",
                "description": "The parameter or field at fault, where one is",
            },
        },
        "required": ["type", "title", "status", "detail"],
        "additionalProperties": False,
    },
}
"""Schemas that several answers share."""
