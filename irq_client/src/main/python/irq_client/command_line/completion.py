"""The tables of commands and settings -> completion scripts for shells. Pure."""

from collections.abc import Sequence

from .command import Command, all_settings
from .options import EVERYWHERE, Setting

Commands = Sequence[Command[object]]

SHELLS = ("bash", "zsh", "fish")


def completion_script(shell: str, commands: Commands) -> str:
    """Return the script that makes a shell (one of SHELLS) complete irq_client's command lines."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](commands)


def _options(settings: tuple[Setting, ...]) -> list[str]:
    return [name for each in settings for name in (each.option, each.short) if name]


def _words(command: Command[object]) -> str:
    return " ".join([*_options(command.settings), *_options(EVERYWHERE), "--help"])


def _choices(commands: Commands) -> dict[str, str]:
    """Return the values of each option that has choices, of all commands together."""
    found: dict[str, dict[str, None]] = {}
    for settings in (EVERYWHERE, *(command.settings for command in commands)):
        for each in settings:
            if each.choices:
                found.setdefault(each.option, {}).update(dict.fromkeys(each.choices))
    return {option: " ".join(values) for option, values in found.items()}


def _file_options() -> str:
    return "|".join(each.option for each in EVERYWHERE if each.metavar == "FILE")


def _bash(commands: Commands) -> str:
    names = " ".join(command.name for command in commands)
    values = "|".join(each.option for each in all_settings(commands) if each.metavar)
    choices = "\n".join(
        f'        {option}) COMPREPLY=($(compgen -W "{words}" -- "$word")); return ;;'
        for option, words in _choices(commands).items()
    )
    options = "\n".join(
        f'        {command.name}) words="{_words(command)}" ;;' for command in commands
    )
    return f"""\
# bash completion of irq_client: eval "$(irq_client completion bash)"
_irq_client() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command="" words i
    COMPREPLY=()
    case $before in
        {_file_options()}) COMPREPLY=($(compgen -f -- "$word")); return ;;
{choices}
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${{COMP_WORDS[i]}} in
            {values}) ((i++)) ;;
            -*) ;;
            *) command=${{COMP_WORDS[i]}}; break ;;
        esac
    done
    case $command in
        "") words="{names} {" ".join(_options(EVERYWHERE))} --help --version" ;;
        completion) words="{" ".join(SHELLS)}" ;;
{options}
        *) return ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _irq_client irq_client
"""


def _zsh(commands: Commands) -> str:
    """Zsh reads bash's functions: one list of words is enough."""
    return f"""\
# zsh completion of irq_client: eval "$(irq_client completion zsh)"
autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
{_bash(commands).partition(chr(10))[2]}"""


def _fish(commands: Commands) -> str:
    names = " ".join(command.name for command in commands)
    lines = ["# fish completion of irq_client: irq_client completion fish | source"]
    lines.append("complete -c irq_client -f")
    for command in commands:
        lines.append(
            f"complete -c irq_client -n 'not __fish_seen_subcommand_from {names}' "
            f"-a {command.name} -d {_quoted(command.help)}"
        )
    seen = "__fish_seen_subcommand_from completion"
    lines.append(f"complete -c irq_client -n '{seen}' -a '{' '.join(SHELLS)}'")
    lines += [_fish_option(each, "") for each in EVERYWHERE]
    for command in commands:
        seen = f" -n '__fish_seen_subcommand_from {command.name}'"
        lines += [_fish_option(each, seen) for each in command.settings]
    return "\n".join(lines) + "\n"


def _fish_option(setting: Setting, condition: str) -> str:
    parts = [f"complete -c irq_client{condition} -l {setting.name}"]
    if setting.short:
        parts.append(f"-s {setting.short.removeprefix('-')}")
    if setting.choices:
        parts.append(f"-x -a '{' '.join(setting.choices)}'")
    elif setting.metavar == "FILE":
        parts.append("-r -F")
    elif setting.metavar:
        parts.append("-x")
    return " ".join([*parts, f"-d {_quoted(setting.help)}"])


def _quoted(text: str) -> str:
    """Return a text as fish reads it between single quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
