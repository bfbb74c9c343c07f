"""The settings in documents, made from the table: reference, man page, completion.

``PYTHONPATH=src/main/python python src/unittest/python/documents.py``, in the project's folder,
writes them after a change of the table. A test keeps them equal.
"""

from pathlib import Path

from irqbalance.settings.old_options import OLD
from irqbalance.settings.table import COMMANDS, SETTINGS, Setting

OTHERS = (
    ("--config", "FILE", "take settings and rules from this TOML file; the command line wins"),
    ("-h, --help", "", "show all options, with units, defaults and an example"),
    ("--version", "", "show the version"),
)
"""The options that are no settings."""

REFERENCE, MIGRATING, MAN_PAGE, COMPLETION = (
    Path("docs/reference.md"),
    Path("docs/migrating.md"),
    Path("src/main/data/irqbalance.8"),
    Path("src/main/data/bash-completion/irqbalance"),
)


def rewrite(project: Path) -> None:
    """Write what is made from the table into the files below the project's folder."""
    _replace(project / REFERENCE, "| option | key", "\n`--help`", settings_table())
    _replace(project / MIGRATING, "| the C irqbalance |", "\n## ", old_options_table())
    _replace(project / MAN_PAGE, ".SH OPTIONS\n", ".SH HOW", man_options() + man_commands())
    old = "What its options are here:\n"
    _replace(project / MAN_PAGE, old, ".SH EXAMPLES", old + man_old_options())
    (project / COMPLETION).write_text(completion())


def _replace(path: Path, start: str, end: str, made: str) -> None:
    """Replace the text from `start` up to the next `end`, which stays."""
    before, _, rest = path.read_text().partition(start)
    path.write_text(before + made + rest[rest.index(end) :])


def settings_table() -> str:
    """Return the reference's table of settings, in Markdown."""
    lines = ["| option | key in the file | default | meaning |", "|---|---|---|---|"]
    for setting in SETTINGS:
        option = ", ".join(f"`{name}`" for name in setting.options)
        if setting.metavar:
            shown = setting.metavar.replace("|", "\\|")
            option = option[:-1] + f" {shown}`"
        key = f"`{setting.name}`" if setting.in_file else ""
        lines.append(f"| {option} | {key} | {setting.shown_default} | {setting.help} |")
    return "\n".join(lines) + "\n"


def man_options() -> str:
    """Return the man page's section OPTIONS, in the macros of man(7)."""
    lines = [".SH OPTIONS"]
    for setting in SETTINGS:
        words = (
            f"{setting.help} (default: {setting.shown_default})"
            if setting.parse
            else (setting.help)
        )
        lines += _man_option(", ".join(setting.options), setting.metavar, words)
    for names, metavar, words in OTHERS:
        lines += _man_option(names, metavar, words)
    return "\n".join(lines) + "\n"


def man_commands() -> str:
    """Return the man page's section COMMANDS."""
    lines = [".SH COMMANDS"]
    for command in COMMANDS:
        lines += _man_option(command.name, command.arguments, command.help)
    return "\n".join(lines) + "\n"


def man_old_options() -> str:
    """Return the man page's list of the C irqbalance's options."""
    lines = []
    for old in OLD:
        lines += _man_option(", ".join(old.names), old.argument, old.instead)
    return "\n".join(lines) + "\n"


def old_options_table() -> str:
    """Return the table of the C irqbalance's options, in Markdown."""
    lines = ["| the C irqbalance | here | key in the file |", "|---|---|---|"]
    for old in OLD:
        names = ", ".join(f"`{name}`" for name in old.names)
        argument = f" `{old.argument}`" if old.argument else ""
        key = f"`{old.key}`" if old.key else ""
        lines.append(f"| {names}{argument} | {old.instead} | {key} |")
    return "\n".join(lines) + "\n"


def _man_option(names: str, metavar: str, words: str) -> list[str]:
    bold = ", ".join(f"\\fB{_roff(name)}\\fR" for name in names.split(", "))
    argument = f" \\fI{_roff(metavar)}\\fR" if metavar else ""
    text = _roff(words)
    return [".TP", bold + argument, text[0].upper() + text[1:] + "."]


def _roff(text: str) -> str:
    """Return text for troff: its hyphens stay hyphens, and its line does not start a request."""
    shown = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return f"\\&{shown}" if shown.startswith(".") else shown


def completion() -> str:
    """Return the file that completes the command in bash."""
    options = [name for setting in SETTINGS for name in setting.options]
    options += [name for names, _, _ in OTHERS for name in names.split(", ")]
    cases = [_case(setting) for setting in SETTINGS if setting.parse is not None]
    return _COMPLETION.format(
        cases="\n".join([*filter(None, cases), "        --config) _filedir toml; return ;;"]),
        options=" ".join(options),
        commands=" ".join(command.name for command in COMMANDS),
        choices="|".join(command.name for command in COMMANDS),
    )


def _case(setting: Setting) -> str:
    """Return what bash offers as the value of an option; ``""`` for values that it cannot know."""
    names = "|".join(setting.options)
    if "|" in setting.metavar:
        words = f"compgen -W '{setting.metavar.replace('|', ' ')}' -- \"$cur\""
        return f"        {names}) mapfile -t COMPREPLY < <({words}); return ;;"
    if setting.metavar == "FILE":
        return f"        {names}) _filedir; return ;;"
    if setting.metavar == "DIR":
        return f"        {names}) _filedir -d; return ;;"
    return f"        {names}) return ;;"


_COMPLETION = """\
# bash completion for irqbalance
_irqbalance() {{
    local cur prev words cword
    _init_completion || return
    case $prev in
{cases}
    esac
    case ${{words[1]}} in
        {choices}) _filedir; return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W '{commands} {options}' -- "$cur")
}} &&
    complete -F _irqbalance irqbalance
"""

if __name__ == "__main__":
    rewrite(Path.cwd())
