"""A guest's kernel, initramfs and root image, made of Debian's packages and kept in a cache.

The packages come from the servers of this machine's apt, which checks their signatures. An image
depends only on RECIPE, the suite, the architecture, the packages, MODULES, boot.sh and UNIT. The
digest of these names its folder: ``~/.cache/irqbalance/guests/bookworm-amd64-0123456789ab``.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
NEEDED = ("apt-get", "busybox", "cpio", "depmod", "mke2fs", "mmdebstrap", "modprobe")
BOOT = Path(__file__).with_name("boot.sh")


class GuestError(Exception):
    """A guest's image or command failed; the text says why."""


@dataclass(frozen=True)
class Arch:
    """Debian's names of an architecture and its kernel package, and the suite that a guest uses."""

    name: str
    kernel: str
    suite: str = "bookworm"


ARCHES = {
    each.name: each
    for each in (
        Arch("amd64", "linux-image-amd64"),
        Arch("arm64", "linux-image-arm64"),
        Arch("ppc64el", "linux-image-powerpc64le"),
        Arch("riscv64", "linux-image-riscv64", "sid"),  # not in bookworm; the newest kernel
        Arch("s390x", "linux-image-s390x"),
    )
}

PACKAGES = ("cron", "irqbalance", "iproute2", "kmod", "procps", "python3-minimal", "python3-pip")
"""The packages of a guest beside the essential ones."""

BOOTED = ("systemd-sysv", "udev")
"""The packages of a guest of this machine's architecture, which systemd can boot."""

UNIT = """\
[Unit]
Description=The command of the test
[Service]
ExecStart=/bin/sh /boot.sh systemd
"""
"""Runs boot.sh in a guest that systemd boots."""

UNPACKED = ("base-files", "base-passwd", "busybox-static", "coreutils", "dash", "grep", "hostname")
UNPACKED += ("libc-bin", "mount", "sed", "tar", "util-linux")
"""The essential packages that a guest of another architecture needs.

This machine runs no program of that architecture, hence no package's scripts. So it only unpacks.
"""

MODULES = (
    *("virtio_pci", "virtio_ccw", "virtio_blk", "virtio_net", "virtio_console", "virtio_rng"),
    *("ext4", "crc32c_generic", "nvme", "e1000e", "ahci", "sd_mod", "xhci_pci", "usb_storage"),
)
"""The drivers that the initramfs loads, so that the root needs no udev.

The initramfs leaves out those that a kernel lacks or has built in.
"""

RECIPE = 2
"""Raise this number if this file makes another image of the same packages."""


@dataclass(frozen=True)
class Image:
    """The files that QEMU boots, and the kernel's release: ``6.1.0-56-amd64``."""

    arch: str
    kernel: Path
    initrd: Path
    root: Path
    release: str


def missing() -> list[str]:
    """Return the programs, packages and rights that this machine lacks to make an image."""
    absent = [name for name in NEEDED if shutil.which(name, path=_path()) is None]
    if os.geteuid() != 0:
        absent.append("root")
    if not KEYRING.exists():
        absent.append("debian-archive-keyring")
    return absent


def image(suite: str = "", arch: str = "amd64", cache: Path | None = None) -> Image:
    """Return the image of a Debian suite, by default the one in ARCHES.

    The first call makes the image. Raise GuestError if it cannot.
    """
    suite = suite or ARCHES[arch].suite
    digest = hashlib.sha256()
    for part in (RECIPE, suite, arch, _packages(arch), MODULES, BOOT.read_text(), UNIT):
        digest.update(repr(part).encode())
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    guests = cache or Path(home) / "irqbalance/guests"
    folder = guests / f"{suite}-{arch}-{digest.hexdigest()[:12]}"
    if not folder.exists():
        guests.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=guests, prefix=".making-") as name:
            # a root that one may enter: a temporary folder is for its owner alone
            unfinished = Path(name) / "guest"
            unfinished.mkdir(mode=0o755)
            _make(suite, ARCHES[arch], unfinished)
            unfinished.rename(folder)
    release = (folder / "release").read_text().strip()
    return Image(arch, folder / "kernel", folder / "initrd", folder / "root.img", release)


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


def _run(*command: object, **more: object) -> str:
    """Run a command; return its output, or raise GuestError with the end of its messages."""
    done = subprocess.run(
        [str(each) for each in command],
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": _path(), "LC_ALL": "C.UTF-8"},
        **more,  # type: ignore[call-overload]
    )
    if done.returncode:
        raise GuestError(f"{command[0]}: exit status {done.returncode}: {done.stderr[-2000:]}")
    return str(done.stdout)


def _sources(suite: str) -> list[str]:
    """Return apt's lines for a suite, with the servers of this machine's apt."""
    listed = _run("apt-get", "indextargets", "--format", "$(LABEL)|$(REPO_URI)")
    servers = dict(line.split("|") for line in reversed(listed.splitlines()))
    if "Debian" not in servers:
        raise GuestError("this machine's apt knows no Debian archive; run apt-get update")
    lines = [f"deb [signed-by={KEYRING}] {servers['Debian']} {suite} main"]
    if "Debian-Security" in servers and suite != "sid":
        server = servers["Debian-Security"]
        lines.append(f"deb [signed-by={KEYRING}] {server} {suite}-security main")
    return lines


def _make(suite: str, arch: Arch, folder: Path) -> None:
    root = folder / "root"
    sources = _sources(suite)
    try:
        _bootstrap(suite, arch, root, sources)
    except GuestError:  # a mirror may lack the security updates of some architectures
        if _is_own(arch.name):
            raise
        shutil.rmtree(root, ignore_errors=True)
        _bootstrap(suite, arch, root, sources[:1])
    (release,) = (each.name for each in (root / "lib/modules").iterdir())
    (folder / "release").write_text(release)
    places = (root / "boot", root / f"lib/modules/{release}")  # the second since Linux 7
    kernels = [found for place in places for found in place.glob("vmlinu*")]
    shutil.copy(kernels[0], folder / "kernel")
    _run("depmod", "-b", root, release)
    _make_initramfs(arch.name, root, release, folder)
    _forget_what_no_test_needs(root, release)
    for each in ("in", "data"):
        (root / each).mkdir()
    if _is_own(arch.name):
        unit = root / "etc/systemd/system/guest.service"
        unit.write_text(UNIT)
        wanted = unit.parent / "multi-user.target.wants"
        wanted.mkdir(exist_ok=True)
        (wanted / unit.name).symlink_to("../guest.service")
    used = int(_run("du", "--summarize", "--block-size=1M", root).split()[0])
    options = ("-q", "-t", "ext4", "-O", "^has_journal", "-m", "0")
    _run("mke2fs", *options, "-d", root, folder / "root.img", f"{used * 5 // 4 + 300}M")
    shutil.rmtree(root)


def _is_own(arch: str) -> bool:
    """Return True if this machine runs programs of an architecture."""
    return _run("dpkg", "--print-architecture").strip() == arch


def _packages(arch: str) -> tuple[str, ...]:
    return (*PACKAGES, *(BOOTED if _is_own(arch) else UNPACKED))


def _bootstrap(suite: str, arch: Arch, root: Path, sources: list[str]) -> None:
    """Make a root: install the packages, or only unpack them if the architecture is another."""
    is_own = _is_own(arch.name)
    _run(
        "mmdebstrap",
        "--mode=root",
        f"--variant={'minbase' if is_own else 'extract'}",
        f"--architectures={arch.name}",
        f"--include={','.join((*_packages(arch.name), arch.kernel))}",
        # the initramfs is made here, with what these guests need and no more
        "--aptopt=APT::Install-Recommends false",
        # a mirror may lag behind
        "--aptopt=Acquire::Check-Valid-Until false",
        *(f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in ("doc", "man", "locale")),
        suite,
        root,
        *sources,
    )
    if not is_own:
        for each in ("passwd", "group"):
            shutil.copy(root / f"usr/share/base-passwd/{each}.master", root / "etc" / each)
        _bundle_certificates(root)


def _bundle_certificates(root: Path) -> None:
    """Make the bundle that ca-certificates' own script makes; newer pips need it, even offline."""
    found = sorted((root / "usr/share/ca-certificates").glob("*/*.crt"))
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_text("".join(each.read_text() for each in found))


def _make_initramfs(arch: str, root: Path, release: str, folder: Path) -> None:
    """Make an initramfs of busybox, boot.sh and the modules, with the order to load them in."""
    ramfs = folder / "ramfs"
    for each in ("bin", "dev", "proc", "sys", "root", "modules"):
        (ramfs / each).mkdir(parents=True)
    # one of this machine's, where the guest can run it, as Debian's own may need libraries
    busybox = shutil.which("busybox", path=_path()) if _is_own(arch) else root / "bin/busybox"
    assert busybox is not None
    shutil.copy(busybox, ramfs / "bin/busybox")
    (ramfs / "bin/sh").symlink_to("busybox")
    shutil.copy(BOOT, ramfs / "init")
    (ramfs / "init").chmod(0o755)
    order: dict[str, None] = {}
    for module in MODULES:
        command = ["modprobe", "-d", root, "-S", release, "--show-depends", module]
        shown = subprocess.run(command, capture_output=True, text=True, env={"PATH": _path()})
        files = [line.split()[1] for line in shown.stdout.splitlines() if line.startswith("insmod")]
        order |= dict.fromkeys(files)
    names = [_unpack(Path(file), ramfs / "modules") for file in order]
    (ramfs / "modules/order").write_text("".join(f"{name}\n" for name in names))
    pack = "find . | cpio --quiet --create --format=newc --owner=0:0 --file=../initrd"
    _run("sh", "-c", pack, cwd=ramfs)
    shutil.rmtree(ramfs)


def _unpack(module: Path, folder: Path) -> str:
    """Unpack a module into `folder`; return its name there."""
    tools = {".xz": "xz", ".zst": "zstd"}
    if module.suffix not in tools:
        shutil.copy(module, folder)
        return module.name
    target = folder / module.name.removesuffix(module.suffix)
    with target.open("wb") as file:
        subprocess.run([tools[module.suffix], "-dc", module], stdout=file, check=True)
    return target.name


def _forget_what_no_test_needs(root: Path, release: str) -> None:
    for each in (f"lib/modules/{release}", "boot", "var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(root / each, ignore_errors=True)
