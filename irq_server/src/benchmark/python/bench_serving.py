"""Requests for /cpus?period=60s beside a bare Flask route of the same bytes, under the same server.

Usage: bench_serving.py [ROUNDS], 5 unless said. Each application is served by a process of its own;
they take turns, so that what else the machine does hits both. Told are requests per second, and the
server's CPU time for one, which other processes disturb less. No sample comes in between: the first
request after one has more to do.
"""

import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask, Response
from machine import Machine

from irq_server.kernel.interrupts import parse
from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.serving.server import WebServer
from irq_server.serving.sockets import listen
from irq_server.store.store import Store
from irq_server.web.app import create_app

CPUS, IRQS = 16, 120
SAMPLES = 30
STEP = 10
REQUESTS = 2000
CONNECTIONS = 4
TICKS = os.sysconf("SC_CLK_TCK")
ASK = b"GET /api/v1/cpus?period=60s HTTP/1.1\r\nHost: localhost\r\n\r\n"


def filled(folder: Path) -> Flask:
    """Return irq_server's application over a store of the last minutes."""
    machine = Machine(CPUS, IRQS)
    store = Store(folder, interval_seconds=STEP)
    now = int(time.time())
    for moment in range(now - SAMPLES * STEP, now, STEP):
        machine.fire(STEP)
        store.append(parse(machine.text()), "boot", float(moment), float(STEP))
    procfs = Procfs(Path("/proc"))
    return create_app(store, Sampler(procfs, store), procfs, lambda: float(now))


def bare(body: bytes) -> Flask:
    """Return an application of one route that answers with `body`."""
    app = Flask("bare", static_folder=None)
    app.add_url_rule("/api/v1/cpus", view_func=lambda: Response(body, mimetype="application/json"))
    return app


@dataclass
class Served:
    """An application in a process of its own, and what was measured of it."""

    make: Callable[[], Flask]
    address: Any = None
    process: Any = None
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Serve from now on."""
        bound = listen("127.0.0.1", 0)
        self.address = bound.getsockname()

        def serve() -> None:
            web = WebServer(self.make(), bound)
            signal.signal(signal.SIGTERM, lambda *_: web.stop())
            web.run()

        self.process = multiprocessing.get_context("fork").Process(target=serve)
        self.process.start()
        bound.close()

    def answer(self) -> bytes:
        """Return the body of one answer, as soon as the server is there."""
        while True:
            try:
                with socket.create_connection(self.address, timeout=30) as client:
                    return ask(client)
            except ConnectionRefusedError:
                time.sleep(0.01)

    def measure(self) -> None:
        """Asks REQUESTS times over CONNECTIONS connections."""
        clients = [socket.create_connection(self.address, timeout=30) for _ in range(CONNECTIONS)]
        for client in clients:
            ask(client)
        before, began = self.spent(), time.perf_counter()
        for _ in range(REQUESTS // CONNECTIONS):
            for client in clients:
                client.sendall(ASK)
            for client in clients:
                read(client)
        self.rates.append(REQUESTS / (time.perf_counter() - began))
        self.costs.append((self.spent() - before) / REQUESTS)
        for client in clients:
            client.close()

    def spent(self) -> float:
        """Return the CPU seconds of the process. Source: proc(5), /proc/pid/stat."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.join()


def ask(client: socket.socket) -> bytes:
    """Return the body of an answer over an open connection."""
    client.sendall(ASK)
    return read(client)


def read(client: socket.socket) -> bytes:
    """Read one answer, which must be a good one; return its body."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += client.recv(65536)
    return body


def main() -> None:
    """Print the ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        ours = Served(lambda: filled(Path(folder)))
        ours.start()
        body = ours.answer()
        yardstick = Served(lambda: bare(body))
        yardstick.start()
        assert yardstick.answer() == body
        for _ in range(rounds):
            for served in (ours, yardstick):
                served.measure()
        for served in (ours, yardstick):
            served.stop()
    for name, served in (("/cpus?period=60s", ours), ("bare Flask route", yardstick)):
        cost = median(served.costs) * 1e6
        print(f"{name:18} {median(served.rates):7.0f} requests/s {cost:7.0f} us of CPU a request")
    rate = median(ours.rates) / median(yardstick.rates)
    cost = median(yardstick.costs) / median(ours.costs)
    print(
        f"ratio: {rate:.2f} in throughput, {cost:.2f} in CPU time (1 is as fast as the bare route)"
    )


if __name__ == "__main__":
    main()
