"""One value becomes one piece of text for a terminal. Pure.

Names come from the network: `visible` makes them harmless before they are shown anywhere.
"""

from collections.abc import Collection
from math import ceil

ELLIPSIS = "…"

_HEAD_SHARES = (0.5, 0.7, 0.3, 0.9)

_BYTE_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_RATE_UNITS = ("k", "M", "G", "T")
_SPANS = ((2 * 86_400, 86_400, "days"), (2 * 3600, 3600, "hours"), (120, 60, "minutes"))
"""The least seconds, the divisor and the name of each unit."""


def visible(text: str) -> str:
    r"""Return the text with every character that a terminal might obey written as an escape.

    Unicode does not call them printable: control characters (``\x1b``), line ends, marks that turn
    the writing direction (``\u202e``), blanks other than the plain one, half surrogates.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def cell_width(text: str) -> int:
    """Return the number of terminal cells that a text takes.

    A Chinese character takes two, a combining accent none. Source: Unicode, UAX #11; wcwidth(3).
    """
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    marks = sum(category(each).startswith("M") for each in text)
    return len(text) - marks + sum(east_asian_width(each) in "WF" for each in text)


def shortened(text: str, width: int, head_share: float = 0.5) -> str:
    """Return the text in at most `width` cells (at least 1), a part left out if it is longer.

    `head_share` of the kept cells is from the beginning, the rest from the end. By halves,
    ``virtio12-input.0`` in 9 cells is ``virt…ut.0``. Blanks at its end go first.
    """
    if cell_width(text) <= width or cell_width(text := text.rstrip()) <= width:
        return text
    kept = width - 1
    head_cells = ceil(kept * head_share)
    if text.isascii():
        return text[:head_cells] + ELLIPSIS + text[len(text) - (kept - head_cells) :]
    head, tail = "", ""
    for character in text:
        if cell_width(head + character) > head_cells:
            break
        head += character
    for character in reversed(text):
        if cell_width(head + character + tail) > kept:
            break
        tail = character + tail
    return head + ELLIPSIS + tail


def telling_share(texts: Collection[str], width: int) -> float:
    """Return the `head_share` by which `shortened` keeps most of the texts apart.

    Queues of one card may differ anywhere: ``mlx5_comp35@pci:0000:c1:00.0``, ``eth0-TxRx-3``.
    """
    long = {text for text in texts if cell_width(text) > width}
    best, most = _HEAD_SHARES[0], 0
    for share in _HEAD_SHARES:
        found = len({shortened(text, width, share) for text in long})
        if found > most:
            best, most = share, found
        if most == len(long):
            break
    return best


def aligned(text: str, width: int, right: bool) -> str:
    """Return the text filled up with blanks to `width` cells."""
    fill = " " * (width - cell_width(text))
    return fill + text if right else text + fill


def count_text(count: int) -> str:
    """Return a count, grouped by thousands: ``5,604``."""
    return f"{count:,}"


def rate_text(per_second: float) -> str:
    """Return a rate for people: ``93.4``, from a thousand on ``1.23k``, ``45.6k``, ``1.23M``."""
    if per_second < 999.95:
        return f"{per_second:.1f}"
    size, unit = per_second, ""
    for larger in _RATE_UNITS:
        if size < 999.95:
            break
        size, unit = size / 1000, larger
    decimals = 2 if size < 9.995 else 1 if size < 99.95 else 0
    return f"{size:,.{decimals}f}{unit}"


def bytes_text(size: int) -> str:
    """Return a size in the largest unit of 1024 that leaves at least 1: ``1.5 GiB``."""
    unit = 0
    while unit + 1 < len(_BYTE_UNITS) and size >= 1024 ** (unit + 1):
        unit += 1
    return f"{size:,} bytes" if unit == 0 else f"{size / 1024**unit:,.1f} {_BYTE_UNITS[unit]}"


def span_text(seconds: float) -> str:
    """Return a length of time: ``60 s``, ``0.25 s``, ``15 minutes``, ``36.5 hours``, ``7 days``."""
    for at_least, unit_seconds, unit in _SPANS:
        if seconds >= at_least:
            return f"{_trimmed(seconds / unit_seconds, 1)} {unit}"
    return f"{_trimmed(seconds, 3)} s"


def _trimmed(number: float, decimals: int) -> str:
    """Return a number with at most `decimals`, without zeros at its end."""
    text = f"{number:,.{decimals}f}"
    return text.rstrip("0").rstrip(".")


def numbered(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 gap``, ``2 gaps``."""
    return f"{count_text(count)} {noun}" + ("" if count == 1 else "s")
