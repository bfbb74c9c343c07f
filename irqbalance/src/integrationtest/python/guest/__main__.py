"""Run a shell line in a guest: python -m guest --suite trixie 'cat /proc/interrupts'."""

import argparse
import sys
from pathlib import Path

from . import image, machine


def main() -> int:
    """Return the exit status of the line; 125 if the guest returned none."""
    parser = argparse.ArgumentParser(prog="python -m guest", description=__doc__)
    arches = ", ".join(image.ARCHES)
    parser.add_argument("--arch", default="amd64", choices=image.ARCHES, help=arches)
    parser.add_argument(
        "--suite", default="", help="Debian's release (default bookworm: 6.1; riscv64: sid)"
    )
    parser.add_argument("--cpus", type=int, default=4, help="CPUs (default 4)")
    parser.add_argument("--nodes", type=int, default=1, help="NUMA nodes (default 1)")
    parser.add_argument("--append", default="", help="kernel arguments, such as isolcpus=2")
    parser.add_argument("--hotplug", action="store_true", help="with systemd, udev and free ports")
    parser.add_argument("--file", type=Path, action="append", default=[], help="put into /in")
    parser.add_argument("--time-limit", type=float, default=600.0, help="seconds (default 600)")
    parser.add_argument("line", help="the shell line")
    options = parser.parse_args()
    files = {each.name: each for each in options.file}
    try:
        made = image.image(options.suite, options.arch)
        guest = machine.Machine(made, options.cpus, options.nodes, options.append, options.hotplug)
        result = machine.run(guest, options.line, files, time_limit=options.time_limit)
    except image.GuestError as error:
        sys.stderr.write(f"{error}\n")
        return 125
    sys.stdout.write(result.out)
    sys.stderr.write(result.err)
    return result.status


if __name__ == "__main__":
    sys.exit(main())
