"""No command writes a line that is wider than the terminal."""

import pytest

import machine
from irq_client.cli import main
from irq_client.terminal.text import cell_width
from portrait import Portrait
from service import Request, WebService, json_reply
from terminal import streams, written

COMMANDS = (
    "overview",
    "irqs",
    "irq 36",
    "cpus",
    "cpu 1",
    "history",
    "history --chart line",
    "history --chart table",
    "heatmap",
    "heatmap --by irq,cpu",
    "affinity 36",
    "affinity virtio*",
    "effect",
    "events",
    "status",
    "top --count 1",
)


def nothing_happened(service: WebService, request: Request) -> bytes:
    """Answer as on a machine where nothing fired."""
    empty = {"irqs": [], "cpus": [], "totals": [], "total": 0, "events": [], "points": []}
    answer = machine.ANSWERS.get(request.path, {})
    known = {key: value for key, value in empty.items() if key in answer}
    return json_reply(answer | known) if known else machine.answer_well(service, request)


ANSWERERS = {
    "a small machine": machine.answer_well,
    "a large machine": Portrait(128),
    "nothing happened": nothing_happened,
}


@pytest.mark.parametrize("name", ANSWERERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_no_line_is_wider_than_the_terminal(command: str, name: str):
    with WebService(ANSWERERS[name]) as service:
        for width in (20, 25, 31, 40, 47, 54, 80):
            given = streams({"COLUMNS": str(width), "NO_COLOR": "1"}, terminal=True)
            main([*command.split(), "--server", service.url], given)

            for line in written(given.stdout).splitlines():
                assert cell_width(line) <= width, (width, line)
