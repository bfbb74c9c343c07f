"""load.py DEVICE=RATE...: operate a guest's devices so often per second, until SIGTERM.

A NIC (``eth0``) sends raw frames, which the other NIC of its pair gets. A disk (``sda``, ``vdc``)
reads blocks past the page cache. ``hwrng`` reads random bytes. Each device has its own process.
"""

import fcntl
import mmap
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1  # netdevice(7)
NO_PROTOCOL = b"\x88\xb5"  # IEEE 802 local experimental ethertype


def set_up(name: str) -> None:
    """Bring a NIC up. Source: netdevice(7), struct ifreq."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", name.encode(), 0)
        flags = struct.unpack_from("16sH", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[1]
        request = struct.pack("16sH14x", name.encode(), flags | IFF_UP)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)


def nic(name: str) -> Callable[[], object]:
    """Return a function that sends one frame to the other NIC of the pair."""
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.bind((name, 0))
    own = bytes.fromhex(Path(f"/sys/class/net/{name}/address").read_text().strip().replace(":", ""))
    other = own[:5] + bytes([3 - own[5]])  # a pair's addresses end in 01 and 02
    frame = other + own + NO_PROTOCOL + bytes(86)

    def send() -> None:
        try:
            link.send(frame)
        except OSError:  # the queue is full, or the link is not yet there
            time.sleep(0.001)

    return send


def disk(name: str) -> Callable[[], object]:
    """Return a function that reads one block."""
    descriptor = os.open(f"/dev/{name}", os.O_RDONLY | os.O_DIRECT)
    block = mmap.mmap(-1, 4096)
    return lambda: os.preadv(descriptor, [block], 0)


def random_bytes() -> Callable[[], object]:
    """Return a function that reads a few random bytes."""
    descriptor = os.open("/dev/hwrng", os.O_RDONLY)
    return lambda: os.read(descriptor, 16)


def work(name: str, per_second: float) -> None:
    """Operate a device for ever. A slow machine catches up on the last second at most.

    The tested program comes first: a machine that cannot carry the load must still run it.
    """
    os.nice(10)
    if name == "hwrng":
        operate = random_bytes()
    else:
        operate = nic(name) if name.startswith("eth") else disk(name)
    due = time.monotonic()
    while True:
        operate()
        now = time.monotonic()
        due = max(due + 1 / per_second, now - 1.0)
        time.sleep(max(0.0, due - now))


def main(arguments: list[str]) -> None:
    """Start a process for each device; end them all at SIGTERM."""
    for name in sorted(each.name for each in Path("/sys/class/net").glob("eth*")):
        set_up(name)
    children = []
    for argument in arguments:
        name, _, per_second = argument.partition("=")
        child = os.fork()
        if not child:
            work(name, float(per_second))
        children.append(child)

    def stop(*_: object) -> None:
        for child in children:
            os.kill(child, signal.SIGKILL)
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    while True:
        signal.pause()


if __name__ == "__main__":
    main(sys.argv[1:])
