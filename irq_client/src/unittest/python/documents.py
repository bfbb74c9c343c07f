"""The tables of settings and commands as docs/reference.md shows them."""

from irq_client.command_line.command import all_settings
from irq_client.commands.registry import COMMANDS


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
