"""The settings and routes in documents: reference, man page, completion.

In the project's folder,
``PYTHONPATH=src/main/python:src/build/python python src/unittest/python/documents.py``
writes them after a change of a table. A test keeps them equal.
"""

import json
import re
from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path

from completions import fish, zsh
from irq_server import cli, commands
from irq_server.installation import command
from irq_server.settings.table import DEFAULT_DATA_DIR, SETTINGS, Setting
from irq_server.web.openapi import examples
from irq_server.web.parameters import QUERY
from irq_server.web.routes import API_ROUTES, JSON, ROUTES, Route

OTHERS = (
    (
        "--config",
        "FILE",
        "take settings from this TOML file (default: none; IRQ_SERVER_CONFIG)",
    ),
    ("-v, --verbose", "", "log all: --log-level debug"),
    ("-q, --quiet", "", "log warnings and errors only: --log-level warning"),
    ("-h, --help", "", "show all options, with units, defaults and an example"),
    ("--version", "", "show the version"),
)
"""The options that are no settings."""

REFERENCE, DATA = Path("docs/reference.md"), Path("src/main/data")
MAN_PAGE = DATA / "irq_server.8"
COMPLETIONS = ("bash-completion/irq_server", "zsh/_irq_server", "fish/irq_server.fish")

ANSWERS = "## Answers, one by one\n"
"""The heading of the reference's last section."""


def rewrite(project: Path) -> None:
    """Write what is made from the table into the files below the project's folder."""
    _rewrite_between(
        project / REFERENCE, "| option | default | meaning |\n", "\n\n", settings_table()
    )
    _rewrite_between(project / REFERENCE, "| route | answer |\n", "\n\n", routes_table())
    _rewrite_between(project / REFERENCE, "| parameter | meaning |\n", "\n\n", parameters_table())
    reference = (project / REFERENCE).read_text().partition(ANSWERS)
    (project / REFERENCE).write_text(f"{reference[0]}{ANSWERS}{answers()}")
    _rewrite_between(project / MAN_PAGE, ".SH OPTIONS\n", ".SH ", man_options())
    for name, text in zip(COMPLETIONS, completions(), strict=True):
        (project / DATA / name).write_text(text)


def _rewrite_between(path: Path, start: str, end: str, made: str) -> None:
    before, found, rest = path.read_text().partition(start)
    after = rest[rest.index(end) :]
    path.write_text(f"{before}{found}{made}{after}")


def settings_table() -> str:
    """Return the rows of the reference's table of settings, without the last line end."""
    lines = ["|---|---|---|"]
    for setting in SETTINGS:
        option = f"--{setting.name} {setting.metavar or ''}".strip().replace("|", "\\|")
        lines.append(f"| `{option}` | {_code(setting.default)} | {setting.help} |")
    return "\n".join(lines)


def routes_table() -> str:
    """Return the rows of the reference's table of routes, without the last line end."""
    rows = [f"| `{each.method} {each.path}` | {each.summary} |" for each in ROUTES]
    return "\n".join(["|---|---|", *rows])


def parameters_table() -> str:
    """Return the rows of the reference's table of parameters, without the last line end."""
    rows = [f"| `{each.name}` | {each.help} |" for each in QUERY.values()]
    return "\n".join(["|---|---|", *rows])


def answers() -> str:
    """Return a section for each route of the API: parameters, columns of CSV, an example."""
    return "".join(_answer(each) for each in API_ROUTES if each.media == JSON)


def _answer(route: Route) -> str:
    lines = ["", f"### {route.method} {route.path}", "", route.help or f"{route.summary}."]
    if route.query:
        lines += ["", "Parameters: " + ", ".join(f"`{name}`" for name in route.known) + "."]
    if route.columns:
        lines += ["", f"CSV: `{','.join(route.columns)}`"]
    if route.method == "PUT":
        bodies = " or ".join(f"`{json.dumps(each)}`" for each in examples.MOVES.values())
        return "\n".join([*lines, "", f"Body: {bodies}. The answer is that of `GET`.", ""])
    fields = [
        f'"{name}": {"{…}" if name == "window" else json.dumps(value)}'
        for name, value in examples.answer(route.schema).items()
    ]
    return "\n".join([*lines, "", "```json", "{" + ",\n ".join(fields) + "}", "```", ""])


def _code(default: str) -> str:
    if default == DEFAULT_DATA_DIR:
        return "`/var/lib/irq_server` as root, else `~/.local/state/irq_server`"
    return f"`{default}`" if default else "none"


def man_options() -> str:
    """Return the man page's list of options, in the macros of man(7)."""
    lines = []
    for setting in SETTINGS:
        reload = "; SIGHUP takes a new value" if setting.reloadable else ""
        words = f"{setting.help} (default: {setting.default or 'none'}{reload})"
        lines += _man_option(f"--{setting.name}", setting.metavar or "", words)
    for names, metavar, words in OTHERS:
        lines += _man_option(names, metavar, words)
    return "\n".join(lines) + "\n"


def _man_option(names: str, metavar: str, words: str) -> list[str]:
    bold = ", ".join(f"\\fB{_roff(name)}\\fR" for name in names.split(", "))
    argument = f" \\fI{_roff(metavar)}\\fR" if metavar else ""
    return [".TP", bold + argument, _roff(words[0].upper() + words[1:]) + "."]


def _roff(text: str) -> str:
    """Return text as troff takes it: hyphens stay hyphens, and no line starts as a request."""
    shown = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    shown = shown.replace("~", "\\(ti")
    return f"\\&{shown}" if shown.startswith(".") else shown


def completions() -> tuple[str, str, str]:
    """Return the texts of COMPLETIONS."""
    made = {**_commands(commands._parser()), **_commands(command.parser())}
    parser = cli.parser()
    return completion(), zsh("irq_server", parser, made), fish("irq_server", parser, made)


def _commands(parser: ArgumentParser) -> dict[str, ArgumentParser]:
    (action,) = (each for each in parser._actions if isinstance(each, _SubParsersAction))
    return action.choices


def completion() -> str:
    """Return the file that completes the command in bash."""
    options = [f"--{setting.name}" for setting in SETTINGS]
    options += [name for names, _, _ in OTHERS for name in names.split(", ")]
    cases = [_case(f"--{each.name}", each) for each in SETTINGS if each.metavar is not None]
    return _COMPLETION.format(cases="\n".join(cases), options=" ".join(options))


def _case(option: str, setting: Setting) -> str:
    """Return what bash offers as the value of an option; nothing for values that it cannot know."""
    action = "return"
    metavar = setting.metavar or ""
    if "|" in metavar:
        words = f"compgen -W '{metavar.replace('|', ' ')}' -- \"$cur\""
        action = f"mapfile -t COMPREPLY < <({words}); return"
    elif re.search("FILE|SOCKET", metavar):
        action = "_filedir; return"
    elif metavar == "DIR":
        action = "_filedir -d; return"
    return f"        {option}) {action} ;;"


_COMPLETION = """\
# bash completion for irq_server
_irq_server() {{
    local cur prev words cword options='{options}'
    _init_completion || return
    case $prev in
{cases}
        --config) _filedir toml; return ;;
        --start | --end) return ;;
        --format)
            mapfile -t COMPREPLY < <(compgen -W 'csv openmetrics parquet' -- "$cur")
            return ;;
        --output) _filedir; return ;;
        --root) _filedir -d; return ;;
    esac
    case ${{words[1]}} in
        verify | repair)
            _filedir -d
            return ;;
        export)
            options='--start --end --tier --host --format --output --config --help'
            mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
            [[ $cur == -* ]] || _filedir -d
            return ;;
        ship)
            options='--tier --host --data-dir --config --help'
            mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
            [[ $cur == -* ]] || _filedir -d
            return ;;
        install | uninstall)
            mapfile -t COMPREPLY < <(compgen -W '--root --force --help' -- "$cur")
            return ;;
        import)
            mapfile -t COMPREPLY < <(compgen -W '--config --data-dir --help' -- "$cur")
            [[ $cur == -* ]] || _filedir
            return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    if ((cword == 1)) && [[ $cur != -* ]]; then
        options='verify repair export ship import install uninstall'
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    fi
}} &&
    complete -F _irq_server irq_server
"""

if __name__ == "__main__":
    rewrite(Path.cwd())
