"""Many servers asked at once, in threads; the answers in the order of the servers."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from queue import Empty, SimpleQueue
from typing import TextIO, TypeVar

S = TypeVar("S")
T = TypeVar("T")

MOST_AT_ONCE = 100
"""Servers that are asked at the same time; the others wait for their turn."""

_BAR_CELLS = 30
_LOOK_SECONDS = 0.1


def ask_all(
    servers: Sequence[S], ask: Callable[[S], T], at_once: int = MOST_AT_ONCE
) -> list[Future[T]]:
    """Asks every server, `at_once` of them at the same time; gives their futures in order.

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
    """A bar on a terminal that says how many have answered; nothing where there is no terminal."""

    def __init__(self, stream: TextIO | None, count: int) -> None:
        """Takes the terminal, None for none, and how many are asked."""
        self._stream = stream
        self._count = count
        self._shown = ""

    def show(self, done: int) -> None:
        """Draws the bar, where it looks different now."""
        cells = _BAR_CELLS * done // self._count
        text = f"[{'#' * cells:{_BAR_CELLS}}] {done} of {self._count} servers"
        if text != self._shown:
            self._write(f"\r{text}")
            self._shown = text

    def clear(self) -> None:
        """Takes the bar away, so that something else can be written."""
        if self._shown:
            self._write("\r" + " " * len(self._shown) + "\r")
            self._shown = ""

    def _write(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()


def in_order(futures: Sequence[Future[T]], progress: Progress) -> Iterator[Future[T]]:
    """Gives each future when it is done, in their order; the bar is away meanwhile."""
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
