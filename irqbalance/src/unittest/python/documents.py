"""The tables in documents, made from those of the code.

In the project's folder,
``PYTHONPATH=src/main/python:src/build/python python src/unittest/python/documents.py``
writes them after a change of the table. A test keeps them equal.
"""

from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path

from completions import fish, zsh
from irqbalance.settings.command_line import parser
from irqbalance.settings.old_options import OLD
from irqbalance.settings.table import COMMANDS, SETTINGS, Command, Setting

OTHERS = (
    ("--config", "FILE", "take settings and rules from this TOML file; the command line wins"),
    ("-h, --help", "", "show all options, with units, defaults and an example"),
    ("--version", "", "show the version"),
)
"""The options that are no settings."""

REFERENCE, MIGRATING = Path("docs/reference.md"), Path("docs/migrating.md")
DATA = Path("src/main/data")
MAN_PAGE = DATA / "irqbalance.8"
COMPLETIONS = tuple(
    DATA / file
    for file in ("bash-completion/irqbalance", "zsh/_irqbalance", "fish/irqbalance.fish")
)


def rewrite(project: Path) -> None:
    """Write what is made from the table into the files below the project's folder."""
    _replace(project / REFERENCE, "| option | key", "\n`--help`", settings_table())
    _replace(project / MIGRATING, "| the C irqbalance |", "\n## ", old_options_table())
    _replace(project / MAN_PAGE, ".SH OPTIONS\n", ".SH HOW", man_options() + man_commands())
    _replace(project / MAN_PAGE, ".SS Options\n", ".SH", ".SS Options\n" + man_old_options())
    for file, text in completions().items():
        (project / DATA / file).write_text(text)


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


def parser_of(command: Command) -> ArgumentParser:
    """Return the parser of the words behind a command."""
    made: ArgumentParser = import_module(f"irqbalance.commands.{command.name}").parser()
    return made


def completions() -> dict[str, str]:
    """Return the files that complete the command, by their paths below src/main/data."""
    commands = {each.name: parser_of(each) for each in COMMANDS}
    return {
        "bash-completion/irqbalance": completion(),
        "zsh/_irqbalance": zsh("irqbalance", parser(), commands),
        "fish/irqbalance.fish": fish("irqbalance", parser(), commands),
    }


def completion() -> str:
    """Return the file that completes the command in bash."""
    options = [name for setting in SETTINGS for name in setting.options]
    options += [name for names, _, _ in OTHERS for name in names.split(", ")]
    cases = [_case(setting) for setting in SETTINGS if setting.parse is not None]
    return _COMPLETION.format(
        cases="\n".join([*filter(None, cases), "        --config) _filedir toml; return ;;"]),
        options=" ".join(options),
        commands=" ".join(command.name for command in COMMANDS),
        command_cases="\n".join(_command_case(command) for command in COMMANDS),
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


def _command_case(command: Command) -> str:
    made = parser_of(command)
    words = f"compgen -W '{' '.join(made._option_string_actions)}' -- \"$cur\""
    takes_file = any(not action.option_strings for action in made._actions)
    files = "[[ $cur == -* ]] || _filedir; " if takes_file else ""
    return f"        {command.name}) mapfile -t COMPREPLY < <({words}); {files}return ;;"


_COMPLETION = """\
# bash completion for irqbalance
_irqbalance() {{
    local cur prev words cword
    _init_completion || return
    case $prev in
{cases}
    esac
    case ${{words[1]}} in
{command_cases}
    esac
    mapfile -t COMPREPLY < <(compgen -W '{commands} {options}' -- "$cur")
}} &&
    complete -F _irqbalance irqbalance
"""

if __name__ == "__main__":
    rewrite(Path.cwd())
