"""Ask many servers at once, in threads; the answers come in the order of the servers."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from queue import Empty, SimpleQueue
from typing import TextIO, TypeVar

S = TypeVar("S")
T = TypeVar("T")

MOST_AT_ONCE = 100
"""Requests at the same time; the other servers wait for their turn."""

_LOOK_SECONDS = 0.1


def ask_all(
    servers: Sequence[S], ask: Callable[[S], T], at_once: int = MOST_AT_ONCE
) -> list[Future[T]]:
    """Ask every server, `at_once` of them at the same time; return their futures in order.

    The threads end with the process, so that nobody waits for them after Ctrl-C.
    """
    futures: list[Future[T]] = [Future() for _ in servers]
    waiting: SimpleQueue[tuple[S, Future[T]]] = SimpleQueue()
    for pair in zip(servers, futures, strict=True):
        waiting.put(pair)

    def work() -> None:
        while True:
            try:
                server, future = waiting.get_nowait()
            except Empty:
                return
            try:
                future.set_result(ask(server))
            except BaseException as error:  # noqa: BLE001 - carried over to the one who waits
                future.set_exception(error)

    for _ in range(min(at_once, len(servers))):
        threading.Thread(target=work, name="irq_client server", daemon=True).start()
    return futures


class Progress:
    """The number of servers that have answered, on a terminal if there is one."""

    def __init__(self, stream: TextIO | None, count: int) -> None:
        self._stream = stream
        self._count = count
        self._shown = ""

    def show(self, done: int) -> None:
        """Write the number if it is another one now."""
        text = f"{done} of {self._count} servers"
        if text != self._shown:
            self._write(f"\r{text}")
            self._shown = text

    def clear(self) -> None:
        """Erase it, so that something else can be written."""
        if self._shown:
            self._write("\r" + " " * len(self._shown) + "\r")
            self._shown = ""

    def _write(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()


def in_order(futures: Sequence[Future[T]], progress: Progress) -> Iterator[Future[T]]:
    """Return each future when it is done, in their order; the progress is erased meanwhile."""
    pending = set(futures)
    try:
        for future in futures:
            while not future.done():
                _, pending = wait(pending, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
                progress.show(len(futures) - len(pending))
            progress.clear()
            yield future
    finally:
        progress.clear()
