"""Running totals that never fall, from the kernel's 32-bit cells. Pure.

One relation holds for every cell at every sample, whatever happened between::

    total ≡ cell + offset   (modulo 2**32)

so that the next total is the smallest number, not below the last one, that the new cell agrees
with. A wrap needs nothing. A boot, and an IRQ that starts again from zero, set the offset to the
total; an offset that was never set is 0. All that must survive a restart of the server, beside the
totals themselves, are the offsets, and they change only then.

A cell that is lower than before has wrapped if that takes a believable number of interrupts, else
its IRQ started again from zero. A number that another device takes over (other chip or hardware
IRQ, or no action name in common) goes on under a name of its own: ``45#2``.

Source: struct irqstat in include/linux/irqdesc.h (``unsigned int cnt``) of Linux 6.12.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..kernel.interrupts import CELL_MODULUS, Row, Snapshot
from .schedule import Elapsed
from .segments.segment import State

MAX_INTERRUPTS_PER_SECOND = 5_000_000
"""No cell counts faster; measured storms stay far below."""

MAX_WRAPPED = 2**31
"""A cell that fell has not wrapped if that takes more than half of its range."""


PER_CPU_DEVICES = frozenset(
    {
        "arch_timer",  # drivers/clocksource/arm_arch_timer.c
        "arm-pmu",  # drivers/perf/arm_pmu_platform.c
        "clint-timer",  # drivers/clocksource/timer-clint.c
        "kvm guest ptimer",  # arch/arm64/kvm/arch_timer.c
        "kvm guest vtimer",
        "riscv-timer",  # drivers/clocksource/timer-riscv.c
        "twd",  # arch/arm/kernel/smp_twd.c
        "vgic",  # arch/arm64/kvm/vgic/vgic-init.c
    }
)
"""Devices that request one interrupt per CPU (request_percpu_irq) under one IRQ number."""

PER_CPU_CHIPS = frozenset(
    {
        "XIVE-IPI",  # arch/powerpc/sysdev/xive/common.c
        "xen-percpu",  # drivers/xen/events/events_base.c
    }
)
"""Interrupt controllers whose interrupts belong to one CPU each."""

_NAMES_OF_MARKS = frozenset({"KEY", "END"})


def storable(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot whose labels a segment can hold: no comma, and no commit mark's name.

    A semicolon takes the comma's place, and follows the name. No kernel prints such labels so far.
    """
    odd = [row for row in snapshot.rows if "," in row.irq or row.irq in _NAMES_OF_MARKS]
    if not odd:
        return snapshot
    taken = {row.irq for row in snapshot.rows}
    names: dict[str, str] = {}
    for row in odd:
        name = row.irq.replace(",", ";")
        while name in taken:
            name += ";"
        taken.add(name)
        names[row.irq] = name
    rows = (row._replace(irq=names.get(row.irq, row.irq)) for row in snapshot.rows)
    return snapshot._replace(rows=tuple(rows))


@dataclass(frozen=True, slots=True)
class Identity:
    """A row's name in the store; for a numbered one also what distinguishes it from others."""

    irq: str
    chip: str = ""
    hwirq: str = ""
    trigger: str = ""
    device: str = ""
    interface: str = ""

    @property
    def label(self) -> str:
        """Return its name in /proc/interrupts: ``45`` for ``45#2``, but ``THR#2`` for itself."""
        number, _, _ = self.irq.partition("#")
        return number if number.isdecimal() else self.irq

    @property
    def is_own(self) -> bool:
        """Return whether its interrupts are the CPUs' own (ticks, IPIs), and no device's."""
        if not self.irq.partition("#")[0].isdecimal() or self.chip in PER_CPU_CHIPS:
            return True
        return not PER_CPU_DEVICES.isdisjoint(self.device.split(", "))

    def is_still(self, row: Row) -> bool:
        """Return whether `row` of a later snapshot is the same device under the same number."""
        description = row.description
        known = self.chip or self.hwirq or self.device  # a store without irqs.csv has none
        if not row.is_numbered or not known:
            return True
        if (self.chip, self.hwirq) != (description.chip, description.hwirq):
            return False
        mine = set(self.device.split(", "))
        return not self.device or not row.device or not mine.isdisjoint(row.actions)


@dataclass(frozen=True, slots=True)
class Update:
    """The changes by one snapshot: the new state (cell key -> running total), and what was noticed.

    ``described`` are identities that are new or whose device changed; ``resets`` the IRQs that
    started again from zero.
    """

    state: State
    cpus: tuple[int, ...]
    booted: bool
    described: tuple[Identity, ...]
    resets: tuple[str, ...]
    came_online: tuple[int, ...]
    went_offline: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """The values that a restart needs beyond the totals.

    ``offsets`` are modulo 2**32, by cell key, zeros left out; ``boot_id`` names the boot they hold
    for; ``cpus`` were online and ``owners`` had the numbered labels at the last sample. After a
    start without a memory they hold for the CPUs that were ``adopted`` alone; None: for all.
    """

    boot_id: str
    offsets: dict[str, int]
    cpus: tuple[int, ...]
    owners: dict[str, str]
    adopted: tuple[int, ...] | None = None


class Totals:
    """Running totals of one machine's cells, fed with one snapshot after the other."""

    def __init__(
        self, state: State, identities: Iterable[Identity] = (), memory: Memory | None = None
    ) -> None:
        """Take the last state of the store, every identity, and the memory if there is one.

        Without a memory, and with a state, the first snapshot counts nothing: nothing says which of
        its interrupts are in the totals already.
        """
        self._state = dict(state)
        self._identities = {each.irq: each for each in identities}
        adopted = () if state and memory is None else memory.adopted if memory else None
        self._adopted: set[int] | None = None if adopted is None else set(adopted)
        self._boot_id = memory.boot_id if memory else None
        self._offsets = dict(memory.offsets) if memory else {}
        self._cpus = memory.cpus if memory else ()
        self._owners = dict(memory.owners) if memory else {}
        self._ever_online = {key.rpartition(",")[2] for key in (*state, *self._offsets)}
        self._rows: dict[str, Row] = {}
        self._rows_cpus: tuple[int, ...] = ()
        self._keys: dict[str, list[str]] = {}
        self._described: list[Identity] = []
        self._interfaces: Mapping[str, str] = {}
        self._memory: Memory | None = None  # None after a change

    @property
    def memory(self) -> Memory:
        """Return what a restart needs, as of the last update: the same object until it changes.

        Only the thread that updates may ask.
        """
        if self._memory is None:
            adopted = None if self._adopted is None else tuple(sorted(self._adopted))
            offsets, owners = dict(self._offsets), dict(self._owners)
            self._memory = Memory(self._boot_id or "", offsets, self._cpus, owners, adopted)
        return self._memory

    @property
    def identities(self) -> Mapping[str, Identity]:
        """Return every row that was ever seen, by its name in the store."""
        return self._identities

    def know_interfaces(self, interfaces: Mapping[str, str]) -> None:
        """Take the network interfaces of numbered IRQs, by number; the next update describes them.

        An IRQ keeps the last interface that it had: another network namespace may have it now.
        """
        if interfaces is not self._interfaces:
            self._interfaces = interfaces
            for irq, interface in interfaces.items():
                known = self._identities.get(self._owners.get(irq, irq))
                if known is not None and irq in self._rows and known.interface != interface:
                    self._identities[known.irq] = changed = replace(known, interface=interface)
                    self._described.append(changed)

    def update(
        self, snapshot: Snapshot, boot_id: str, seconds: float, elapsed: Elapsed | None = None
    ) -> Update:
        """Count the next snapshot, `seconds` after the last, and return the changes.

        With `elapsed`, a row for which it returns None keeps its totals until it is due, unless it
        is new. After an exception nothing is counted: the next update counts all of it.
        """
        try:
            return self._take(snapshot, boot_id, seconds, elapsed)
        except BaseException:
            # the totals are as they were: let the next update compare with them, not with cells
            self._rows, self._keys, self._rows_cpus = {}, {}, ()
            raise

    def _take(
        self, snapshot: Snapshot, boot_id: str, seconds: float, elapsed: Elapsed | None
    ) -> Update:
        booted = self._boot_id not in (None, boot_id)
        if booted:
            self._offsets = {key: total % CELL_MODULUS for key, total in self._state.items()}
            self._rows, self._keys, self._owners = {}, {}, {}
            self._adopted = None
        if self._rows_cpus != snapshot.cpus:
            self._rows, self._keys, self._rows_cpus = {}, {}, snapshot.cpus
            self._ever_online.update(map(str, snapshot.cpus))
        state = dict(self._state)
        described = self._described
        resets: list[str] = []
        if self._adopted is not None and not self._adopted.issuperset(snapshot.cpus):
            self._adopt(snapshot, self._adopted, described)
        rows = self._rows
        for row in snapshot.rows:
            if rows.get(row.irq) is row:
                continue
            since = seconds if elapsed is None else elapsed(row)
            if since is None and row.irq in rows:
                continue
            last = rows.get(row.irq)
            if last is None or last.description is not row.description:
                self._identify(row, described)
            if self._count(row, state, seconds if since is None else since):
                resets.append(self.name_of(row))
            rows[row.irq] = row
        before, self._cpus = self._cpus, snapshot.cpus
        if before != snapshot.cpus or self._boot_id != boot_id:
            self._memory = None
        self._state, self._boot_id = state, boot_id
        self._described = []
        return Update(
            state=state,
            cpus=snapshot.cpus,
            booted=booted,
            described=tuple(described),
            resets=tuple(resets),
            came_online=tuple(sorted(set(snapshot.cpus) - set(before))) if before else (),
            went_offline=tuple(sorted(set(before) - set(snapshot.cpus))),
        )

    def name_of(self, row: Row) -> str:
        """Return the name in the store of a row of the last snapshot: ``45#2`` for a new ``45``."""
        return self._owners.get(row.irq, row.irq)

    def _adopt(self, snapshot: Snapshot, adopted: set[int], described: list[Identity]) -> None:
        """Set offsets so that the cells of `snapshot` agree with the totals as they are.

        This happens once for every CPU, when it is first seen, as one may be offline now. `adopted`
        are the CPUs for which it has happened.
        """
        done = {"", *map(str, adopted)} if adopted else set()
        for row in snapshot.rows:
            self._identify(row, described)
            name = self.name_of(row)
            for key, cell in zip(self._keys_of(name, row, snapshot.cpus), _cells(row), strict=True):
                if key.rpartition(",")[2] not in done:
                    self._set_offset(key, self._state.get(key, 0) - cell)
        adopted.update(snapshot.cpus)
        self._memory = None

    def _identify(self, row: Row, described: list[Identity]) -> None:
        """Find or make the identity of `row`; add it to `described` if it is new."""
        irq = row.irq
        owner = self._owners.get(irq)
        known = self._identities.get(owner or irq)
        if known is None or not known.is_still(row):
            known = self._find(row)
        if known is None:
            known = Identity(self._free_name(irq))
            self._identities[known.irq] = known
            described.append(self._describe(known, row))
        elif (known.device != row.device and row.device) or (
            self._interfaces.get(row.irq, known.interface) != known.interface
        ):
            described.append(self._describe(known, row))
        if row.is_numbered:
            if owner not in (None, known.irq):
                self._restart(self._every_key_of(known.irq))
                self._rows.pop(irq, None)
                self._keys.pop(irq, None)
            if owner != known.irq:
                self._owners[irq] = known.irq
                self._memory = None

    def _find(self, row: Row) -> Identity | None:
        same_label = (each for each in self._identities.values() if each.label == row.irq)
        return next((each for each in same_label if each.is_still(row)), None)

    def _free_name(self, irq: str) -> str:
        names = [irq, *(f"{irq}#{number}" for number in range(2, len(self._identities) + 3))]
        return next(name for name in names if name not in self._identities)

    def _describe(self, identity: Identity, row: Row) -> Identity:
        if row.is_numbered:
            text = row.description
            interface = self._interfaces.get(row.irq, identity.interface)
            identity = Identity(
                identity.irq, text.chip, text.hwirq, text.trigger, text.device, interface
            )
            self._identities[identity.irq] = identity
        return identity

    def _keys_of(self, name: str, row: Row, cpus: tuple[int, ...]) -> list[str]:
        keys = self._keys.get(row.irq)
        if keys is None:
            if row.counts is not None:
                keys = [f"{name},{cpu}" for cpu in cpus]
            else:
                keys = [f"{name},"] if row.figure is not None else []
            self._keys[row.irq] = keys
        return keys

    def _count(self, row: Row, state: State, seconds: float) -> bool:
        """Add to `state` the counts of `row` since the last sample; return whether it was reset."""
        irq, cells = row.irq, row.counts or _cells(row)
        last, keys = self._rows.get(irq), self._keys.get(irq, ())
        old = () if last is None else last.counts or _cells(last)
        if not len(old) == len(keys) == len(cells):
            self._keys.pop(irq, None)
            keys, old = self._restored(row)
        changes = [(key, a, b) for key, a, b in zip(keys, old, cells, strict=True) if a != b]
        fallen = {key for key, a, b in changes if b < a and not _may_wrap(a, b, seconds)}
        if fallen:
            name = self.name_of(row)
            # the kernel clears all cells of a numbered row together when it allocates the IRQ; a
            # CPU that was offline may show late that it did, when the others are counted already
            if row.is_numbered and not fallen.isdisjoint(f"{name},{cpu}" for cpu in self._cpus):
                fallen = set(keys)
                self._restart(self._every_key_of(name))
            self._restart(fallen)
            olds = zip(keys, old, cells, strict=True)
            changes = [(key, 0 if key in fallen else a, b) for key, a, b in olds]
        for key, a, b in changes:
            if a != b:
                state[key] = state.get(key, 0) + (b - a) % CELL_MODULUS
        return bool(fallen)

    def _restored(self, row: Row) -> tuple[list[str], tuple[int, ...]]:
        """Return the keys of a row, and the cells that agree with their totals."""
        keys = self._keys_of(self.name_of(row), row, self._rows_cpus)
        get, offset = self._state.get, self._offsets.get
        return keys, tuple((get(key, 0) - offset(key, 0)) % CELL_MODULUS for key in keys)

    def _every_key_of(self, name: str) -> list[str]:
        """Return the keys of an IRQ on every CPU that was ever online."""
        return [f"{name},{cpu}" for cpu in self._ever_online]

    def _restart(self, keys: Iterable[str]) -> None:
        """Make the cells of `keys` count from zero."""
        for key in keys:
            self._set_offset(key, self._state.get(key, 0))

    def _set_offset(self, key: str, offset: int) -> None:
        self._memory = None
        if offset % CELL_MODULUS:
            self._offsets[key] = offset % CELL_MODULUS
        else:
            self._offsets.pop(key, None)


def _may_wrap(before: int, cell: int, seconds: float) -> bool:
    """Return whether a cell can have wrapped from `before` to `cell` in these seconds."""
    limit = min(MAX_INTERRUPTS_PER_SECOND * max(seconds, 1.0), MAX_WRAPPED)
    return cell - before + CELL_MODULUS <= limit


def _cells(row: Row) -> tuple[int, ...]:
    """Return the numbers of a row: a cell per CPU, the machine's figure, or none."""
    if row.counts is not None:
        return row.counts
    return (row.figure,) if row.figure is not None else ()
