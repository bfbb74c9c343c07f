"""CPU time of starting irq_client, as a multiple of what Python itself takes in the same run.

Each command runs several times; the least CPU time (user and system) of each counts.
"""

import json
import os
import resource
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

RUNS = 10
CLIENT = "import sys; from irq_client.cli import main; sys.exit(main())"

WINDOW = {
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-01-01T00:01:00Z",
    "seconds": 60.0,
    "samples": 7,
    "complete": True,
    "gaps": 0,
    "resets": 0,
}


def interrupts(cpu_count: int, irq_count: int) -> bytes:
    """Return an answer of `/interrupts` on a machine of that size."""
    rows = [
        {
            "irq": str(irq),
            "device": f"eth0-TxRx-{irq}",
            "counts": [1000 * irq + cpu for cpu in range(cpu_count)],
            "total": 1000 * irq * cpu_count,
            "rate": 16.7,
        }
        for irq in range(irq_count)
    ]
    answer = {"window": WINDOW, "cpus": list(range(cpu_count)), "irqs": rows}
    return json.dumps(answer | {"totals": [5] * cpu_count, "total": 5}).encode()


def cpus(cpu_count: int) -> bytes:
    """Return an answer of `/cpus` on a machine of that size."""
    rows = [{"cpu": cpu, "total": 5, "rate": 0.1, "devices": 5} for cpu in range(cpu_count)]
    answer = {"window": WINDOW, "cpus": rows, "total": 5 * cpu_count, "imbalance": 1.0}
    return json.dumps(answer).encode()


ANSWERS = {
    ("small", "interrupts"): interrupts(4, 40),
    ("small", "cpus"): cpus(4),
    ("large", "interrupts"): interrupts(128, 1000),
    ("large", "cpus"): cpus(128),
}


class Handler(BaseHTTPRequestHandler):
    """Answers by the first segment of the path and the last."""

    def do_GET(self) -> None:
        """Answer."""
        body = self.answer()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self) -> bytes:
        """Return the body."""
        segments = self.path.partition("?")[0].split("/")
        return ANSWERS[segments[1], segments[-1]]

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def cpu_seconds(*arguments: str) -> float:
    """Return the least CPU seconds of several runs of Python with these arguments."""
    best = float("inf")
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = min(best, spent)
    return best


def main() -> None:
    """Print the ratios."""
    for name in [name for name in os.environ if name.startswith("IRQ_CLIENT_")]:
        del os.environ[name]
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"

    nothing = cpu_seconds("-c", "pass")
    version = cpu_seconds("-c", CLIENT, "--version")
    print(f"--version: {version / nothing:.2f} times `python -c pass` ({nothing * 1000:.0f} ms)")
    requests = cpu_seconds("-c", "import requests")
    for size, machine in (("small", "4 CPUs x 40 IRQs"), ("large", "128 CPUs x 1000 IRQs")):
        spent = cpu_seconds("-c", CLIENT, "overview", "--server", f"{url}/{size}")
        print(
            f"overview, {machine}: {spent / requests:.2f} times "
            f"`python -c 'import requests'` ({requests * 1000:.0f} ms)"
        )
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main()
