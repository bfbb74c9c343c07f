"""Readers that ask a server everything, over the wire and in its files, and check each answer."""

import json
import random
import re
import subprocess
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from conftest import COMMAND, REQUEST_SECONDS, Server

from .machine import CPUS, IRQS
from .truth import Truth, Wrong, right

PAUSE_SECONDS = 0.1
"""Between two questions of a reader, at most, so that the server has a share of the machine."""

EXPORT_EVERY = 20
"""One in so many questions is an export, which is a process of its own."""

AT_ANY_TIME = "2100-01-01T00:00:00Z"
"""Behind every moment that a clock is set to."""

_NOT_READY = ("No space left on device", "File too large", "bytes written")
_NOT_READY += ("stuck for",)  # the machine itself may stand still for a second


class Lives:
    """The server of the moment; it dies now and then, and its readers know when that was."""

    def __init__(self) -> None:
        """Begins without one."""
        self.number = 0
        self._server: Server | None = None
        self._condition = threading.Condition()

    def begin(self, server: Server) -> None:
        """Take a server that lives."""
        with self._condition:
            self.number += 1
            self._server = server
            self._condition.notify_all()

    def end(self) -> None:
        """Take that the server is about to die."""
        with self._condition:
            self.number += 1
            self._server = None

    def now(self) -> tuple[int, Server | None]:
        """Return the number of this life and its server, after a wait if none lives."""
        with self._condition:
            self._condition.wait_for(lambda: self._server is not None, timeout=1.0)
            return self.number, self._server


class Readers:
    """Several threads that ask until they are told to stop."""

    def __init__(self, lives: Lives, truth: Truth, data: Path, seed: int, count: int = 4) -> None:
        """Take whom to ask, what is true, the data directory and what to throw dice with."""
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._lives, self._truth, self._data = lives, truth, data
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._read, args=(random.Random(seed + number),))
            for number in range(count)
        ]

    def start(self) -> None:
        """Lets them ask."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Lets them finish what they ask, and end."""
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _read(self, dice: random.Random) -> None:
        while not self._stop.wait(dice.random() * PAUSE_SECONDS):
            life, server = self._lives.now()
            if server is None:
                continue
            reader = Reader(server, self._truth, self._data, dice)
            with reader.session:
                while life == self._lives.number and not self._stop.is_set():
                    self._ask(reader, life)
                    self._stop.wait(dice.random() * PAUSE_SECONDS)

    def _ask(self, reader: "Reader", life: int) -> None:
        try:
            self.answers.update([reader.ask()])
        except requests.RequestException as error:
            if life == self._lives.number:  # nobody killed it
                self.wrong.append(f"{reader.asked}: {error!r}")
        except Wrong as error:
            self.wrong.append(f"{reader.asked}: {error}")
        except Exception:  # noqa: BLE001 - an answer of another form is wrong as well
            self.wrong.append(f"{reader.asked}: {traceback.format_exc()}")


class Reader:
    """Asks one server one question after the other."""

    def __init__(self, server: Server, truth: Truth, data: Path, dice: random.Random) -> None:
        """Take the server, what is true, the data directory and what to throw dice with."""
        self.session = requests.Session()
        self.asked = ""
        self._server, self._truth, self._data, self._dice = server, truth, data, dice

    def ask(self) -> str:
        """Asks one question of any kind and checks the answer; gives its name.

        Raises Wrong, and RequestException where no answer came.
        """
        if not self._dice.randrange(EXPORT_EVERY):
            return self._export()
        questions: list[Callable[[], str]] = [
            *[self._interrupts] * 3,
            *(self._irqs, self._irq, self._cpus, self._cpu, self._table_csv),
            *[self._series] * 2,
            *(self._metrics, self._events, self._status, self._ready, self._page),
        ]
        return self._dice.choice(questions)()

    def _get(self, path: str, **parameters: object) -> requests.Response:
        self.asked = f"{path} {parameters}"
        return self.session.get(
            self._server.url + path, params=parameters, timeout=2 * REQUEST_SECONDS
        )

    def _json(self, path: str, **parameters: object) -> Any:
        answer = self._get(f"/api/v1{path}", **parameters)
        right(answer.status_code == 200, answer.status_code, answer.text)
        return json.loads(answer.content)

    def _window(self) -> dict[str, object]:
        """Return any window: up to now, or between samples that are known."""
        kind, known = self._dice.randrange(4), self._truth.times()
        if kind == 0 or len(known) < 2:
            return {"period": self._dice.choice(["500ms", "2s", "10s", "60s", "10m"])}
        start, end = sorted(self._dice.sample(known[-400:] if kind == 1 else known, 2))
        if kind == 3:
            return {"start": f"{start:.3f}"}
        return {"start": f"{start:.3f}", "end": f"{end:.3f}"}

    def _interrupts(self) -> str:
        body = self._json("/interrupts", **self._window())
        self._truth.interrupts(body)
        return "interrupts"

    def _table_csv(self) -> str:
        answer = self._get("/api/v1/interrupts", format="csv", **self._window())
        right(answer.status_code == 200, answer.status_code, answer.text)
        self._truth.table_csv(answer.text)
        return "interrupts as CSV"

    def _irqs(self) -> str:
        body = self._json("/irqs", **self._window())
        self._truth.interrupts(body)
        for each in body["irqs"]:
            affinity = f"0-{CPUS - 1}" if each["irq"].isdecimal() else None
            right(each["affinity"] == affinity, "affinity:", each)
        return "irqs"

    def _irq(self) -> str:
        body = self._json(f"/irqs/{self._dice.choice(IRQS)}", **self._window())
        return "irq" if self._truth.irq(body) else "irq of unknown samples"

    def _cpus(self) -> str:
        self._truth.cpus(self._json("/cpus", **self._window()))
        return "cpus"

    def _cpu(self) -> str:
        body = self._json(f"/cpus/{self._dice.randrange(CPUS)}", **self._window())
        return "cpu" if self._truth.cpu(body) else "cpu of unknown samples"

    def _series(self) -> str:
        by = self._dice.choice(["total", "cpu", "irq", "irq,cpu"])
        window = {"period": "3s", "step": "100ms"} if by == "irq,cpu" else self._window()
        checked = self._truth.series(self._json("/series", by=by, **window))
        return f"series by {by}" if checked else "series of unknown samples"

    def _metrics(self) -> str:
        answer = self._get("/metrics")
        right(answer.status_code == 200, answer.status_code, answer.text)
        self._truth.metrics(answer.text)
        return "metrics"

    def _events(self) -> str:
        """Nothing is told of a machine on which nothing happens."""
        told = self._json("/events", **self._window())["events"]
        kinds = {each["event"] for each in told}
        right(kinds <= {"start", "stop", "interval", "gap", "clock"}, "events:", told)
        return "events"

    def _status(self) -> str:
        """A kill may leave an unfinished tail, which the next start cuts off, and logs."""
        body = self._json("/status")
        log = "\n".join(self._server.log)
        cut = sum(map(int, re.findall(r"dropped an unfinished tail of ([0-9]+) bytes", log)))
        right(body["store"]["damaged"] == cut, cut, body, log)
        return "status"

    def _ready(self) -> str:
        answer = self._get("/readyz")
        if answer.status_code != 200:
            told = answer.status_code == 503 and any(each in answer.text for each in _NOT_READY)
            right(told, answer.status_code, answer.text)
            return "not ready"
        return "ready"

    def _page(self) -> str:
        page = self._dice.choice(["/", "/healthz", "/openapi.json"])
        right(self._get(page).status_code == 200, page)
        return "page"

    def _export(self) -> str:
        """Read the files of the live server from another process."""
        known = self._truth.times()
        start = known[-1] - 3.0 if known else 0.0
        command = [
            COMMAND,
            "export",
            self._data,
            f"--start={start:.3f}",
            f"--end={AT_ANY_TIME}",
        ]
        self.asked = " ".join(map(str, command))
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        right((done.returncode, done.stderr) == (0, ""), done.returncode, done.stderr)
        samples = self._truth.export(done.stdout.splitlines())
        return "export" if samples else "export of nothing"
