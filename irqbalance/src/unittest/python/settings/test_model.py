"""The IRQs that patterns and rules let irqbalance move, and the CPUs of rules."""

from conftest import row
from irqbalance.kernel.interrupts import parse
from irqbalance.settings.model import Rule, Selection
from irqbalance.settings.values import parse_pattern

ROWS = parse(
    "\n".join(["CPU0", row(24, 1, device="eth0-rx"), row(25, 1, device="nvme0q1"), row(26, 1)])
).rows
ETH, NVME, ANY = map(parse_pattern, ("eth*", "nvme*", "*"))


def reasons(selection: Selection) -> list[str]:
    return [selection.why_fixed(each) for each in ROWS]


def test_patterns_keep_irqs_in_place():
    assert reasons(Selection(banned=(ETH,))) == ["banned by --ban-irq eth*", "", ""]
    selection = Selection(only=(parse_pattern("24-25"),), banned=(parse_pattern("25"),))
    assert reasons(selection) == ["", "banned by --ban-irq 25", "left out by --only-irq"]


def test_the_first_rule_that_matches_counts():
    rules = (
        Rule(ETH, frozenset({2, 3}), ban=False),
        Rule(NVME, None, ban=True),
        Rule(ANY, frozenset({1}), ban=False),
    )

    selection = Selection(rules=rules)

    assert reasons(selection) == ["", "banned by the rule for nvme*", ""]
    assert [selection.allowed(each) for each in ROWS] == [{2, 3}, None, {1}]


def test_a_rule_keeps_irqs_on_one_node():
    selection = Selection(rules=(Rule(ETH, None, ban=False, one_node=True),))

    assert [selection.together(each) for each in ROWS] == ["eth*", "", ""]
    assert reasons(selection) == ["", "", ""]
