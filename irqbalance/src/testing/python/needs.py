"""Skip a test that needs something this machine lacks, and name the package that brings it.

If the environment has CI, such a test fails instead, as CI may skip nothing. The same file in all
three projects.
"""

import os
import shutil
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

PACKAGES = {
    "apt-get": "apt",
    "busybox": "busybox-static",
    "chromedriver": "chromium-driver",
    "chromium": "chromium",
    "cpio": "cpio",
    "depmod": "kmod",
    "logrotate": "logrotate",
    "man": "man-db",
    "mke2fs": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "modprobe": "kmod",
    "nginx": "nginx",
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-system-ppc64": "qemu-system-ppc",
    "qemu-system-riscv64": "qemu-system-misc",
    "qemu-system-s390x": "qemu-system-misc",
    "qemu-system-x86_64": "qemu-system-x86",
    "systemd-analyze": "systemd",
    "systemd-sysusers": "systemd",
    "systemd-tmpfiles": "systemd",
    "xz": "xz-utils",
    "zstd": "zstd",
}
"""Debian's package of each program that a test runs."""

FOLDERS = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
"""Where programs are looked for: a user's PATH often lacks the folders of root's programs."""


def program(*names: str) -> str:
    """Return the path of the first of these programs that is installed; else skip the test."""
    found = next(filter(None, (shutil.which(name, path=FOLDERS) for name in names)), None)
    if found is None:
        packages([PACKAGES.get(names[0], names[0])], names[0])
    assert found
    return found


def file(path: str, package: str) -> Path:
    """Return the path of a file that a package brings; skip the test if it is missing."""
    if not Path(path).exists():
        packages([package], path)
    return Path(path)


def wheel_command(name: str) -> Path:
    """Return the path of a command of the wheel under test, which `pyb` installs."""
    folder = os.environ.get("WHEEL_COMMANDS")
    assert folder, "WHEEL_COMMANDS names no folder: run pyb, or see build.py's test_wheel()"
    return Path(folder) / name


def root() -> None:
    """Skip the test unless root runs it."""
    if os.geteuid() != 0:
        _missing("needs root")


def reachable(path: Path) -> None:
    """Skip the test unless every user can reach this path, as nobody can in root's home."""
    closed = [each for each in path.parents if not each.stat().st_mode & stat.S_IXOTH]
    if closed:
        _missing(
            f"needs a checkout that every user can reach, but {closed[-1]} is closed to others"
        )


def everything(absent: Sequence[str], what: str) -> None:
    """Skip the test if `what` it needs lacks anything: programs, packages, ``root``."""
    if absent:
        packages((PACKAGES.get(name, name) for name in absent if name != "root"), what)


def packages(names: Iterable[str], what: str) -> None:
    """Skip the test: `what` it needs is missing, and these packages bring it, if any."""
    install = " ".join(sorted(set(names)))
    _missing(f"needs {what}: apt-get install {install}" if install else f"needs {what}")


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (CI is set, so this is no skip)")
    pytest.skip(reason)
