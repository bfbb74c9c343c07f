"""Values that say what a run is to do: the settings, and the rules of the settings file. Pure."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ..kernel.interrupts import Row
from .values import Pattern


class Rule(NamedTuple):
    """A rule of the settings file: the IRQs that it is for, and their CPUs, one node, or a ban.

    ``near`` are the CPUs whose last-level cache it keeps its IRQs in; empty for no such rule.
    """

    pattern: Pattern
    cpus: frozenset[int] | None
    ban: bool
    one_node: bool = False
    near: frozenset[int] = frozenset()


class Selection(NamedTuple):
    """The IRQs that a person lets irqbalance move, and the CPUs that rules give them."""

    only: tuple[Pattern, ...] = ()
    banned: tuple[Pattern, ...] = ()
    rules: tuple[Rule, ...] = ()

    def on_machine(self, irqs_of: Callable[[str], frozenset[str]]) -> "Selection":
        """Return the selection with the IRQs of each pattern's interfaces and PCI devices.

        `irqs_of` returns these IRQs for the text of a pattern.
        """

        def known(pattern: Pattern) -> Pattern:
            if pattern.numbers is not None:
                return pattern
            return pattern._replace(irqs=irqs_of(pattern.text))

        return Selection(
            tuple(map(known, self.only)),
            tuple(map(known, self.banned)),
            tuple(rule._replace(pattern=known(rule.pattern)) for rule in self.rules),
        )

    def why_fixed(self, row: Row) -> str:
        """Return why a row must stay, ``""`` if it may be moved."""
        for pattern in self.banned:
            if pattern.matches(row):
                return f"banned by --ban-irq {pattern.text}"
        if self.only and not any(pattern.matches(row) for pattern in self.only):
            return "left out by --only-irq"
        rule = self._rule(row)
        return f"banned by the rule for {rule.pattern.text}" if rule and rule.ban else ""

    def allowed(self, row: Row) -> frozenset[int] | None:
        """Return the CPUs that a rule gives a row, None for all."""
        rule = self._rule(row)
        return rule.cpus if rule else None

    def together(self, row: Row) -> str:
        """Return the pattern of the rule that keeps a row on one node with others, or ``""``."""
        rule = self._rule(row)
        return rule.pattern.text if rule and rule.one_node else ""

    def beside(self, row: Row) -> frozenset[int]:
        """Return the CPUs whose cache a rule keeps a row in, none for most."""
        rule = self._rule(row)
        return rule.near if rule else frozenset()

    def without_irq(self, rows: Sequence[Row]) -> list[str]:
        """Return a sentence for each pattern that matches no row: it is a typo, or out of date."""
        patterns = [
            *(("--only-irq", pattern) for pattern in self.only),
            *(("--ban-irq", pattern) for pattern in self.banned),
            *(("the rule for", rule.pattern) for rule in self.rules),
        ]
        dead = (each for each in patterns if not any(map(each[1].matches, rows)))
        return [
            f"{where} {pattern.shown}: no IRQ matches" for where, pattern in dict.fromkeys(dead)
        ]

    def _rule(self, row: Row) -> Rule | None:
        return next((rule for rule in self.rules if rule.pattern.matches(row)), None)


class Settings(NamedTuple):
    """The settings of a run; the table in table.py explains each field but the last.

    ``banned_by`` has the CPUs that each variable of the environment bans.
    """

    dry_run: bool
    check: bool
    restore: bool
    force: bool
    from_file: Path | None
    to_file: Path | None
    interval: float | None
    state_dir: Path
    cpus: frozenset[int] | None
    ban_cpus: frozenset[int]
    isolate: frozenset[int]
    only_irq: tuple[Pattern, ...]
    ban_irq: tuple[Pattern, ...]
    threshold: float
    max_moves: int | None
    load: str
    format: str
    log: str
    procfs: Path
    sysfs: Path
    verbose: bool
    quiet: bool
    rules: tuple[Rule, ...] = ()
    banned_by: tuple[tuple[str, frozenset[int]], ...] = ()

    @property
    def writes(self) -> bool:
        """Return whether the run may write affinities and state."""
        return not (self.dry_run or self.check or self.from_file)

    @property
    def selection(self) -> Selection:
        """Return the IRQs that the patterns and rules let irqbalance move."""
        return Selection(self.only_irq, self.ban_irq, self.rules)
