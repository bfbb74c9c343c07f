"""The tables of commands and settings become the manual page, in man(7) form, at build time.

``python manual.py FILE`` writes it.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from irq_client import __version__
from irq_client.command_line.command import ARGUMENT_HELP, Command, all_settings
from irq_client.command_line.options import EVERYWHERE, Setting
from irq_client.command_line.parser import TOPICS
from irq_client.commands.registry import COMMANDS
from irq_client.commands.top.state import KEYS

_EXIT_STATUSES = (
    ("0", "done"),
    ("1", "failed, with one line that says what and why; watch gave up"),
    ("2", "wrong usage; nothing was sent"),
    ("3", "no such IRQ, device or CPU, or no such change"),
    ("4", "not allowed, or the kernel refused"),
    ("5", "a server cannot be reached, is not trusted, or did not answer in time"),
    ("130", "ended by Ctrl-C"),
)

EXAMPLES = (
    ("The busiest CPU, and the device behind its load:", "irq_client overview"),
    ("Live, with the keys above:", "irq_client top"),
    ("Who changed eth0's affinities since ten o'clock:", "irq_client events -d 'eth0*' -s 10:00"),
    ("Rates and imbalance before and after the latest change:", "irq_client effect"),
    ("Undo the latest change of an IRQ:", "irq_client affinity 36 --undo --yes"),
    ("Wait until the machine is unbalanced:", "irq_client watch imbalance above 2 for 5m"),
    (
        "In a crontab: every hour, what fired in it, as CSV:",
        "0 * * * * irq_client irqs --period 1h --format csv >> irqs.csv",
    ),
    (
        "Of many servers, one a line in a file, the worst balanced first:",
        "irq_client status --hosts hosts --sort imbalance --columns sampler,imbalance",
    ),
)
"""The section's commands, each behind a sentence on its use."""


def manual_page(commands: Sequence[Command[object]], keys: tuple[tuple[str, str], ...]) -> str:
    """Return the page, for section 1; `keys` are those of `top`, and what each does."""
    return "\n".join(
        [
            f'.TH IRQ_CLIENT 1 "" "irq_client {__version__}"',
            ".SH NAME",
            r"irq_client \- shows what an irq_server knows of a machine's interrupts",
            ".SH SYNOPSIS",
            ".B irq_client",
            r"[\fIOPTION\fR]... \fICOMMAND\fR [\fIOPTION\fR]...",
            ".SH DESCRIPTION",
            "Asks one or more irq_servers over HTTP and shows tables, pictures or a live view in",
            "a terminal; JSON and CSV for other programs.",
            "Options may stand before or after the command.",
            ".SH COMMANDS",
            *_commands(commands),
            ".SH ARGUMENTS",
            *_tagged(tuple(ARGUMENT_HELP.items())),
            ".SH KEYS OF TOP",
            *_tagged(keys),
            ".SH OPTIONS OF EVERY COMMAND",
            *_settings(EVERYWHERE),
            ".SH OPTIONS OF SOME COMMANDS",
            *_settings(all_settings(commands)[len(EVERYWHERE) :]),
            ".SH NAMES, TIMES AND DURATIONS",
            _escaped(TOPICS[0]),
            ".SH EXIT STATUS",
            *_tagged(_EXIT_STATUSES),
            ".SH FILES",
            ".TP",
            ".I ~/.config/irq_client/config.toml",
            "settings by their names (server, hosts, token\\-file, timeout, format), and servers:",
            "a table [servers.NAME] with url and token\\-file for each.",
            ".SH EXAMPLES",
            *_examples(),
            ".SH SEE ALSO",
            ".BR irq_server (8),",
            ".BR irqbalance (8),",
            ".BR proc_interrupts (5)",
            "",
        ]
    )


def _commands(commands: Sequence[Command[object]]) -> list[str]:
    lines = []
    for command in commands:
        arguments = " ".join(rf"\fI{_escaped(each)}\fR" for each in command.arguments)
        lines += [
            ".TP",
            rf"\fB{command.name}\fR {arguments}".rstrip(),
            _escaped(command.help) + ".",
        ]
        for example in command.examples:
            lines += [".br", f"{_escaped(example)}"]
    return lines


def _examples() -> list[str]:
    return [
        line
        for words, command in EXAMPLES
        for line in (".PP", _escaped(words), ".PP", ".nf", ".RS", _escaped(command), ".RE", ".fi")
    ]


def _settings(shown: tuple[Setting, ...]) -> list[str]:
    lines = []
    for each in shown:
        names = ", ".join(rf"\fB{_escaped(name)}\fR" for name in (each.short, each.option) if name)
        value = "|".join(each.choices) or each.metavar
        text = [each.help]
        if each.default:
            text.append(f"default {each.default}")
        if each.environment:
            text.append(f"environment {each.environment}")
        tag = rf"{names} \fI{_escaped(value)}\fR" if value else names
        lines += [".TP", tag, _escaped("; ".join(text)) + "."]
    return lines


def _tagged(pairs: tuple[tuple[str, str], ...]) -> list[str]:
    return [
        line
        for tag, text in pairs
        for line in (".TP", rf"\fB{_escaped(tag)}\fR", f"{_escaped(text)}.")
    ]


def _escaped(text: str) -> str:
    """Return a text that roff shows as it is; none of ours begins with a dot or a quote."""
    return text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(manual_page(COMMANDS, KEYS), "utf-8")
