"""The tables of settings and commands as docs/reference.md shows them."""

from irq_client.command_line.command import all_settings
from irq_client.commands import affinity, cpus, effect, events, irqs, status
from irq_client.commands.registry import COMMANDS

COLUMNS = {
    "irqs": irqs.COLUMNS,
    "cpus": cpus.COLUMNS,
    "cpu": cpus.COLUMNS_OF_ONE,
    "events": events.COLUMNS,
    "effect": effect.COLUMNS,
    "affinity": affinity.MOVE_COLUMNS,
    "status": status.COLUMNS,
}
"""The commands whose tables have the same columns whatever the machine, and these columns."""


def settings_table() -> str:
    """Return the settings, one to a row."""
    lines = ["| option | environment | default | meaning |", "|---|---|---|---|"]
    for each in all_settings(COMMANDS):
        names = ", ".join(reversed(each.names))
        option = f"`{names} {each.value}".rstrip().replace("|", "\\|") + "`"
        environment = f"`{each.environment}`" if each.environment else ""
        default = each.default if " " in each.default else f"`{each.default}`" * bool(each.default)
        lines.append(f"| {option} | {environment} | {default} | {each.help} |")
    return "\n".join(lines) + "\n"


def commands_table() -> str:
    """Return the commands, one to a row."""
    lines = ["| command | shows | example |", "|---|---|---|"]
    for each in COMMANDS:
        usage = " ".join((each.name, *each.arguments))
        lines.append(f"| `{usage}` | {each.help} | `{each.examples[0]}` |")
    return "\n".join(lines) + "\n"


def columns_table() -> str:
    """Return the columns of the commands' tables and of their CSV, one command to a row."""
    lines = ["| command | columns of the table | columns of its CSV |", "|---|---|---|"]
    for name, columns in COLUMNS.items():
        titles = ", ".join(f"`{each.title}`" for each in columns if each.title)
        names = ",".join(each.csv for each in columns if each.csv)
        lines.append(f"| `{name}` | {titles} | `{names}` |")
    return "\n".join(lines) + "\n"
