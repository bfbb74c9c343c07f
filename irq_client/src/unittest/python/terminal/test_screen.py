"""Lines on a screen: what is written, and what then stands there."""

from emulator import Emulator
from irq_client.terminal.colour import painter
from irq_client.terminal.screen import Screen
from terminal import stream


class Watched:
    """A screen, and the terminal that shows it."""

    def __init__(self) -> None:
        self.stream = stream()
        self.screen = Screen(self.stream, painter("never", True, {}))
        self.terminal = Emulator(10, 3)

    def draw(self, *texts: str, size: tuple[int, int] = (10, 3)) -> tuple[list[str], str]:
        """Return what stands there after drawing, and what was written."""
        self.screen.draw([((text, ""),) for text in texts], size)
        return self.take()

    def take(self) -> tuple[list[str], str]:
        """Return what stands there, and what was written since the last time."""
        raw = self.stream.buffer.getvalue()
        self.stream.buffer.truncate(0)
        self.stream.buffer.seek(0)
        self.terminal.feed(raw)
        return self.terminal.rows, raw.decode()


def test_what_is_drawn_stands_there():
    assert Watched().draw("one", "two", "")[0] == ["one", "two", ""]


def test_only_lines_that_changed_are_written_and_all_at_once():
    watched = Watched()
    watched.draw("one", "two", "three")

    rows, wrote = watched.draw("one", "2", "three")

    assert rows == ["one", "2", "three"]
    assert wrote == "\x1b[?2026h\x1b[2;1H\x1b[K2\x1b[?2026l"


def test_nothing_is_written_where_nothing_changed():
    watched = Watched()
    watched.draw("one", "two", "three")

    assert watched.draw("one", "two", "three")[1] == ""


def test_another_size_is_drawn_anew():
    watched = Watched()
    watched.draw("one", "two", "three")

    watched.terminal.resize(8, 2)
    assert watched.draw("one", "two", size=(8, 2))[0] == ["one", "two"]


def test_entering_and_leaving_keep_what_stood_there():
    watched = Watched()
    watched.terminal.feed(b"$ irq_client top\r\n"[:10])
    watched.screen.enter()
    watched.draw("one", "two", "three")
    assert watched.terminal.alternate
    assert not watched.terminal.cursor

    watched.screen.leave()

    assert watched.take()[0][0] == "$ irq_clie"
    assert watched.terminal.cursor
    assert not watched.terminal.alternate


def test_coming_back_draws_all_again():
    watched = Watched()
    watched.screen.enter()
    watched.draw("one", "two", "three")
    watched.screen.leave()
    watched.screen.enter()

    assert watched.draw("one", "two", "three")[0] == ["one", "two", "three"]
