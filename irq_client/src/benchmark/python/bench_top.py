"""Share of a core that `top` takes on 16 CPUs x 120 IRQs, every number changing each second.

The yardstick is what one core gives in the same time.
"""

import fcntl
import json
import os
import pty
import random
import struct
import subprocess
import sys
import termios
import threading
import time
from http.server import HTTPServer
from pathlib import Path
from typing import Any

from bench_startup import CLIENT, WINDOW, Handler

CPUS, IRQS = 16, 120
SECONDS = 10


class Busy(Handler):
    """Answers with other numbers each time."""

    def answer(self) -> bytes:
        """Return the body."""
        if "/events" in self.path:
            return json.dumps({"window": WINDOW, "events": []}).encode()
        rows: list[dict[str, Any]] = []
        for irq in range(IRQS):
            counts = [random.randrange(100_000) for _ in range(CPUS)]
            total = sum(counts)
            name = {"irq": str(irq), "device": f"eth0-TxRx-{irq}"}
            rows.append({**name, "counts": counts, "total": total, "rate": total / 60})
        totals = [sum(row["counts"][cpu] for row in rows) for cpu in range(CPUS)]
        answer = {"window": WINDOW, "cpus": list(range(CPUS)), "irqs": rows, "totals": totals}
        return json.dumps(answer | {"total": sum(totals)}).encode()


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process so far. Source: proc_pid_stat(5), fields 14, 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the share."""
    server = HTTPServer(("127.0.0.1", 0), Busy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", IRQS + 10, 200, 0, 0))
    url = f"http://127.0.0.1:{server.server_port}"
    argv = [sys.executable, "-c", CLIENT, "top", "--server", url, "--period", "60s"]
    process = subprocess.Popen(
        argv,
        stdin=terminal,
        stdout=terminal,
        start_new_session=True,
        env=os.environ | {"TERM": "xterm-256color"},
    )
    threading.Thread(target=_read, args=(controller,), daemon=True).start()
    time.sleep(3)  # the start is not what is measured
    before, started = cpu_seconds(process.pid), time.monotonic()
    time.sleep(SECONDS)
    share = (cpu_seconds(process.pid) - before) / (time.monotonic() - started)
    os.write(controller, b"q")
    process.wait(10)
    print(f"top, {CPUS} CPUs x {IRQS} IRQs, all of them seen, refreshed each second: {share:.1%}")
    server.shutdown()
    server.server_close()


def _read(controller: int) -> None:
    """Read what is drawn, and drops it."""
    while os.read(controller, 65_536):
        pass


if __name__ == "__main__":
    main()
