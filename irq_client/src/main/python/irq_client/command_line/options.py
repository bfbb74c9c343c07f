"""The one table of settings and the one table of commands.

The options, the environment names, ``--help`` and the tables in README.md all come from here.
Nothing in this module reads the command line or the environment.
"""

from typing import NamedTuple

ENVIRONMENT_PREFIX = "IRQ_CLIENT_"


class Setting(NamedTuple):
    """One setting: an option, and where `from_environment` a variable as well."""

    name: str
    """Without the dashes: ``token-file``."""
    help: str
    """What it does, with the unit."""
    metavar: str = ""
    """The value's name in the help; empty for a switch."""
    default: str = ""
    """As a person would write it; empty for none. That of a window is the server's, never sent."""
    from_environment: bool = False
    repeatable: bool = False
    choices: tuple[str, ...] = ()
    short: str = ""
    """A one-letter option, with its dash."""

    @property
    def option(self) -> str:
        """The option, ``--token-file``."""
        return f"--{self.name}"

    @property
    def environment(self) -> str:
        """The environment name, ``IRQ_CLIENT_TOKEN_FILE``; empty where there is none."""
        if not self.from_environment:
            return ""
        return ENVIRONMENT_PREFIX + self.name.upper().replace("-", "_")


EVERYWHERE = (
    Setting(
        "server",
        "irq_server to ask, by http, https or a Unix socket (unix:/run/irq_server/socket), or its "
        "name or a pattern of names in the configuration file; may be repeated (in the "
        "environment: parted by blanks)",
        "URL",
        "http://127.0.0.1:5000",
        from_environment=True,
        repeatable=True,
    ),
    Setting(
        "hosts",
        "file of servers to ask, one to a line: URL, NAME URL, or host[:port]",
        "FILE",
        from_environment=True,
    ),
    Setting(
        "config",
        "configuration file, TOML",
        "FILE",
        "~/.config/irq_client/config.toml",
        from_environment=True,
    ),
    Setting(
        "token-file",
        "file that holds the server's token, one line",
        "FILE",
        from_environment=True,
    ),
    Setting(
        "timeout",
        "time limit for each answer, retries included, in seconds (or 500ms, 2m)",
        "S",
        "10",
        from_environment=True,
    ),
    Setting(
        "format",
        "table for people, json as the server sent it, csv (RFC 4180) for other programs",
        "FORMAT",
        "table",
        from_environment=True,
        choices=("table", "json", "csv"),
    ),
    Setting("verbose", "tell on standard error what is asked, and how long it took", short="-v"),
    Setting("quiet", "no warnings on standard error, only errors", short="-q"),
)

CONFIG_KEYS = tuple(
    each.name for each in EVERYWHERE if each.from_environment and each.name != "config"
)
"""Settings that the configuration file may hold, under their names."""

WINDOW = (
    Setting(
        "period",
        "length of the window: 90 (seconds), 20ms, 90s, 15m, 2h, 7d, 1w",
        "DURATION",
        "60s",
    ),
    Setting(
        "start",
        "where it starts: 2026-01-01T00:00:00Z, Unix seconds, now, or -15m (so long ago)",
        "TIME",
        "a period before the end",
    ),
    Setting("end", "where it ends, written like --start", "TIME", "now"),
)

IRQ = Setting("irq", "only this IRQ; may be repeated", "IRQ", repeatable=True)
CPU = Setting("cpu", "only these CPUs, such as 0-3,8", "CPU-LIST")
DEVICE = Setting(
    "device", "only devices that match this shell pattern, such as 'eth0-*'", "PATTERN"
)
NONZERO = Setting("nonzero", "only what counted at least one interrupt in the window")
TOP = Setting("top", "only the N busiest", "N")
BY = Setting(
    "by",
    "what each count is for; heatmap: cpu (its default), irq, or irq,cpu without time",
    "KEY",
    "total",
    choices=("total", "cpu", "irq", "irq,cpu"),
)
STEP = Setting(
    "step", "length of one step, a duration like --period", "DURATION", "the server's choice"
)
REFRESH = Setting("refresh", "how often it is asked anew, a duration", "DURATION", "1s")
SAME = Setting("same", "gives each IRQ of a pattern the whole list, not one CPU of it in turn")
WITHIN = Setting(
    "within", "ends after so long, with exit status 1 where it never held", "DURATION", "never"
)
FOLLOW = Setting("follow", "goes on, and prints each time the condition begins or ceases to hold")
YES = Setting("yes", "change it without asking first", short="-y")

HEAT_BY = BY._replace(
    name="by",
    help="rows of the picture: CPU or IRQ by time, or IRQ by CPU (irq,cpu)",
    default="cpu",
    choices=("cpu", "irq", "irq,cpu"),
)
CHART = Setting(
    "chart",
    "how it is drawn; table gives the numbers",
    "CHART",
    "bar",
    choices=("bar", "line", "table"),
)
FILTERS = (IRQ, CPU, DEVICE, NONZERO, TOP)


ARGUMENT_HELP = {
    "IRQ": "an IRQ by its name in the first column of /proc/interrupts, such as 36, NMI or THR#2",
    "CPU": "a CPU's number",
    "CPU-LIST": "the CPUs that it may go to from now on, such as 2 or 0-3,8",
    "TIME": "such as 2026-01-01T00:00:00Z or -15m; default: the latest affinity change",
    "CONDITION": "FIGURE > NUMBER [for DURATION]; FIGURE is imbalance, rate, cpu CPU-LIST rate, or "
    "irq PATTERN rate; > may be >=, <, <=, == or !=; NUMBER may end in k, M or G",
    "SHELL": "bash, zsh or fish",
}
"""What the positional arguments are, by name."""


class Command(NamedTuple):
    """One command: its arguments, the settings that it takes beside EVERYWHERE, and examples."""

    name: str
    help: str
    examples: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    """Names of the positional arguments; one in brackets may be left out."""
    settings: tuple[Setting, ...] = ()


COMMANDS = (
    Command(
        "overview",
        "interrupts in the window, IRQ by CPU",
        ("irq_client overview --period 15m --nonzero",),
        settings=WINDOW + FILTERS,
    ),
    Command(
        "irqs",
        "totals per IRQ, busiest first",
        ("irq_client irqs --device 'eth0-*' --top 10",),
        settings=WINDOW + FILTERS,
    ),
    Command(
        "irq",
        "one IRQ: counts by CPU, affinity",
        ("irq_client irq 36 --start -2h --end -1h",),
        ("IRQ",),
        (*WINDOW, CPU),
    ),
    Command(
        "cpus",
        "totals per CPU",
        ("irq_client cpus --cpu 0-3",),
        settings=WINDOW + FILTERS,
    ),
    Command(
        "cpu",
        "one CPU: counts by IRQ, busiest first",
        ("irq_client cpu 0 --period 1h --top 5",),
        ("CPU",),
        (*WINDOW, IRQ, DEVICE, NONZERO, TOP),
    ),
    Command(
        "history",
        "counts step by step, drawn, with gaps and affinity changes",
        ("irq_client history --by cpu --step 1m --period 15m",),
        settings=(CHART, BY, STEP, *WINDOW, IRQ, CPU, DEVICE, TOP),
    ),
    Command(
        "heatmap",
        "CPU by time, or IRQ by CPU, in blocks of colour with a scale",
        (
            "irq_client heatmap --period 1h",
            "irq_client heatmap --by irq,cpu --nonzero",
        ),
        settings=(HEAT_BY, STEP, *WINDOW, *FILTERS),
    ),
    Command(
        "top",
        "a live view; keys sort, filter, pause and step back in time",
        ("irq_client top", "irq_client top --device 'eth0-*' --refresh 500ms --period 10s"),
        settings=(REFRESH, WINDOW[0], IRQ, CPU, DEVICE, NONZERO),
    ),
    Command(
        "affinity",
        "the CPUs that an IRQ may go to; with a CPU list, sets them (IRQ: also a pattern or 40-47)",
        ("irq_client affinity 36 2-3 --yes", "irq_client affinity 'eth0-*' 0-7"),
        ("IRQ", "[CPU-LIST]"),
        (YES, SAME),
    ),
    Command(
        "effect",
        "rates and imbalance before and after a time, or the latest affinity change",
        ("irq_client effect", "irq_client effect --irq 36", "irq_client effect -15m --period 5m"),
        ("[TIME]",),
        (WINDOW[0], IRQ, CPU, DEVICE, TOP),
    ),
    Command(
        "watch",
        "nothing until a condition holds, then prints it and ends",
        (
            "irq_client watch 'imbalance > 1.5 for 5m'",
            "irq_client watch 'irq eth0-* rate > 50k' --within 1h",
            "irq_client watch 'cpu 0-3 rate < 100' --follow",
        ),
        ("CONDITION",),
        (WITHIN, FOLLOW, REFRESH, WINDOW[0]),
    ),
    Command(
        "events",
        "affinity changes and by whom, CPUs that came and went, boots, gaps, starts and stops",
        ("irq_client events --period 7d", "irq_client events --period 1d --irq 36"),
        settings=(*WINDOW, IRQ, CPU),
    ),
    Command(
        "status",
        "how the server's sampler and store are doing",
        ("irq_client status --server http://127.0.0.1:5000",),
    ),
    Command(
        "completion",
        "a script that makes a shell complete command lines: bash, zsh or fish",
        ('eval "$(irq_client completion bash)"', "irq_client completion fish | source"),
        ("SHELL",),
    ),
    Command(
        "man",
        "the manual page, as the package installs it in share/man/man1",
        ("irq_client man | man -l -",),
    ),
)


def settings() -> tuple[Setting, ...]:
    """Gives every setting once: those of every command first, then in the order of the commands."""
    found = {each.name: each for each in EVERYWHERE}
    for command in COMMANDS:
        for each in command.settings:
            found.setdefault(each.name, each)
    return tuple(found.values())


def settings_table() -> str:
    """Gives the settings as README.md shows them, a Markdown table."""
    lines = ["| option | environment | default | meaning |", "|---|---|---|---|"]
    for each in settings():
        option = f"`{each.short}, {each.option}`" if each.short else f"`{each.option}`"
        if each.metavar:
            values = "\\|".join(each.choices) or each.metavar
            option = f"`{each.option} {values}`"
        environment = f"`{each.environment}`" if each.environment else ""
        default = each.default if " " in each.default else f"`{each.default}`" * bool(each.default)
        lines.append(f"| {option} | {environment} | {default} | {each.help} |")
    return "\n".join(lines) + "\n"


def commands_table() -> str:
    """Gives the commands as README.md shows them, a Markdown table."""
    lines = ["| command | shows | example |", "|---|---|---|"]
    for each in COMMANDS:
        usage = " ".join((each.name, *each.arguments))
        lines.append(f"| `{usage}` | {each.help} | `{each.examples[0]}` |")
    return "\n".join(lines) + "\n"
