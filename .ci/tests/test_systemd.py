"""The packages on a booted Debian with systemd, under QEMU: units start, fire, stop and go."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import needs
from conftest import ROOT
from test_packages import packages

sys.path.append(str(ROOT / "irqbalance/src/integrationtest/python"))

import roots  # noqa: E402 - it needs what irqbalance's tests boot guests with
from guest import image, machine  # noqa: E402

pytestmark = [pytest.mark.guests, pytest.mark.slow]

SUITE = "bookworm"
BOOT = "guest.systemd systemd.firstboot=off"
"""The kernel's arguments that let systemd be the first process."""


def bootable(folder: Path) -> image.Image:
    """Make an image that systemd boots, with the packages installed; return it."""
    root = roots.make(SUITE, folder / "root", "procps", "systemd-sysv", "udev")
    packages(root / "root")
    roots.done(root, "apt-get update && apt-get install --yes /root/*.deb")
    for each in ("in", "data"):
        (root / each).mkdir()
    (root / "etc/systemd/system/guest.service").write_text(image.UNIT)
    link = root / "etc/systemd/system/multi-user.target.wants/guest.service"
    link.symlink_to("../guest.service")
    options = ("-q", "-t", "ext4", "-O", "^has_journal", "-d", root)
    subprocess.run(["/sbin/mke2fs", *options, folder / "root.img", "1500M"], check=True)
    return replace(image.image(SUITE), root=folder / "root.img")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what a guest printed of what systemd did."""
    needs.everything([*image.missing(), *machine.is_missing()], "a QEMU guest, as root")
    folder = tmp_path_factory.mktemp("systemd")
    guest = machine.Machine(bootable(folder), cpus=2, arguments=BOOT)
    files = {"systemd.sh": ROOT / ".ci/tests/inside/systemd.sh"}
    result = machine.run(guest, "sh /in/systemd.sh", files)
    shutil.rmtree(folder)
    assert result.status == 0, result.err[-5000:]
    print(result.out, result.err, sep="\n")  # shown if a test fails
    return dict(line.split(": ", 1) for line in result.out.splitlines() if ": " in line)


def test_the_server_runs_from_the_boot_on_as_its_own_user(said: dict[str, str]):
    assert said["server at boot"] == "active"
    assert said["server's user"].strip() == "irq_server"
    assert said["first answer"] == "{"


def test_the_timer_is_off_until_install_turns_it_on_and_fires(said: dict[str, str]):
    assert said["timer before"] == "inactive"
    assert said["timer"] == "active enabled"
    assert said["run"] == "success 0"
    assert int(said["state"]) > 0
    assert said["timer after"] == "inactive disabled"


def test_a_command_elsewhere_runs_as_the_service_and_a_purge_ends_all(said: dict[str, str]):
    assert said["own unit"] == "active /opt/irq/irq_server"
    assert said["after the purge"] == "inactive 0"
