"""Programs of Debian's packages, unpacked into a folder of their own and run in it by chroot.

A program there sees only the /proc and /sys of plain files that the folder holds: nothing is
mounted, and the user is nobody. The packages come from the servers of this machine's apt.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

NEEDED = ("apt-get", "dpkg-deb", "chroot")
NOBODY = 65534
MERGED = ("bin", "sbin", "lib", "lib64")
"""Folders that programs name, and that packages put into /usr since Debian 13."""


class MissingError(Exception):
    """A program of Debian's cannot run here; the text says why, and what helps."""


def unpacked(cache: Path, packages: Sequence[str]) -> Path:
    """Return a folder that holds `packages` and their dependencies; the first call makes it.

    Raise MissingError if this machine cannot make it.
    """
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent or os.geteuid() != 0:
        raise MissingError(
            f"{', '.join(packages)} of Debian: it takes {', '.join(NEEDED)} (of Debian or Ubuntu)"
            " and root, for chroot; nothing is installed"
        )
    folder = cache / hashlib.sha256(repr(sorted(packages)).encode()).hexdigest()[:12]
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".making-") as name:
            unfinished = Path(name, "root")
            _unpack(Path(name), unfinished, packages)
            unfinished.rename(folder)
    return folder


def linked(root: Path, copy: Path) -> Path:
    """Copy an unpacked folder without the files that only people read; return the copy.

    The copy consists of hard links if both folders lie in one file system.
    """
    unread = shutil.ignore_patterns("doc", "man", "locale", "perl", "perl5", "info")
    shutil.copytree(root, copy, symlinks=True, copy_function=_link_or_copy, ignore=unread)
    return copy


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def command_in(root: Path, *argv: str) -> list[str]:
    """Return the command line that runs `argv` in an unpacked folder, as nobody.

    Raise MissingError if anything is mounted there: the real /proc must be out of reach.
    """
    for name in ("proc", "sys", "dev"):
        folder = root / name
        if folder.exists() and (folder.is_symlink() or folder.stat().st_dev != root.stat().st_dev):
            raise MissingError(f"{folder} is not of plain files")
    return ["chroot", f"--userspec={NOBODY}:{NOBODY}", str(root), *argv]


def version(root: Path, package: str) -> str:
    """Return the version of an unpacked package."""
    return dict(line.split(" ", 1) for line in (root / "packages").read_text().splitlines())[
        package
    ]


def _unpack(work: Path, root: Path, packages: Sequence[str]) -> None:
    """Make apt download `packages` and their dependencies for an empty machine; unpack them all."""
    archives, status = work / "archives", work / "status"
    (archives / "partial").mkdir(parents=True)
    status.touch()
    root.mkdir(mode=0o755)
    for name in ("proc", "sys", "run", "tmp"):
        (root / name).mkdir()
    options = {
        "Dir::State::status": status,
        "Dir::Cache::archives": archives,
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "true",
    }
    settings = [f"--option={name}={value}" for name, value in options.items()]
    command = ["apt-get", *settings, "--download-only", "--yes", "--quiet", "install", *packages]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise MissingError(f"apt-get (after apt-get update?): {done.stderr.strip()[-300:]}")
    listed = []
    for archive in sorted(archives.glob("*.deb")):
        unpack = ["dpkg-deb", "--extract", str(archive), str(root)]
        show = ["dpkg-deb", "--show", "--showformat=${Package} ${Version}\n", str(archive)]
        subprocess.run(unpack, check=True)
        listed.append(subprocess.run(show, check=True, capture_output=True, text=True).stdout)
    for name in MERGED:
        if not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    (root / "packages").write_text("".join(listed))
