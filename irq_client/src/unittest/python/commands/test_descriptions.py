"""Every command shows a server's words for a row without a number, here those of an s390x."""

import pytest
from test_history import by_irq, run

import machine

WORDS = {"description": "[NMI] Machine Check"}


def described(answer: dict[str, object]) -> dict[str, object]:
    """Return an answer whose NMI has the words."""
    rows = [row | WORDS if row["irq"] == "NMI" else row for row in answer["irqs"]]
    return answer | {"irqs": rows}


@pytest.mark.parametrize(
    "command",
    [
        "overview", "irqs", "irq NMI", "cpu 1", "history --by irq", "heatmap --by irq",
        "heatmap --by irq,cpu", "effect 00:00:30", "top --count 1",
    ],
)  # fmt: skip
def test_a_servers_words_stand_before_those_of_the_table(command: str):
    irqs = described(machine.IRQS)
    answers = {
        "interrupts": described(machine.INTERRUPTS),
        "irqs": irqs,
        "NMI": machine.ONE_IRQ | irqs["irqs"][2],
        "1": described(machine.ONE_CPU),
        "series": by_irq(NMI=3701),
    }

    status, output, _ = run(*command.split(), answers=answers)

    assert status == 0
    assert "[NMI] Machine Check" in output
    assert "Non-maskable" not in output
