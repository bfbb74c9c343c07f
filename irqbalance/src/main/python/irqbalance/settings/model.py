"""What a run is to do, as values: the settings, and the rules of the settings file. Pure."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ..kernel.interrupts import Row
from ..loads.irqs import Selection
from .values import compile_pattern


class Rule(NamedTuple):
    """A rule of the settings file: the IRQs that it is for, and their CPUs, one node, or a ban."""

    pattern: str
    matches: Callable[[Row], bool]
    cpus: frozenset[int] | None
    ban: bool
    one_node: bool = False


class Settings(NamedTuple):
    """What a run is to do; the table in config.py says what each field is."""

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
    only_irq: tuple[str, ...]
    ban_irq: tuple[str, ...]
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

    @property
    def writes(self) -> bool:
        """Whether the run may write affinities and state."""
        return not (self.dry_run or self.check or self.from_file)

    def selection(self) -> Selection:
        """Gives what the patterns and rules let irqbalance do with each IRQ."""
        only = [compile_pattern(text) for text in self.only_irq]
        banned = [(text, compile_pattern(text)) for text in self.ban_irq]
        rules = self.rules

        def why_fixed(row: Row) -> str:
            for text, matches in banned:
                if matches(row):
                    return f"banned by --ban-irq {text}"
            if only and not any(matches(row) for matches in only):
                return "left out by --only-irq"
            rule = _first_rule(rules, row)
            return f"banned by the rule for {rule.pattern}" if rule and rule.ban else ""

        def allowed(row: Row) -> frozenset[int] | None:
            rule = _first_rule(rules, row)
            return rule.cpus if rule else None

        def together(row: Row) -> str:
            rule = _first_rule(rules, row)
            return rule.pattern if rule and rule.one_node else ""

        return Selection(why_fixed, allowed, together) if rules else Selection(why_fixed)


def _first_rule(rules: Sequence[Rule], row: Row) -> Rule | None:
    return next((rule for rule in rules if rule.matches(row)), None)
