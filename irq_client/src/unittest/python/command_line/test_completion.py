"""Completion: real shells ask the real command, as they do when a person presses Tab."""

import os
import pty
import select
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import argcomplete
import pytest

import irq_client
import machine
import needs
from irq_client.cli import main
from irq_client.command_line.completion import SHELLS, completion_script
from irq_client.commands.registry import COMMANDS
from service import WebService
from terminal import streams, written

COMMAND = """\
#!{python}
import sys
sys.path[:0] = {path!r}
from irq_client.cli import main
sys.exit(main())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the command, a file and a configuration of two servers."""
    folder = tmp_path_factory.mktemp("completion")
    packages = [str(Path(each.__file__).parents[1]) for each in (irq_client, argcomplete)]
    command = folder / "irq_client"
    command.write_text(COMMAND.format(python=sys.executable, path=packages))
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    (folder / "hosts.txt").touch()
    (folder / "config.toml").write_text(
        '[servers.web1]\nurl = "http://127.0.0.1:1"\n[servers.db]\nurl = "http://127.0.0.1:2"\n'
    )
    return folder


@pytest.fixture(scope="module")
def service() -> Iterator[WebService]:
    """Return a service that answers well."""
    with WebService(machine.answer_well) as service:
        yield service


def environment(folder: Path, server: str = "http://127.0.0.1:1") -> dict[str, str]:
    """Return the environment of a shell."""
    return {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "IRQ_CLIENT_SERVER": server,
        "IRQ_CLIENT_CONFIG": str(folder / "config.toml"),
        "TERM": "dumb",
        "HOME": str(folder),
    }


def completed(folder: Path, line: str, server: str = "http://127.0.0.1:1") -> list[str]:
    """Return what bash offers at the end of a line."""
    script = """
        eval "$(irq_client completion bash)"
        COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=63
        _python_argcomplete irq_client
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    run = subprocess.run(
        [needs.program("bash"), "-c", script, "bash", line],
        env=environment(folder, server),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("irq_client hi", ["history "]),
        ("irq_client --utc -H h over", ["overview "]),
        ("irq_client history --char", ["--chart "]),
        ("irq_client history --chart ", ["bar", "line", "table"]),
        ("irq_client cpus --format j", ["json "]),
        ("irq_client completion ", ["bash", "zsh", "fish"]),
        ("irq_client status --chart", []),
        ("irq_client cpus --server ", ["web1", "db"]),
        ("irq_client -H w", ["web1 "]),
        ("irq_client --hosts ho", ["hosts.txt "]),
        ("irq_client irq ", []),
    ],
)
def test_bash_completes_commands_options_values_files_and_servers(
    folder: Path, line: str, offered: list[str]
):
    assert set(completed(folder, line)) >= set(offered)
    if not line.endswith(" "):
        assert completed(folder, line) == (offered or [""])


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("irq_client irq N", ["NMI "]),
        ("irq_client irqs --irq 3", ["36 "]),
        ("irq_client affinity virt", ["virtio1-req.0 "]),
        ("irq_client events -d virt", ["virtio1-req.0 "]),
        ("irq_client events -d 'ahci[0000:0", ["ahci[0000:00:1f.2]"]),
    ],
)
def test_bash_completes_irqs_and_devices_of_the_server(
    folder: Path, service: WebService, line: str, offered: list[str]
):
    assert completed(folder, line, service.url) == offered


def test_a_configuration_with_a_typo_breaks_neither_the_script_nor_the_rest(tmp_path: Path):
    broken = tmp_path / "config.toml"
    broken.write_text("server = [")
    given = streams({"IRQ_CLIENT_CONFIG": str(broken)})

    assert main(["completion", "bash"], given) == 0
    assert written(given.stdout) == completion_script("bash")


def test_every_command_is_offered(folder: Path):
    offered = {each.strip() for each in completed(folder, "irq_client ")}

    assert offered >= {command.name for command in COMMANDS}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("irq_client hi", {"history"}),
        ("irq_client history --chart ", {"bar", "line", "table"}),
        ("irq_client cpus --server ", {"web1", "db"}),
        ("irq_client irq N", {"NMI"}),
        ("irq_client affinity virt", {"virtio1-req.0"}),
        ("irq_client --hosts ho", {"hosts.txt"}),
    ],
)
def test_fish_completes_commands_values_servers_irqs_and_files(
    folder: Path, service: WebService, line: str, offered: set[str]
):
    # `complete -C` is what Tab does: https://fishshell.com/docs/current/cmds/complete.html
    script = 'irq_client completion fish | source; complete -C "$argv[1]"'
    run = subprocess.run(
        [needs.program("fish"), "--no-config", "-c", script, line],
        env=environment(folder, service.url),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (run.returncode, run.stderr) == (0, "")
    assert {each.partition("\t")[0].strip() for each in run.stdout.splitlines()} == offered


@pytest.mark.parametrize(
    ("command", "load"),
    [
        ("bash --norc --noprofile -i", 'eval "$(irq_client completion bash)"'),
        (
            "zsh -f -i",
            'autoload -Uz compinit; compinit -u -D; eval "$(irq_client completion zsh)"',
        ),
    ],
    ids=["bash", "zsh"],
)
def test_a_person_at_a_terminal_presses_tab(folder: Path, command: str, load: str):
    program, *options = command.split()
    controller, terminal = pty.openpty()
    shell = subprocess.Popen(
        [needs.program(program), *options],
        env=environment(folder) | {"PS1": "$ "},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    seen = b""

    def until(text: bytes) -> None:
        nonlocal seen
        deadline = time.monotonic() + 30
        # zsh writes a blank behind a word, and takes it back when the next one begins
        while text not in (shown := seen.replace(b" \b", b"")):
            assert time.monotonic() < deadline, seen
            if select.select([controller], [], [], 0.1)[0]:
                seen += os.read(controller, 65_536)
        seen = shown.partition(text)[2]

    try:
        os.write(controller, f'{load}; echo read""y\n'.encode())
        until(b"ready")
        os.write(controller, b"irq_client hist\t--ch\ttab\t")
        until(b"history --chart table ")
        os.write(controller, b"\x15irq_client -H w\t")
        until(b"-H web1 ")
    finally:
        shell.kill()
        shell.wait(10)
        os.close(controller)
        os.close(terminal)


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script(shell: str):
    given = streams({"IRQ_CLIENT_SERVER": "http://127.0.0.1:1"})

    assert main(["completion", shell], given) == 0
    assert "irq_client" in written(given.stdout)
    assert main(["completion", "tcsh"], streams()) == 2


@pytest.mark.parametrize(
    ("shell", "name"),
    [
        ("bash", "bash-completion/irq_client"),
        ("zsh", "zsh/_irq_client"),
        ("fish", "fish/irq_client.fish"),
    ],
)
def test_the_files_of_the_wheel_are_what_the_command_prints(shell: str, name: str):
    shipped = Path(__file__).parents[4] / "src/main/data" / name

    assert shipped.read_text() == completion_script(shell)
