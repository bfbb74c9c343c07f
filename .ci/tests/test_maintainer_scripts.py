"""The scripts of the Debian packages, as dpkg calls them, with every command but the shell recorded.

Source: Debian Policy, 6.5 (Summary of ways maintainer scripts are called).
"""

import subprocess
from pathlib import Path

import pytest

from conftest import PROJECTS, ROOT

CALLS = {
    "postinst": (
        "configure",
        "configure 0.1.0",
        "abort-upgrade 0.2.0",
        "abort-remove",
        "abort-deconfigure in-favour other 1 removing one 1",
    ),
    "prerm": (
        "remove",
        "upgrade 0.2.0",
        "failed-upgrade 0.1.0 0.2.0",
        "deconfigure in-favour x 1",
    ),
    "postrm": (
        *(
            "remove",
            "purge",
            "upgrade 0.2.0",
            "failed-upgrade 0.1.0 0.2.0",
            "abort-install",
        ),
        *(
            "abort-install 0.1.0 0.2.0",
            "abort-upgrade 0.1.0 0.2.0",
            "disappear other 1",
        ),
    ),
}
EVERY = [
    (project, script, call)
    for project in PROJECTS
    for script, calls in CALLS.items()
    for call in calls
    if (ROOT / project / "src/build/debian" / script).exists()
]
COMMANDS = (
    *(
        "adduser",
        "deluser",
        "getent",
        "py3compile",
        "py3clean",
        "rm",
        "systemctl",
        "irqbalance",
    ),
    *("deb-systemd-helper", "deb-systemd-invoke"),
)


class Scripts:
    """A folder of commands that only write down how they are called, and scripts that find no other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.booted = folder / "booted"
        self.booted.mkdir()
        for name in COMMANDS:
            self.command(name)

    def command(self, name: str, status: int = 0) -> None:
        path = self.folder / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.folder}/called\nexit {status}\n')
        path.chmod(0o755)

    def run(self, project: str, script: str, call: str) -> tuple[int, list[str]]:
        """Run a script; return its status, and what it called."""
        text = (ROOT / project / "src/build/debian" / script).read_text()
        text = text.replace("/run/systemd/system", str(self.booted))
        text = text.replace("/usr/bin/irqbalance", "irqbalance")
        called = self.folder / "called"
        called.write_text("")
        command = ["/bin/sh", "-c", text, script, *call.split()]
        done = subprocess.run(command, check=False, env={"PATH": str(self.folder)})
        return done.returncode, called.read_text().splitlines()


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    return Scripts(tmp_path)


@pytest.mark.parametrize(("project", "script", "call"), EVERY)
def test_each_call_succeeds(scripts: Scripts, project: str, script: str, call: str):
    assert scripts.run(project, script, call)[0] == 0


@pytest.mark.parametrize(
    ("project", "script", "call"), [each for each in EVERY if each[1] != "postinst"]
)
def test_a_package_goes_though_python_and_adduser_went_before(
    scripts: Scripts, project: str, script: str, call: str
):
    for name in ("py3clean", "irqbalance", "deluser", "deb-systemd-helper"):
        (scripts.folder / name).unlink()

    assert scripts.run(project, script, call)[0] == 0


@pytest.mark.parametrize("call", CALLS["postinst"])
def test_the_server_runs_after_every_installation_and_failed_removal(scripts: Scripts, call: str):
    called = scripts.run("irq_server", "postinst", call)[1]

    assert called[-1] == "deb-systemd-invoke restart irq_server.service"


@pytest.mark.parametrize("name", ["systemctl", "deb-systemd-helper", "deb-systemd-invoke"])
@pytest.mark.parametrize(("project", "script", "call"), EVERY)
def test_a_failure_of_systemd_stops_no_package(
    scripts: Scripts, project: str, script: str, call: str, name: str
):
    scripts.command(name, 1)

    assert scripts.run(project, script, call)[0] == 0


@pytest.mark.parametrize(("script", "calls"), CALLS.items())
def test_only_a_removal_takes_back_what_install_wrote_and_only_a_purge_the_undo_record(
    scripts: Scripts, script: str, calls: tuple[str, ...]
):
    for call in calls:
        called = scripts.run("irqbalance", script, call)[1]

        assert ("irqbalance uninstall --force" in called) == ((script, call) == ("prerm", "remove"))
        assert ("rm -rf /var/lib/irqbalance" in called) == (call == "purge")


def test_without_systemd_nothing_is_started(scripts: Scripts):
    scripts.booted.rmdir()

    for project, script, call in EVERY:
        called = scripts.run(project, script, call)[1]
        assert [
            each for each in called if each.startswith(("systemctl", "deb-systemd-invoke"))
        ] == []
