"""The text of a segment: samples of running totals as CSV, each closed by its commit mark. Pure.

A segment, of a machine where IRQ 24 fires on CPU 3::

    time,irq,cpu,count
    1767225600,24,3,8123456
    1767225600,ERR,,4
    1767225600,END,2,2874932137
    1767225610,24,3,8123510
    1767225610,END,1,1043423105

A state is what all cells hold at one moment: a dict from a cell's key, ``irq,cpu`` as it stands in
the file (``24,3``; ``ERR,`` for a figure of the whole machine), to its running total. Cells that
are zero are left out. The first sample of a segment and the first in every KEYFRAME_SECONDS of the
clock is a keyframe: it holds the whole state. The others hold the cells that moved since the sample
before. The commit mark names the number of rows and the CRC-32 of their bytes, line ends included.

A reader believes a sample whose mark matches. Behind damage it cannot know what it missed, so it
believes nothing until the next keyframe. That one shows itself by the order of its rows, which its
CRC covers: the least row, in the order of IRQs and CPUs, stands last (encode_keyframe), and no
other sample of six rows or more is written so. Where the first keyframe that is believed is not
turned like this, as another program wrote it or it has fewer rows, a keyframe is the first sample
after a matching one of another slot.

No CRC covers the time of a sample without rows (nothing moved), so that time must fit its
neighbours, and such a sample is a keyframe only where it is the segment's first.
"""

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...times import LATEST_IN_FILES

HEADER = b"time,irq,cpu,count\n"
KEYFRAME_SECONDS = 600
"""Clock time between keyframes."""

MIN_TURNED_ROWS = 6
"""Fewer rows may stand in a keyframe's order by chance."""

State = dict[str, int]

_MARK = b",END,"
_MARK_LINE = re.compile(rb"([0-9]{1,12}(?:\.[0-9]{3})?),END,([0-9]{1,9}),([0-9]{1,10})\n")
_TIME = re.compile(rb"[0-9]{1,12}(?:\.[0-9]{3})?,")
_MAX_IRQ_DIGITS, _MAX_CPU_DIGITS, _MAX_COUNT_DIGITS = 10, 5, 19
_ROW = re.compile(rb"^[0-9.]+,(.+),([0-9]{0,5}),([0-9]{1,19})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mark:
    """A sample that its commit mark confirms: its time and where its bytes lie.

    ``start`` is the offset of its first row, ``mark`` that of its END row, ``end`` the first behind
    it. ``follows`` tells whether the sample before it, in the file, is confirmed too.
    """

    time: float
    start: int
    mark: int
    end: int
    follows: bool

    @property
    def has_rows(self) -> bool:
        """Whether any cell moved, so that a CRC covers the time too."""
        return self.start < self.mark


def slot_of(moment: float) -> int:
    """Gives the number of the keyframe slot that `moment` lies in."""
    return int(moment // KEYFRAME_SECONDS)


def format_time(moment: float, whole: bool) -> str:
    """Gives a sample's time as the file has it: whole seconds, or three decimals."""
    milliseconds = round(moment * 1000)
    return str(milliseconds // 1000) if whole else f"{milliseconds / 1000:.3f}"


def encode_sample(time: str, cells: Mapping[str, int]) -> bytes:
    """Gives the bytes of one sample: a row for each of `cells`, in their order, and its mark."""
    rows = "".join([f"{time},{key},{count}\n" for key, count in cells.items()]).encode()
    return rows + f"{time},END,{len(cells)},{zlib.crc32(rows)}\n".encode()


def encode_keyframe(time: str, state: State) -> bytes:
    """Gives the bytes of a keyframe: the rows in their order, but the least of them last."""
    keys = list(state)
    if len(keys) >= MIN_TURNED_ROWS:
        keys.sort(key=_rank)
        keys.append(keys.pop(0))
    return encode_sample(time, {key: state[key] for key in keys})


def encode_moved(time: str, cells: State) -> bytes:
    """Gives the bytes of a sample that is no keyframe, so that it does not look like one."""
    keys = list(cells)
    if len(keys) > 1 and _rank(keys[-1]) < _rank(keys[0]):
        cells = {key: cells[key] for key in sorted(keys, key=_rank)}
    return encode_sample(time, cells)


def _rank(key: str) -> tuple[int, int, str, int]:
    """Gives where a cell stands in the order of IRQs and CPUs: numbers first."""
    irq, _, cpu = key.rpartition(",")
    numbered = irq.isdecimal() and len(irq) <= _MAX_IRQ_DIGITS
    has_cpu = cpu.isdecimal() and len(cpu) <= _MAX_CPU_DIGITS
    return (not numbered, int(irq) if numbered else 0, irq, int(cpu) if has_cpu else -1)


def moved(before: Mapping[str, int], after: State) -> State:
    """Gives the cells of the state `after` that differ from `before`, in the order of `after`."""
    get = before.get
    return {key: count for key, count in after.items() if get(key) != count}


def marks(data: bytes, position: int = len(HEADER), end: int | None = None) -> Iterator[Mark]:
    """Gives the confirmed samples in `data` from offset `position` on, in their order.

    What lies between them is damage, or a tail that is not yet whole; it is passed over.
    """
    limit = len(data) if end is None else end
    follows, any_rows = True, False
    previous: Mark | None = None
    sure = 0.0  # the last time that a CRC covers
    while True:
        found = data.find(_MARK, position, limit)
        if found < 0:
            return
        line_start = data.rfind(b"\n", 0, found) + 1
        match = _MARK_LINE.match(data, line_start, limit)
        if match is None:  # torn or damaged: go on behind it
            follows = False
            position = found + len(_MARK)
            continue
        start = _first_row(data, position, line_start, match[1])
        rows = data[start:line_start]
        confirmed = zlib.crc32(rows) == int(match[3]) and rows.count(b"\n") == int(match[2])
        clean = follows and start == position
        mark = Mark(float(match[1]), start, line_start, match.end(), clean)
        confirmed = confirmed and mark.time <= LATEST_IN_FILES
        if mark.has_rows:  # a sample of an earlier time stands here as a copy
            confirmed = confirmed and mark.time >= sure
            sure = mark.time if confirmed else sure
        if confirmed and (mark.has_rows or not clean or _fits(mark, previous, any_rows)):
            yield mark
            previous, any_rows = mark, any_rows or mark.has_rows
        follows = confirmed
        position = match.end()


def _fits(mark: Mark, previous: Mark | None, any_rows: bool) -> bool:
    """Whether the time of a sample without rows can be: it rises, and such is no keyframe."""
    if previous is None:
        return True
    same_slot = slot_of(mark.time) == slot_of(previous.time)
    return previous.time < mark.time and (same_slot or not any_rows)


def _first_row(data: bytes, position: int, mark: int, time: bytes) -> int:
    """Gives where the rows of the sample of `time` start: at `position`, or behind damage."""
    prefix = time + b","
    if position == mark or data.startswith(prefix, position):
        return position
    found = data.find(b"\n" + prefix, position, mark)
    return found + 1 if found >= 0 else mark


def header_length(data: bytes) -> int:
    """Gives where the first line behind the header starts; 0 where there is no header."""
    return len(HEADER) if data.startswith(HEADER) else 0


def examine(data: bytes) -> tuple[list[float], int]:
    """Gives the times of a segment's believed samples, and how many bytes nobody believes."""
    moments, trusted = [], header_length(data)
    for mark, _ in believed(data):
        moments.append(mark.time)
        trusted += mark.end - mark.start
    return moments, len(data) - trusted


def as_named(data: bytes, first: float) -> bytes:
    """Gives the bytes as they may be read where a segment's name tells `first`.

    A segment that lost its beginning up to a sample's bound has no other sign of it than that its
    first time is not that of its name. What it begins with is no keyframe then, unless it shows
    itself as one: its first row is made a damaged one, of the same length.
    """
    start = len(HEADER)
    time = _time_at(data, start)
    if time is None or time == first:
        return data
    sample = next(marks(data), None)
    if sample is not None and sample.start == start and _is_turned(data, sample):
        return data
    return data[:start] + b"?" + data[start + 1 :]


def committed_length(data: bytes) -> int:
    """Gives the length up to the last confirmed sample; what lies behind is an unfinished tail."""
    length = min(len(HEADER), len(data))
    for mark in marks(data):
        length = mark.end
    return length


@dataclass(frozen=True, slots=True)
class Place:
    """A believed sample in a segment: its time, the state then, and the offset behind it."""

    time: float
    state: State
    end: int


def state_at(data: bytes, moment: float) -> tuple[float, State] | None:
    """Gives the time and the state of the last believed sample at or before `moment`.

    None where the segment has none. Reads only the keyframe slot of that sample, unless there is
    damage around it.
    """
    place = place_at(data, moment)
    return None if place is None else (place.time, place.state)


def place_at(data: bytes, moment: float, known: Place | None = None) -> Place | None:
    """state_at(), with the offset; from a place that is `known` it reads on, where it lies before.

    `known` must be of the same data.
    """
    behind = _behind(data, moment)
    place = None if known is None else _reads_on(data, known, behind)
    if place is not None:
        return place
    found = _slot_before(data, behind)
    if not found or not _is_last(data, behind, found[-1].time):
        return _place_by_scan(data, moment)
    return Place(found[-1].time, _replay(data, found), found[-1].end)


def _reads_on(data: bytes, known: Place, behind: int) -> Place | None:
    """Gives the place at `behind`, in the slot of `known`; None where anything is doubtful."""
    last = _time_before(data, behind)
    if last is None or behind < known.end or slot_of(last) != slot_of(known.time):
        return None
    if behind == known.end:
        return known if _is_last(data, behind, known.time) else None
    found = list(marks(data, known.end, behind))
    if not found or found[0].start != known.end or found[-1].end != behind:
        return None
    times = [known.time, *(each.time for each in found)]
    clean = all(each.follows for each in found) and all(a < b for a, b in pairwise(times))
    if (
        not clean
        or slot_of(times[-1]) != slot_of(known.time)
        or not _is_last(data, behind, times[-1])
    ):
        return None
    return Place(times[-1], known.state | _replay(data, found), behind)


def _slot_before(data: bytes, behind: int) -> list[Mark]:
    """Gives the samples of the slot that ends at `behind`; none where anything is doubtful."""
    last = _time_before(data, behind)
    if last is None:
        return []
    start = _behind(data, slot_of(last) * KEYFRAME_SECONDS - 0.0005)
    found = list(marks(data, start, behind))
    if not found or found[0].start != start or found[-1].end != behind:
        return []
    clean = all(each.follows and slot_of(each.time) == slot_of(last) for each in found)
    return found if clean and _is_keyframe(data, found[0]) else []


def _is_keyframe(data: bytes, sample: Mark) -> bool:
    """Whether the last sample before it whose time is sure lies in another slot, or none is."""
    if sample.start == len(HEADER):
        return True
    before = _mark_before(data, sample.start)
    while before is not None and not before.has_rows and before.start > len(HEADER):
        before = _mark_before(data, before.start)
    if before is None or not sample.has_rows:
        return False
    if not _looks_turned(data, sample):
        first = next(marks(data), None)
        if first is None or first.start > len(HEADER) or _looks_turned(data, first):
            return False  # bytes are missing: the scan knows more
    return not before.has_rows or slot_of(before.time) != slot_of(sample.time)


def _looks_turned(data: bytes, sample: Mark) -> bool:
    """Whether the last row of a sample is less than its first, as in a keyframe."""
    if not sample.has_rows:
        return False
    last = data.rfind(b"\n", sample.start, sample.mark - 1) + 1
    return last > 0 and _rank(_key_of(data, last)) < _rank(_key_of(data, sample.start))


def _is_turned(data: bytes, sample: Mark) -> bool:
    """Whether all rows of a sample stand in the order of a keyframe."""
    if not _looks_turned(data, sample):
        return False
    ranks = [_rank(key) for key in cells_of(data, sample)]
    return len(ranks) >= MIN_TURNED_ROWS and all(a < b for a, b in pairwise(ranks[:-1]))


def _key_of(data: bytes, row: int) -> str:
    """Gives the cell of the row at an offset."""
    fields = data[row : data.index(b"\n", row)].partition(b",")[2]
    return fields.rpartition(b",")[0].decode(errors="replace")


def _mark_before(data: bytes, offset: int) -> Mark | None:
    """Gives the sample that ends at `offset`; None where it is not confirmed."""
    line_start = data.rfind(b"\n", 0, offset - 1) + 1
    earlier = data.rfind(_MARK, 0, line_start)
    position = data.find(b"\n", earlier) + 1 if earlier >= 0 else len(HEADER)
    mark = next(marks(data, position, offset), None)
    whole = mark is not None and (mark.start, mark.end) == (position, offset)
    return mark if whole else None


def _is_last(data: bytes, end: int, time: float) -> bool:
    """Whether a sample whose time is sure, if any, lies at `end` of the one of `time`.

    Its first line is the first after the moment that is looked up, so that it is too late itself.
    """
    if end == len(data):
        return True
    behind = next(marks(data, end), None)
    if behind is None or behind.start != end:
        return False
    return behind.has_rows or slot_of(behind.time) == slot_of(time)


def _behind(data: bytes, moment: float) -> int:
    """Gives the offset of the first line whose time is after `moment`, by bisection over bytes.

    Where damage hides times the offset may be wrong; the caller checks the marks around it.
    """
    low, high = min(len(HEADER), len(data)), len(data)
    while low < high:
        middle = (low + high) // 2
        line = data.rfind(b"\n", low, middle) + 1 or low
        time = _time_at(data, line)
        line_end = data.find(b"\n", line) + 1 or len(data)
        if time is None or time > moment:
            high = line
        else:
            low = line_end
    return low


def _time_at(data: bytes, line: int) -> float | None:
    match = _TIME.match(data, line)
    return float(match[0][:-1]) if match else None


def _time_before(data: bytes, offset: int) -> float | None:
    """Gives the time of the line that ends at `offset`; None for the header or a torn line."""
    if offset <= len(HEADER):
        return None
    return _time_at(data, data.rfind(b"\n", 0, offset - 1) + 1)


def _replay(data: bytes, samples: Sequence[Mark]) -> State:
    """Gives the state after samples that lie side by side and start with a keyframe."""
    text = data[samples[0].start : samples[-1].end]
    # every row has four fields, so that one flat split finds them all, several times faster than
    # row by row; of the rows of one cell the last wins
    fields = text.replace(b"\n", b",").split(b",")
    keys = zip(fields[1::4], fields[2::4], strict=False)
    last = dict(zip(keys, fields[3::4], strict=False))
    cells = {key: count for key, count in last.items() if key[0] != b"END"}
    if len(fields) != 4 * text.count(b"\n") + 1 or not _are_cells(cells):
        found = _ROW.findall(text)
        cells = {(irq, cpu): count for irq, cpu, count in found if irq != b"END"}
    return {
        f"{irq.decode(errors='replace')},{cpu.decode()}": int(count)
        for (irq, cpu), count in cells.items()
    }


def _are_cells(cells: Mapping[tuple[bytes, bytes], bytes]) -> bool:
    """Whether each has a label, a CPU's number or none, and a count; else only those that do are.

    A commit mark tells that the rows are as they were written, not that they were written right.
    """
    labels, cpus = ({key[part] for key in cells} for part in (0, 1))
    numbers, counts = b"".join(cpus), cells.values()
    return (
        b"" not in labels
        and (not numbers or numbers.isdigit())
        and b"".join(counts).isdigit() >= bool(cells)
        and max(map(len, cpus), default=0) <= _MAX_CPU_DIGITS
        and min(map(len, counts), default=1) > 0
        and max(map(len, counts), default=0) <= _MAX_COUNT_DIGITS
    )


def cells_of(data: bytes, mark: Mark) -> State:
    """Gives the cells that stand in one sample: all of a keyframe's, else those that moved."""
    return _replay(data, [mark])


def believed(data: bytes) -> Iterator[tuple[Mark, bool]]:
    """Gives the samples of a segment that a reader believes, each with whether it is a keyframe."""
    trusting = False
    turned: bool | None = None  # whether the first keyframe is, and so the others must be
    sure: int | None = -1  # the slot of the last sample whose time is sure; None behind damage
    slot = -1
    for mark in marks(data):
        before, slot = slot, slot_of(mark.time)
        is_first = mark.start == len(HEADER)
        if not mark.follows:
            trusting, sure = False, None
        keyframe = is_first or (mark.has_rows and sure not in (None, slot))
        is_turned = turned is not False and _is_turned(data, mark)
        if turned is None and (is_turned or keyframe):
            turned = is_turned
        if turned:
            keyframe = is_turned
            # a keyframe that is missing takes the rest of its slot with it
            trusting = trusting and (keyframe or not mark.has_rows or sure in (None, slot))
        if (mark.follows or turned) and (trusting or keyframe):
            trusting = True
            yield mark, keyframe
        # behind damage, two samples without rows that agree are sure as well
        if mark.has_rows or (mark.follows and sure is None and before == slot):
            sure = slot


def _place_by_scan(data: bytes, moment: float) -> Place | None:
    """place_at() for a segment with damage: from the start, believing what may be believed."""
    found: list[Mark] = []
    for mark, keyframe in believed(data):
        if mark.time <= moment:
            found = [mark] if keyframe else [*found[:1], mark]
        elif mark.has_rows:
            break
    return Place(found[-1].time, _replay(data, found), found[-1].end) if found else None
