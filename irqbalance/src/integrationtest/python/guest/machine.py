"""Boot a guest under QEMU, run a command in it as root, and return its result.

QEMU emulates the processor, so a guest runs on any machine. No guest changes the root image. Its
only network is QEMU's own hubs: what one NIC of a pair sends, the other receives.
"""

import io
import shutil
import subprocess
import tarfile
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .image import GuestError, Image

BOOTS = 3
"""How often run() boots a guest at most, if QEMU itself dies."""


FREE_PORTS = 4
"""The number of devices that can come to a guest by hotplug."""

TIME_LIMIT_SECONDS = 3600.0
"""The limit for a guest that hangs. A scene takes minutes, several times that on a busy host."""


@dataclass(frozen=True)
class Model:
    """QEMU's names for a machine of an architecture: its program, and the bus of its devices.

    Without `no_timer_check` an x86 kernel panics at boot if a busy host holds up its first ticks.
    Source: arch/x86/kernel/apic/io_apic.c (timer_irq_works).
    """

    program: str
    machine: str
    cpu: str
    console: str
    bus: str = "pci"
    arguments: str = ""


MODELS = {
    "amd64": Model("qemu-system-x86_64", "q35", "max", "ttyS0", arguments="no_timer_check"),
    "arm64": Model("qemu-system-aarch64", "virt,gic-version=3", "cortex-a57", "ttyAMA0"),
    "ppc64el": Model("qemu-system-ppc64", "pseries", "power9", "hvc0"),
    "riscv64": Model("qemu-system-riscv64", "virt", "rv64", "ttyS0"),
    "s390x": Model("qemu-system-s390x", "s390-ccw-virtio", "max", "ttysclp0", "ccw"),
}


@dataclass(frozen=True)
class Machine:
    """How a guest is built: CPUs, spread evenly over NUMA nodes, and further kernel arguments.

    `hotplug` is for amd64: systemd and udev run, a CPU more may come, PCI ports are free, and the
    guest's port ``monitor`` is joined to QEMU's monitor.
    """

    image: Image
    cpus: int = 4
    nodes: int = 1
    arguments: str = ""
    hotplug: bool = False


@dataclass(frozen=True)
class Result:
    """The exit status, standard output and standard error of a command in a guest."""

    status: int
    out: str
    err: str


class _QemuDiedError(GuestError):
    """A signal ended QEMU. That says nothing about the guest."""


def is_missing(arch: str = "amd64") -> list[str]:
    """Return the program that this machine lacks to boot a guest, if any."""
    program = MODELS[arch].program
    return [] if shutil.which(program) else [program]


def run(
    machine: Machine,
    command: str,
    files: Mapping[str, bytes | Path],
    *,
    data: Path | None = None,
    time_limit: float = TIME_LIMIT_SECONDS,
) -> Result:
    """Run a shell line in a guest, with `files` below /in, and return its result.

    `data` is an image of a file system, made by make_disk(). The guest mounts it on /data, and the
    image keeps what the guest writes there. If QEMU itself dies, warn and boot the guest again,
    with `data` as it was. QEMU 7.2.22 died once in hundreds of boots, by a segmentation fault in
    its memory_region_dispatch_write(). Raise GuestError if the guest ends without a result, or
    takes longer than `time_limit` seconds.
    """
    for _ in range(BOOTS - 1):
        try:
            return _run_once(machine, command, files, data, time_limit)
        except _QemuDiedError as error:
            warnings.warn(f"QEMU died, the guest is booted again: {error}", stacklevel=2)
    return _run_once(machine, command, files, data, time_limit)


def _run_once(
    machine: Machine,
    command: str,
    files: Mapping[str, bytes | Path],
    data: Path | None,
    time_limit: float,
) -> Result:
    with tempfile.TemporaryDirectory(prefix="guest-") as name:
        folder = Path(name)
        _pack(folder / "input", {**files, "command": f"{command}\n".encode()})
        disks = {"input": folder / "input"}
        if data:
            disks["data"] = Path(shutil.copy(data, folder / "data"))
        with (folder / "qemu.log").open("w+") as log:
            try:
                status = subprocess.run(
                    _command(machine, disks, folder),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    timeout=time_limit,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                raise GuestError(
                    f"the guest took more than {time_limit:g} s; {_told(folder)}"
                ) from None
        if status < 0:
            raise _QemuDiedError(f"signal {-status} ended QEMU; {_told(folder)}")
        result = _text(folder / "status").strip()
        if not result:
            raise GuestError(f"the guest ended without a result; {_told(folder)}")
        if data:
            shutil.move(disks["data"], data)
        return Result(int(result), _text(folder / "out"), _text(folder / "err"))


@contextmanager
def make_disk(mib: int = 64) -> Iterator[Path]:
    """Yield the image of an empty file system for run()'s `data`; delete it after the block."""
    with tempfile.TemporaryDirectory(prefix="guest-") as name:
        path = Path(name) / "data"
        command = ["/sbin/mke2fs", "-q", "-t", "ext4", path, f"{mib}M"]
        subprocess.run(command, check=True)
        yield path


def _pack(archive: Path, files: Mapping[str, bytes | Path]) -> None:
    """Make a tar archive that is a whole disk: QEMU's disks are multiples of a sector long."""
    with tarfile.open(archive, "w") as tar:
        for name, content in files.items():
            if isinstance(content, Path):
                tar.add(content, name)
                continue
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _told(folder: Path) -> str:
    """Return the last output of QEMU, the kernel and the command, for a message."""
    names = ("qemu.log", "console", "out", "err")
    return "; ".join(f"{name}: {_text(folder / name)[-1500:]!r}" for name in names)


def _command(machine: Machine, disks: Mapping[str, Path], folder: Path) -> list[str]:
    image, model = machine.image, MODELS[machine.image.arch]
    memory = 1024 + 32 * machine.cpus
    memory += -memory % (256 * machine.nodes)  # a pseries machine wants it even
    arguments = f"console={model.console} panic=-1 quiet loglevel=4"
    arguments += f" {model.arguments} {machine.arguments}"
    cores = f"{machine.cpus},sockets={machine.nodes}"
    if machine.hotplug:
        arguments += " guest.systemd systemd.firstboot=off net.ifnames=0"
        cores += f",cores={machine.cpus + 1},maxcpus={machine.cpus + 1}"
    command = [
        *(model.program, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
        *("-machine", model.machine, "-accel", "tcg,thread=multi", "-cpu", model.cpu),
        *("-smp", cores, "-m", f"{memory}M"),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", arguments),
        *("-chardev", f"file,id=console,path={folder}/console", "-serial", "chardev:console"),
        *("-device", f"virtio-serial-{model.bus}"),
    ]
    for port in ("out", "err", "status"):
        command += ["-chardev", f"file,id={port},path={folder}/{port}"]
        command += ["-device", f"virtserialport,chardev={port},name={port}"]
    command += _disk("root", image.root, model.bus, "snapshot=on,cache=unsafe")
    for name, path in disks.items():
        command += _disk(name, path, model.bus, "cache=unsafe")
    command += _nodes(machine, memory)
    if machine.hotplug:
        command += _hotplug(folder / "monitor")
    return command + (_pci_devices(machine) if model.bus == "pci" else _ccw_devices())


def _disk(name: str, path: Path, bus: str, options: str) -> list[str]:
    return [
        *("-drive", f"file={path},format=raw,if=none,id={name},{options}"),
        *("-device", f"virtio-blk-{bus},drive={name},serial={name},num-queues=1"),
    ]


def _nodes(machine: Machine, memory: int) -> list[str]:
    if machine.nodes == 1:
        return []
    command, share = [], machine.cpus // machine.nodes
    for node in range(machine.nodes):
        size = memory // machine.nodes
        command += ["-object", f"memory-backend-ram,id=memory{node},size={size}M"]
        cpus = f"{node * share}-{(node + 1) * share - 1}"
        command += ["-numa", f"node,nodeid={node},memdev=memory{node},cpus={cpus}"]
    return command


def _hotplug(socket: Path) -> list[str]:
    """Return free PCI ports, and a port of the guest that is joined to QEMU's monitor."""
    command = ["-chardev", f"socket,id=monitor,path={socket},server=on,wait=off"]
    command += ["-mon", "chardev=monitor,mode=readline"]
    command += ["-chardev", f"socket,id=guest,path={socket}"]
    command += ["-device", "virtserialport,chardev=guest,name=monitor"]
    reserved = "mem-reserve=8M"  # for eight NICs
    for number in range(FREE_PORTS):
        command += [
            "-device",
            f"pcie-root-port,id=free{number},bus=pcie.0,chassis={20 + number},{reserved}",
        ]
    return command


def _pair(hub: int, model: str, buses: tuple[str, str] = ("", "")) -> list[str]:
    """Return two NICs of a model on their own hub. Their addresses differ in the last digit."""
    command = []
    for end, bus in enumerate(buses, 1):
        command += ["-netdev", f"hubport,id=net{hub}{end},hubid={hub}"]
        on = f",bus={bus}" if bus else ""
        address = f"mac=52:54:00:00:0{hub}:0{end}"
        command += ["-device", f"{model},netdev=net{hub}{end},{address}{on}"]
    return command


def _zeroes(name: str) -> list[str]:
    """Return a disk of a GiB of zeroes that needs no file."""
    return ["-blockdev", f"driver=null-co,read-zeroes=on,size=1073741824,node-name={name}"]


def _pci_devices(machine: Machine) -> list[str]:
    """Return devices with movable IRQs (NICs, RNG, USB, SATA) and managed ones (NVMe, block)."""
    command = [*_pair(0, "virtio-net-pci"), *_pair(1, "e1000e"), "-device", "virtio-rng-pci"]
    command += [*_zeroes("blk"), "-device", f"virtio-blk-pci,drive=blk,num-queues={machine.cpus}"]
    nvme = f"nvme,drive=nvme,serial=nvme,max_ioqpairs={machine.cpus}"
    command += [*_zeroes("nvme"), "-device", nvme]
    command += ["-device", "qemu-xhci", *_zeroes("usb"), "-device", "usb-storage,drive=usb"]
    if machine.image.arch != "amd64":
        return command
    command += [*_zeroes("sata"), "-device", "ide-hd,drive=sata,bus=ide.0"]
    if machine.nodes == 1:
        return [*command, *_pair(2, "virtio-net-pci")]
    for node in range(machine.nodes):
        number = f"bus_nr={32 * (node + 1)},numa_node={node}"
        command += ["-device", f"pxb-pcie,id=node{node},bus=pcie.0,{number}"]
        command += ["-device", f"pcie-root-port,id=port{node},bus=node{node},chassis={10 + node}"]
    return command + _pair(2, "virtio-net-pci", ("port0", "port1"))


def _ccw_devices() -> list[str]:
    """Return devices of the channel subsystem, which has no numbered IRQs, and two NICs on PCI."""
    command = [*_pair(0, "virtio-net-ccw"), "-device", "virtio-rng-ccw"]
    command += [*_zeroes("blk"), "-device", "virtio-blk-ccw,drive=blk"]
    return command + _pair(1, "virtio-net-pci")
