"""The pages in a real browser: drawn, under their strict policy, by asking nobody but the server.

Needs Debian's chromium, or another Chromium or Chrome.
"""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import needs
from conftest import Server, Tree, wait_until

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_SECONDS = 90
FLAGS = (
    "--headless",
    "--no-sandbox",  # tests may run as root, in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--enable-logging=stderr",
    "--virtual-time-budget=20000",
)


@dataclass(frozen=True)
class Visit:
    """A page in a browser: its elements, its messages, and its requests."""

    page: str
    console: list[str]
    asked: set[str]


@pytest.fixture
def server(tree: Tree, start: Callable[..., Server]) -> Server:
    started = start("--procfs", tree.root, "--interval", "100ms")
    wait_until(lambda: started.get("/readyz").status_code == 200)
    return started


@pytest.fixture
def visit(tmp_path: Path) -> Callable[[str], Visit]:
    """Return a function that opens an address in a new browser."""
    browser = needs.program(*BROWSERS)

    def open_page(url: str) -> Visit:
        log = tmp_path / "net.json"
        own = (f"--user-data-dir={tmp_path / 'browser'}", f"--log-net-log={log}")
        command = [browser, *FLAGS, *own, "--dump-dom", url]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=BROWSER_SECONDS, check=True
        )
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return Visit(done.stdout, console, _asked_in(json.loads(log.read_text()), url))

    return open_page


def _asked_in(log: dict, page: str) -> set[str]:  # type: ignore[type-arg]  # the browser's own
    """Return the addresses that a page asked for, by a browser's log of the network.

    What the browser asks for itself, such as its makers' news, has another initiator.
    """
    begun = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    asked = [each["params"] for each in log["events"] if each["type"] == begun and "params" in each]
    parts = urlsplit(page)
    origin = f"{parts.scheme}://{parts.netloc}"
    return {each["url"] for each in asked if each.get("initiator") == origin}


def test_the_page_of_the_api_shows_every_route_and_asks_nobody_else(
    server: Server, visit: Callable[[str], Visit]
):
    seen = visit(f"{server.url}/docs")

    paths = server.json("/openapi.json")["paths"]
    operations = sum(len(methods) for methods in paths.values())
    assert seen.page.count('class="opblock opblock-') == operations, seen.page[:2000]
    assert 'data-path="/api/v1/irqs/{irq}/affinity"' in seen.page
    assert seen.console == []
    assert f"{server.url}/openapi.json" in seen.asked
    assert {url for url in seen.asked if not url.startswith(f"{server.url}/")} == set()


def test_the_first_page_is_drawn_and_asks_nobody_else(
    server: Server, visit: Callable[[str], Visit]
):
    seen = visit(f"{server.url}/")

    assert "<h1>Interrupts" in seen.page
    assert seen.console == []
    assert f"{server.url}/static/dashboard/main.js" in seen.asked
    assert {url for url in seen.asked if not url.startswith(f"{server.url}/")} == set()


def test_what_the_policy_stops_would_be_seen(tmp_path: Path, visit: Callable[[str], Visit]):
    page = tmp_path / "page.html"
    page.write_text(
        '<meta http-equiv="Content-Security-Policy" content="script-src \'none\'">'
        "<script>document.title = 'ran'</script>"
    )

    seen = visit(page.as_uri())

    assert "Content Security Policy" in "\n".join(seen.console)
