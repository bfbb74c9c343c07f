"""Seconds for asking 200 servers, this process and the servers together on one core.

The servers are one program that answers below 200 prefixes. The yardstick is one server.
"""

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from http.server import ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

from bench_startup import CLIENT, Handler, interrupts
from conditions import conditions

HOSTS = 200
ANSWER = interrupts(16, 120)


class Machine(Handler):
    """Answers for a machine of 16 CPUs and 120 IRQs, whatever the path."""

    def answer(self) -> bytes:
        """Return the body."""
        return ANSWER


class Fleet(ThreadingHTTPServer):
    """Takes many connections at once."""

    request_queue_size = 256
    daemon_threads = True


def seconds(*arguments: str) -> tuple[float, float]:
    """Return wall and CPU seconds of one run of the client."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    command = [sys.executable, "-c", CLIENT, *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started, spent


def main() -> None:
    """Print the seconds."""
    print(conditions(f"requests {version('requests')}"))
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    server = Fleet(("127.0.0.1", 0), Machine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory() as folder:
        hosts = Path(folder, "hosts")
        hosts.write_text("".join(f"h{number} {url}/{number}\n" for number in range(HOSTS)))
        one = seconds("overview", "--server", url)
        many = seconds("overview", "--hosts", str(hosts))
    print(
        f"{HOSTS} hosts of 16 CPUs x 120 IRQs on one core: {many[0]:.2f} s, of it {many[1]:.2f} s "
        f"CPU in the client; one host: {one[0]:.2f} s, {one[1]:.2f} s"
    )
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main()
