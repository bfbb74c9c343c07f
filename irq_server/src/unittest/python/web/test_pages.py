"""The pages for a person, their files, and how they are kept."""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from irq_server import __version__
from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.store.store import Store
from irq_server.web.app import create_app
from irq_server.web.openapi.document import document


class Closing(FlaskClient):
    """Reads answers to their end and closes them, as a server does."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Return an answer."""
        return super().open(*args, buffered=True, **kwargs)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    store, procfs = Store(tmp_path / "data"), Procfs(tmp_path)
    app = create_app(store, Sampler(procfs, store), procfs)
    app.test_client_class = Closing
    yield app.test_client()
    store.close()


class Page(HTMLParser):
    """What a page refers to, and what of it a strict policy would stop."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.links: list[str] = []
        self.inline: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links, styles and scripts."""
        given = dict(attrs)
        self.links += [each for name in ("href", "src") if (each := given.get(name))]
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_refers_to_this_server_alone_and_every_link_is_good(client: FlaskClient, path: str):
    answer = client.get(path)
    page = Page(answer.text)

    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert page.inline == []
    assert page.links
    for link in page.links:
        assert link.startswith("/")
        assert not link.startswith("//")
        # nothing was sampled here: 503 from what needs a sample
        assert client.get(link).status_code in (200, 503), link


def test_the_first_page_says_what_runs_here(client: FlaskClient):
    text = client.get("/").text

    assert __version__ in text
    for link in ("/docs", "/metrics", "/healthz", "/readyz", "/openapi.json", "/api/v1/status"):
        assert f'href="{link}"' in text


def test_the_document_is_served(client: FlaskClient):
    assert client.get("/openapi.json").get_json() == document()


def test_the_document_is_not_needed_to_start():
    start = (
        "import sys\n"
        "from irq_server.web import app, pages\n"
        "pages.blueprint()\n"
        "print([name for name in sys.modules if 'openapi' in name or 'apispec' in name])"
    )

    done = subprocess.run(
        [sys.executable, "-c", start],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/static/dashboard/main.js"])
def test_what_does_not_change_is_not_sent_twice(client: FlaskClient, path: str):
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "private, no-cache"
    assert (again.status_code, again.data) == (304, b"")


def test_the_dashboard_names_each_of_its_scripts(client: FlaskClient):
    text = client.get("/").text
    for name in ("dashboard/main.js", "dashboard/verdict.js", "uplot/uPlot.esm.js"):
        assert f'rel="modulepreload" href="/static/{name}"' in text


def test_the_dashboard_with_its_lines_takes_less_than_150_kilobytes_packed(client: FlaskClient):
    links = {link for link in Page(client.get("/").text).links if link.startswith("/static/")}

    assert sum(len(gzip.compress(client.get(link).data)) for link in links) < 150_000
    assert "Permission is hereby granted" in client.get("/static/uplot/LICENSE").text


def test_the_files_of_the_viewer_come_with_their_licence(client: FlaskClient):
    assert "Apache License" in client.get("/static/swagger-ui/LICENSE").text
    assert len(client.get("/static/swagger-ui/swagger-ui-bundle.js").data) > 10**6


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/nothing.js", "/static/"])
def test_no_other_file_is_served(client: FlaskClient, path: str):
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/?x=1", "/docs?x=1", "/openapi.json?x=1"])
def test_a_page_has_no_parameters(client: FlaskClient, path: str):
    answer = client.get(path)
    assert (answer.status_code, answer.get_json()["parameter"]) == (400, "x")
