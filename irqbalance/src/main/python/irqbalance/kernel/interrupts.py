"""The text of /proc/interrupts as values: a Snapshot of rows. Pure: text in, values out.

The file, on a machine whose CPU 1 is offline::

               CPU0       CPU2       CPU3
      0:         82          0          0   IO-APIC   2-edge      timer
     25:         26          0          0   PCI-MSI 32769-edge      virtio1-req.0
    LOC:       1681       1579       1748   Local timer interrupts
    ERR:          0

The header names the online CPUs, so numbers may be missing. A row is a label up to the first colon,
one cell per CPU of the header, and free text. Nothing need follow the colon: arm prints
``IPI0:4294967295``. Widths differ between kernels, so no cell has a fixed offset. Of the rows that
no device owns, some hold one figure for the whole machine (``ERR``, ``MIS``, ``Err``). Some hold
none at all (arm's ``FIQ:   usb_fiq``). A label may stand twice (powerpc's ``LOC``).

A CPU may come or go while the kernel prints the file. Each row has a cell for each CPU that is
online then, so later rows have more cells than the header, or fewer. Nobody knows whose their cells
are: such a text is refused, and a reader of a live file reads it again.

Source: kernel/irq/proc.c (show_interrupts) and arch/*/kernel/{irq,smp}.c of Linux 6.12;
Documentation/filesystems/proc.rst.
"""

import re
from itertools import compress, pairwise
from operator import ne
from typing import NamedTuple

from ..errors import InterruptsFormatError
from .cpuset import MAX_CPU

CELL_MODULUS = 2**32
"""Cells are ``unsigned int`` and wrap here. Source: include/linux/irqdesc.h, struct irqstat."""

_CELL_DIGITS = len(str(CELL_MODULUS))

FIGURE_MODULUS = 2**64
"""A figure of the whole machine is ``unsigned long`` at the most (alpha's ``ERR``)."""

SUBTOTAL_LABELS = frozenset({"EXT", "I/O", "AIO"})
"""s390x rows that add up the rows below them. Source: arch/s390/kernel/irq.c, show_interrupts."""

_CPU_NAME = re.compile(r"CPU([0-9]{1,5})", re.ASCII)
_IRQ_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)

# A text begins with the name of a chip or with a word, "-" for a chip without a name. A number by
# itself is a cell, unless a level follows: that is a hardware IRQ whose chip's name is empty.
_NUMBER_FIRST = re.compile(r"([0-9]{1,10})(?!\S)(?!\s+(?:Level|Edge)(?!\S))", re.ASCII)

# The words of a chip's name are one blank apart. None of them is a level or begins like a flow, and
# what follows the name may be further away.
_CHIP = r"(?P<chip>\S+(?: (?!-|(?:Level|Edge)(?:\s|$))\S+)*?)"
_LEVEL = r"\s+(?P<level>Level|Edge)(?=\s|$)"
_DEVICE = r"(?:\s+(?P<device>\S.*))?"
_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        # "PCI-MSI 32769-edge      virtio1-req.0", "SiFive PLIC   33 Edge      virtio0, virtio4".
        # The kernel prints the hardware IRQ as an int, so large ones are negative.
        rf"{_CHIP}\s+(?P<hwirq>-?[0-9]+)(?:{_LEVEL})?(?:\s*-(?P<flow>\S+))?{_DEVICE}",
        # "xen-dyn         Edge    -event     vif0-q0-tx", "xen-dyn    -event     xenbus"
        rf"{_CHIP}{_LEVEL}(?:\s+-(?P<flow>\S+))?{_DEVICE}",
        rf"{_CHIP}\s+-(?P<flow>\S+){_DEVICE}",
        # "XT-PIC      timer", "PCI-MSI  virtio9-input.0" (s390x)
        rf"(?P<chip>\S+){_DEVICE}",
    )
)
"""The forms of the text behind the cells of a numbered row; the first one that fits counts."""


class Description(NamedTuple):
    """The text behind the cells of a row.

    ``text`` is all of it. The other fields are the parts of a numbered row: the interrupt
    controller's name, the hardware IRQ as printed, the trigger (``edge``, ``fasteoi``, else
    ``Level``) and the device, which is the action names joined by ``", "``. A part that is missing
    is ``""``.
    """

    text: str = ""
    chip: str = ""
    hwirq: str = ""
    trigger: str = ""
    device: str = ""


class Row(NamedTuple):
    """One row: an IRQ and its counts since boot.

    ``irq`` is unique in its snapshot: the second row that is labelled ``LOC`` is ``LOC#2``.
    ``counts`` holds one cell per CPU, in the order of ``Snapshot.cpus``, modulo 2**32; it is None
    for a row without cells, which may still have a ``figure`` for the whole machine.
    """

    irq: str
    counts: tuple[int, ...] | None
    figure: int | None
    description: Description

    @property
    def is_numbered(self) -> bool:
        """Return whether the row has a number, and so a directory in /proc/irq."""
        return self.irq.isdecimal()

    @property
    def is_subtotal(self) -> bool:
        """Return whether other rows hold the same interrupts, so that no sum may add both."""
        return self.irq in SUBTOTAL_LABELS

    @property
    def device(self) -> str:
        """Return the action names of a numbered row, joined by ``", "``; else ``""``."""
        return self.description.device

    @property
    def actions(self) -> tuple[str, ...]:
        """Return the action names of a numbered row, one by one."""
        return tuple(self.device.split(", ")) if self.device else ()


class Snapshot(NamedTuple):
    """All counters at one moment: the online CPUs by number, rising, and the rows as printed."""

    cpus: tuple[int, ...]
    rows: tuple[Row, ...]


def parse(text: str) -> Snapshot:
    """Return the snapshot in `text`, the whole of a /proc/interrupts.

    Raise InterruptsFormatError, with the line, for any other text.
    """
    return Parser().parse(text)


class Parser:
    """Parses the texts of one machine, one after the other.

    The parser keeps the last text. A row whose line has not changed is the same Row object as
    before. A caller finds the changed rows by ``is``, and most lines cost one comparison.
    """

    def __init__(self) -> None:
        """Start with no text."""
        self._header = ""
        self._cpus: tuple[int, ...] = ()
        self._lines: list[str] = []
        self._words: list[list[str]] = []  # of each line; none before its first change
        self._rows: list[Row] = []
        self._descriptions: dict[tuple[str, bool], Description] = {}

    def parse(self, text: str) -> Snapshot:
        """Return the snapshot of `text`; raise InterruptsFormatError like the function parse()."""
        header, *lines = text.split("\n")
        while lines and not lines[-1].strip():
            del lines[-1]
        if header != self._header or not self._cpus:
            self._header, self._cpus = "", _parse_header(header)
            self._lines, self._words, self._rows, self._descriptions = [], [], [], {}
        if not lines:
            raise InterruptsFormatError(2, "a row such as '24: 0 1 PCI-MSI'", "the end of the text")
        rows, words = self._parse_rows(lines)
        self._header, self._lines, self._words, self._rows = header, lines, words, rows
        return Snapshot(self._cpus, tuple(rows))

    def _parse_rows(self, lines: list[str]) -> tuple[list[Row], list[list[str]]]:
        """Return the rows, and the words of the lines that changed so far."""
        old_lines, most = self._lines, len(self._cpus) + 1
        if len(lines) == len(old_lines):
            rows, words = self._rows.copy(), self._words.copy()
            changed = [n for n, (a, b) in enumerate(zip(lines, old_lines, strict=True)) if a != b]
            for index in changed:
                old, before = rows[index], words[index]
                words[index] = lines[index].split(None, most)
                row = _recount(old, before, words[index])
                if row is None:
                    row = self._parse_row(lines[index], index + 2)
                    if row.irq != old.irq.partition("#")[0]:
                        break
                    row = row if row.irq == old.irq else row._replace(irq=old.irq)
                rows[index] = row
            else:
                return rows, words
        return self._parse_other_rows(lines), [[]] * len(lines)

    def _parse_other_rows(self, lines: list[str]) -> list[Row]:
        """Return the rows of a text whose labels differ from the last one's."""
        known = dict(zip(self._lines, self._rows, strict=True))
        times_seen: dict[str, int] = {}
        rows = []
        for index, line in enumerate(lines):
            row = known.get(line) or self._parse_row(line, index + 2)
            label = row.irq.partition("#")[0]
            times = times_seen[label] = times_seen.get(label, 0) + 1
            name = label if times == 1 else f"{label}#{times}"
            rows.append(row if name == row.irq else row._replace(irq=name))
        return rows

    def _parse_row(self, line: str, line_number: int) -> Row:
        label, colon, rest = line.partition(":")
        label = label.strip()
        if not colon or not _is_label(label):
            raise InterruptsFormatError(line_number, "a label and a colon", repr(line[:60]))
        cpu_count = len(self._cpus)
        fields = rest.split(None, cpu_count)
        cells = fields[:cpu_count]
        digits = "".join(cells)
        if len(cells) == cpu_count and digits.isdecimal() and digits.isascii():
            text = fields[cpu_count].rstrip() if len(fields) > cpu_count else ""
            if text[:1].isdecimal() and _starts_with_a_cell(text):
                raise self._wrong_number_of_cells(label, rest, line_number)
            if cpu_count > 1 or not _is_machine_wide(label, text):
                counts = _counts(cells, digits, line_number)
                return Row(label, counts, None, self._describe(text, label.isdecimal()))
        return self._parse_row_without_cells(label, rest.strip(), line_number)

    def _parse_row_without_cells(self, label: str, rest: str, line_number: int) -> Row:
        """Return a row with one figure for the whole machine, or with text only."""
        words = rest.split()
        numbers = sum(1 for word in words[:2] if word.isdecimal() and word.isascii())
        has_cells = numbers > 1 or (numbers and (len(words) > 1 or label in SUBTOTAL_LABELS))
        if label.isdecimal() or has_cells:
            raise self._wrong_number_of_cells(label, rest, line_number)
        if numbers:
            return Row(label, None, _figure(words[0], line_number), self._describe("", False))
        return Row(label, None, None, self._describe(rest, False))

    def _wrong_number_of_cells(
        self, label: str, rest: str, line_number: int
    ) -> InterruptsFormatError:
        expected = f"{len(self._cpus)} counts for IRQ {label}, one for each CPU of the header"
        return InterruptsFormatError(line_number, expected, repr(rest.strip()[:60]))

    def _describe(self, text: str, numbered: bool) -> Description:
        key = (text, numbered)
        found = self._descriptions.get(key)
        if found is None:
            found = describe(text) if numbered else Description(text=text)
            self._descriptions[key] = found
        return found


def describe(text: str) -> Description:
    """Split the text behind the cells of a numbered row. An empty text has empty fields."""
    text = text.strip()
    match = next(filter(None, (form.fullmatch(text) for form in _FORMS)), None)
    if match is None:
        return Description(text=text)
    fields = match.groupdict(default="")
    return Description(
        text=text,
        chip=fields["chip"],
        hwirq=fields.get("hwirq", ""),
        trigger=fields.get("flow") or fields.get("level", ""),
        device=fields["device"],
    )


def _is_label(text: str) -> bool:
    """Return whether the text before a colon can be a label: a word, or the number of an IRQ."""
    if text.isdecimal():
        return _IRQ_NUMBER.fullmatch(text) is not None
    return bool(text) and "#" not in text and not any(map(str.isspace, text))


def _recount(old: Row, before: list[str], words: list[str]) -> Row | None:
    """Return `old`, whose line had the words `before`, with the counts that `words` have.

    Most lines that change differ in one cell, so only the texts that differ become numbers. Return
    None if the line differs elsewhere, or holds what only a parse of all of it can judge.
    """
    if old.counts is None or len(words) != len(before) or words[0][-1] != ":":
        return None
    counts = list(old.counts)
    for place in compress(range(len(words)), map(ne, words, before)):
        word = words[place]
        is_short = len(word) <= _CELL_DIGITS and word.isdecimal() and word.isascii()
        if not is_short or not 0 < place <= len(counts) or int(word) >= CELL_MODULUS:
            return None
        counts[place - 1] = int(word)
    return Row(old.irq, tuple(counts), None, old.description)


def _counts(cells: list[str], digits: str, line_number: int) -> tuple[int, ...]:
    """Return the cells of a row, all digits, as counts. `digits` are all cells in one text."""
    try:
        counts = tuple(map(int, cells))
    except ValueError:  # more digits than int() takes
        counts = (CELL_MODULUS,)
    # a cell has at least one digit, so in most rows no cell can have ten
    if len(digits) >= len(cells) + 9 and max(counts) >= CELL_MODULUS:
        longest = max(cells, key=len)
        raise InterruptsFormatError(line_number, "counts of 32 bits", longest[:60])
    return counts


def _figure(digits: str, line_number: int) -> int:
    figure = int(digits) if len(digits) <= len(str(FIGURE_MODULUS)) else FIGURE_MODULUS
    if figure >= FIGURE_MODULUS:
        raise InterruptsFormatError(line_number, "a figure of 64 bits", digits[:60])
    return figure


def _starts_with_a_cell(text: str) -> bool:
    """Return whether the text behind the cells of a row begins with a cell too many."""
    match = _NUMBER_FIRST.match(text)
    return match is not None and int(match[1]) < CELL_MODULUS


def _is_machine_wide(label: str, text: str) -> bool:
    """Return whether the only cell of a row, on one CPU, is a figure for the whole machine."""
    return not text and not label.isdecimal() and label not in SUBTOTAL_LABELS


def _parse_header(line: str) -> tuple[int, ...]:
    names = line.split()
    matches = [_CPU_NAME.fullmatch(name) for name in names]
    cpus = tuple(int(match[1]) for match in matches if match)
    if not cpus or len(cpus) < len(names) or max(cpus) > MAX_CPU:
        raise InterruptsFormatError(1, "a header such as 'CPU0 CPU1'", repr(line.strip()[:60]))
    if any(left >= right for left, right in pairwise(cpus)):
        raise InterruptsFormatError(1, "CPU numbers that rise", repr(line.strip()[:60]))
    return cpus
