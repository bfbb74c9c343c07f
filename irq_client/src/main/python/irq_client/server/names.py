"""The names that a person gives to IRQs become the IRQs of a server. Pure.

A name is the first column of /proc/interrupts (``36``, ``NMI``, ``THR#2``), or a device, one of its
action names, its interface, or a bond or VLAN above that, as it is written (``ahci[0000:00:1f.2]``,
``eth0``, ``bond0``); else a list of names (``36,38-41``), or a range of numbers; else a shell
pattern on all of these (``eth0-*``).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ..errors import NoMatchError, near

if TYPE_CHECKING:
    from .model import Irq

NUMBER = re.compile(r"[0-9]{1,9}(?:#[0-9]{1,4})?", re.ASCII)
_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})", re.ASCII)
_MOST_NEAR = 3


def find_irqs(name: str, irqs: Sequence["Irq"]) -> tuple["Irq", ...]:
    """Return the IRQs that a name means, in their order. Raise NoMatchError if there are none."""
    found = _as_written(name, irqs, _names)
    parts = [part.strip() for part in name.split(",") if part.strip()]
    if not found and len(parts) > 1:
        wanted = {each.irq for part in parts for each in find_irqs(part, irqs)}
        found = [each for each in irqs if each.irq in wanted]
    if not found and (bounds := _RANGE.fullmatch(name)):
        first, last = int(bounds[1]), int(bounds[2])
        found = [each for each in irqs if first <= _number(each) <= last]
    found = found or _matching(name, irqs, _names)
    if not found:
        raise NoMatchError(f"no IRQ is named {name!r}{_nearby(name, irqs, _names)}")
    return tuple(found)


def find_device(name: str, irqs: Sequence["Irq"]) -> tuple["Irq", ...] | None:
    """Return the IRQs of a device as it is written, None for a pattern that matches some device.

    Raise NoMatchError if it is neither.
    """
    if found := _as_written(name, irqs, _devices):
        return tuple(found)
    if not _matching(name, irqs, _devices):
        raise NoMatchError(f"no device matches {name!r}{_nearby(name, irqs, _devices)}")
    return None


def resolve(
    names: Sequence[str], device: str, irqs: Sequence["Irq"]
) -> tuple[tuple[str, ...], str]:
    """Return the IRQs' own names that names and a device mean, and the device if it is a pattern.

    Raise NoMatchError if a name or the device means none, or the device none of these names.
    """
    found = {each.irq for name in names for each in find_irqs(name, irqs)}
    written = find_device(device, irqs) if device else None
    if written is not None:
        of_device = {each.irq for each in written}
        found = found & of_device if names else of_device
        if not found:
            raise NoMatchError(f"none of these IRQs is of the device {device!r}")
    return tuple(each.irq for each in irqs if each.irq in found), "" if written else device


def _devices(irq: "Irq") -> tuple[str, ...]:
    return irq.device_names


def _names(irq: "Irq") -> tuple[str, ...]:
    return (irq.irq, *_devices(irq))


_NamesOf = Callable[["Irq"], tuple[str, ...]]


def _as_written(name: str, irqs: Iterable["Irq"], names: _NamesOf) -> list["Irq"]:
    return [each for each in irqs if name and name in names(each)]


def _matching(pattern: str, irqs: Iterable["Irq"], names: _NamesOf) -> list["Irq"]:
    return [
        each
        for each in irqs
        if any(fnmatchcase(name, pattern) for name in filter(None, names(each)))
    ]


def _number(irq: "Irq") -> int:
    """Return the number of an IRQ, -1 for a label."""
    number = irq.irq.partition("#")[0]
    return int(number) if number.isdecimal() else -1


def _nearby(name: str, irqs: Iterable["Irq"], names: _NamesOf) -> str:
    """Return the end of a message: the names that look like this one, or how to see all."""
    irqs = list(irqs)
    if NUMBER.fullmatch(name):
        wanted = int(name.partition("#")[0])
        numbered = [each for each in irqs if _number(each) >= 0]
        closest = sorted(numbered, key=lambda each: abs(_number(each) - wanted))
        found = [each.irq for each in closest[:_MOST_NEAR]]
    else:
        every = dict.fromkeys(each for irq in irqs for each in names(irq) if each)
        found = near(name.strip("*"), every, _MOST_NEAR)
    return f"; near: {', '.join(found)}" if found else "; irq_client irqs lists them"
