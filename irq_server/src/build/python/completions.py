"""A parser of argparse, and those of its commands, as files of completion for zsh and fish.

The same file in irqbalance and irq_server.
"""

import re
from argparse import Action, ArgumentParser
from collections.abc import Iterator, Mapping


def zsh(program: str, parser: ArgumentParser, commands: Mapping[str, ArgumentParser]) -> str:
    """Return the file ``_PROGRAM`` of zsh's function path."""
    cases = "".join(
        f"        {name})\n            shift words\n            (( CURRENT-- ))\n"
        f"            _arguments -s{_zsh_arguments(made, 16)}\n            return ;;\n"
        for name, made in commands.items()
    )
    names = _quoted(f"1:command:({' '.join(commands)})")
    return (
        f"#compdef {program}\n"
        f"# made of the table of settings\n"
        f"if (( CURRENT > 2 )); then\n    case $words[2] in\n{cases}    esac\nfi\n"
        f"_arguments -s{_zsh_arguments(parser, 4)} \\\n    {names}\n"
    )


def _zsh_arguments(parser: ArgumentParser, indent: int) -> str:
    lines = []
    for action in parser._actions:
        value = f":{_shown(action)}:{_zsh_values(action)}" if action.nargs != 0 else ""
        help_ = re.sub(r"([\\\[\]:])", r"\\\1", _help(action))
        if not action.option_strings:
            lines.append(_quoted(f"*{value}"))
        for name in action.option_strings:
            others = " ".join(each for each in action.option_strings if each != name)
            exclusive = f"({others})" if others else ""
            lines.append(_quoted(f"{exclusive}{name}[{help_}]{value}"))
    return "".join(f" \\\n{' ' * indent}{line}" for line in lines)


def _zsh_values(action: Action) -> str:
    kind = _kind(action)
    return {"files": "_files", "folders": "_files -/", "": " "}.get(kind, f"({kind})")


def fish(program: str, parser: ArgumentParser, commands: Mapping[str, ArgumentParser]) -> str:
    """Return the file ``PROGRAM.fish`` of fish's vendor completions."""
    lines = ["# made of the table of settings", f"complete -c {program} -f"]
    lines += [
        f"complete -c {program} -n __fish_is_first_token -a {name} -d {_quoted(made.prog)}"
        for name, made in commands.items()
    ]
    none = f"not __fish_seen_subcommand_from {' '.join(commands)}"
    lines += _fish_options(program, parser, none)
    for name, made in commands.items():
        lines += _fish_options(program, made, f"__fish_seen_subcommand_from {name}")
    return "\n".join(lines) + "\n"


def _fish_options(program: str, parser: ArgumentParser, condition: str) -> Iterator[str]:
    for action in parser._actions:
        names = [
            f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
            for name in action.option_strings
        ]
        offered = {"files": "-F", "folders": "-a '(__fish_complete_directories)'", "": ""}
        kind = _kind(action)
        value = offered.get(kind, f"-a '{kind}'") if action.nargs != 0 else ""
        needs = "-x" if value != "-F" else "-r"
        words = [*names, *([needs] if action.nargs != 0 and names else []), value]
        if names or value:
            shown = " ".join(filter(None, words))
            yield f"complete -c {program} -n '{condition}' {shown} -d {_quoted(_help(action))}"


def _kind(action: Action) -> str:
    """Return what the values of an option are: files, folders, these words, or ``""``."""
    shown = _shown(action)
    if action.choices:
        return " ".join(map(str, action.choices))
    if re.fullmatch(r"[a-z]+(\|[a-z]+)+", shown):
        return shown.replace("|", " ")
    if re.search("FILE|SOCKET", shown):
        return "files"
    return "folders" if shown == "DIR" else ""


def _shown(action: Action) -> str:
    return str(action.metavar or action.dest)


def _help(action: Action) -> str:
    """Return the first clause of an option's help."""
    return re.split(r"[;(:]", (action.help or "").replace("%%", "%"))[0].strip()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
