"""Pictures and bars of the installed command on a real pseudo-terminal."""

import re
import threading
from pathlib import Path

import pytest

import machine
import svg
from conftest import COMMAND
from emulator import Session
from portrait import Portrait
from service import Request, WebService, json_reply


def picture(environment: dict[str, str], url: str, columns: int, *argv: str) -> Session:
    """Run a command to its end on a terminal of this width; return what it shows then."""
    session = Session([COMMAND, *argv, "--server", url], environment, columns, 40)
    with session:
        assert session.ends() == 0
    return session


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("argv", [("history",), ("history", "--chart", "line"), ("heatmap",)])
def test_a_picture_fits_the_terminal(environment, good, columns: int, argv: tuple[str, ...]):
    # the emulator fails where a line is wider than its screen
    session = picture(environment, good.url, columns, *argv)

    assert "CPU1 " in "\n".join(session.emulator.rows)
    assert any("▲" in row for row in session.emulator.rows)


def test_cells_of_heat_are_filled_with_one_colour(environment, good):
    hot = picture(environment, good.url, 80, "heatmap").emulator
    plain = picture(environment | {"NO_COLOR": "1"}, good.url, 80, "heatmap").emulator

    assert "\x1b[38;5;226;48;5;226m█" in hot.painted
    assert "\x1b" not in plain.painted
    assert plain.rows == hot.rows


def test_the_number_of_servers_that_have_answered_is_shown_and_goes_away(environment, tmp_path):
    go_on = threading.Event()

    def answer(_: WebService, request: Request) -> bytes:
        if "/slow/" in request.path:
            go_on.wait(20)
        return json_reply(machine.STATUS)

    hosts = tmp_path / "hosts"
    with WebService(answer) as service:
        hosts.write_text(f"a {service.url}/a\nb {service.url}/slow\n")
        argv = [COMMAND, "status", "--hosts", hosts]
        with Session(argv, environment, 100, 20) as session:
            session.shows("1 of 2 servers")
            go_on.set()

            assert session.ends() == 0
            rows = [row.rstrip() for row in session.emulator.rows]
            assert not any("servers" in row for row in rows)
            assert [re.split(" +", row)[0] for row in rows[:3]] == ["HOST", "a", "b"]


DOCS = Path(__file__).parents[3] / "docs"
NEW = DOCS.parent / "target" / "pictures"


@pytest.mark.parametrize(
    ("name", "cpus", "size", "argv"),
    [
        ("overview", 4, (80, 24), ("overview",)),
        ("history", 4, (80, 24), ("history", "--by", "cpu", "--period", "5m")),
        ("effect", 4, (100, 24), ("effect",)),
        ("top", 4, (80, 24), ("top",)),
        ("top-128-cpus", 128, (100, 30), ("top",)),
    ],
)
def test_the_pictures_in_the_documents_show_what_the_program_does(
    environment, name: str, cpus: int, size: tuple[int, int], argv: tuple[str, ...]
):
    with (
        WebService(Portrait(cpus)) as service,
        Session(
            [COMMAND, *argv, "--server", service.url], environment | {"TZ": "UTC"}, *size
        ) as session,
    ):
        if argv == ("top",):
            session.shows("imbalance")
        else:
            assert session.ends() == 0
        shown = svg.picture(session.emulator).replace(
            service.url.removeprefix("http://"), "127.0.0.1:50000"
        )

    stored = DOCS / f"{name}.svg"
    if not stored.exists() or stored.read_text("utf-8") != shown:
        NEW.mkdir(parents=True, exist_ok=True)
        (NEW / stored.name).write_text(shown, "utf-8")
        pytest.fail(f"{stored} is another picture; look at {NEW / stored.name} and copy it there")
