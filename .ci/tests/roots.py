"""Debian roots: a bare one of a suite, and commands in a root as in a machine of its own.

No root can write the kernel's /proc/irq: it is mounted read-only there.
"""

import shutil
import subprocess
from pathlib import Path

from guest import image

_MOUNT = """
mount -t proc proc "$ROOT/proc"
mount --bind "$ROOT/proc/irq" "$ROOT/proc/irq"
mount -o remount,bind,ro "$ROOT/proc/irq"
mount --rbind /dev "$ROOT/dev"
mount --rbind /sys "$ROOT/sys"
mount -o remount,bind,ro "$ROOT/sys"
exec chroot "$ROOT" "$@"
"""
_FROM_HERE = ("etc/resolv.conf", "etc/hosts", "etc/pip.conf", "etc/ssl/certs/ca-certificates.crt")
"""The files by which apt and pip of this machine reach their servers."""

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
    "PIP_COMPILE": "0",
}


def make(suite: str, folder: Path, *packages: str) -> Path:
    """Make the root of a bare Debian with a few packages."""
    options = [
        "--quiet",
        "--variant=minbase",
        f"--include={','.join(('ca-certificates', *packages))}",
    ]
    sources = image._sources(suite)
    subprocess.run(["mmdebstrap", "--mode=root", *options, suite, folder, *sources], check=True)
    # what the tests need and no more
    (folder / "etc/apt/apt.conf.d/99tests").write_text('APT::Install-Recommends "false";\n')
    keyring = Path(f"{folder}{image.KEYRING}")
    keyring.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(image.KEYRING, keyring)
    for each in _FROM_HERE:
        if Path("/", each).exists():
            shutil.copy(Path("/", each), folder / each)
    return folder


def run(
    root: Path, script: str, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a shell script in a root, as root, in namespaces of its own: what it starts ends with it."""
    alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    inside = ["/bin/sh", "-exc", script, "sh", *arguments]
    return subprocess.run(
        [*alone, "/bin/sh", "-ec", _MOUNT, "sh", *inside],
        env=ENVIRONMENT | environment | {"ROOT": str(root)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
    )


def done(root: Path, script: str, *arguments: str, **environment: str) -> str:
    """Return what a script prints in a root; fail unless its exit status is 0."""
    found = run(root, script, *arguments, **environment)
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-5000:]
    return found.stdout
