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


def test_a_pattern_that_matches_no_irq_is_named_once():
    typo, gone = parse_pattern("eth9-*"), parse_pattern("900-999")
    selection = Selection(
        only=(ETH, typo, typo),
        banned=(gone, NVME, typo),
        rules=(Rule(typo, frozenset({1}), ban=False), Rule(ANY, None, ban=True)),
    )

    assert selection.without_irq(ROWS) == [
        "--only-irq eth9-*: no IRQ matches",
        "--ban-irq 900-999: no IRQ matches",
        "--ban-irq eth9-*: no IRQ matches",
        "the rule for eth9-*: no IRQ matches",
    ]


def test_a_rule_behind_another_one_for_the_same_irq_is_not_named():
    rules = (Rule(ANY, None, ban=True), Rule(ETH, frozenset({1}), ban=False))

    assert Selection(rules=rules).without_irq(ROWS) == []


def test_a_strange_pattern_is_named_in_one_short_line():
    (line,) = Selection(banned=(parse_pattern("a\nb" + "c" * 5000),)).without_irq(ROWS)

    assert line.startswith("--ban-irq 'a\\nbccc")
    assert len(line) < 120


def test_patterns_on_names_mean_the_irqs_of_the_machines_devices():
    asked = []

    def irqs_of(text: str) -> frozenset[str]:
        asked.append(text)
        return frozenset({"26"} if text == "ens1" else set())

    ens1 = parse_pattern("ens1")
    plain = Selection((ens1, ETH), (parse_pattern("25"),), (Rule(ens1, None, ban=True),))

    selection = plain.on_machine(irqs_of)

    assert asked == ["ens1", "eth*", "ens1"]
    assert reasons(plain)[2] == "left out by --only-irq"
    assert reasons(selection) == ["", "banned by --ban-irq 25", "banned by the rule for ens1"]
    assert plain.without_irq(ROWS) == [
        "--only-irq ens1: no IRQ matches",
        "the rule for ens1: no IRQ matches",
    ]
    assert selection.without_irq(ROWS) == []


def test_a_rule_keeps_irqs_near_cpus():
    selection = Selection(rules=(Rule(ETH, None, ban=False, near=frozenset({8})),))

    assert [selection.beside(each) for each in ROWS] == [{8}, frozenset(), frozenset()]
