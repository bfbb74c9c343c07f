"""gzip for large answers, for those who take it, and the same answer all the same."""

import gzip

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from irq_server.web import compress

LARGE = b"24,0,1\n" * 1000


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__, static_folder=None)
    compress.register(app)

    def answer(body: bytes, media: str, status: int = 200) -> Response:
        response = Response(body, status, mimetype=media)
        response.set_etag("tag")
        return response

    app.add_url_rule("/large", "large", lambda: answer(LARGE, "text/csv"))
    app.add_url_rule("/small", "small", lambda: answer(b"24,0,1\n", "text/csv"))
    app.add_url_rule("/picture", "picture", lambda: answer(LARGE, "image/png"))
    app.add_url_rule("/none", "none", lambda: Response(status=304))
    return app.test_client()


def get(client: FlaskClient, path: str, accept: str | None, method: str = "GET") -> TestResponse:
    headers = {} if accept is None else {"Accept-Encoding": accept}
    return client.open(path, method=method, headers=headers)


@pytest.mark.parametrize("accept", ["gzip", "gzip, deflate, br", "br;q=1, gzip;q=0.1", "*"])
def test_a_large_answer_is_compressed_for_those_who_take_it(client: FlaskClient, accept: str):
    answer = get(client, "/large", accept)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == LARGE
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(LARGE) / 10
    assert answer.headers["ETag"] == 'W/"tag"'


@pytest.mark.parametrize("accept", [None, "identity", "br", "gzip;q=0", "", "x" * 100])
def test_and_for_nobody_else(client: FlaskClient, accept: str | None):
    answer = get(client, "/large", accept)

    assert "Content-Encoding" not in answer.headers
    assert answer.data == LARGE
    assert answer.headers["ETag"] == '"tag"'


def test_a_cache_is_told_that_it_depends(client: FlaskClient):
    for path in ("/large", "/small"):
        assert get(client, path, None).headers["Vary"] == "Accept-Encoding"
    assert "Vary" not in get(client, "/picture", "gzip").headers


@pytest.mark.parametrize("path", ["/small", "/picture", "/none"])
def test_what_gains_nothing_is_left_as_it_is(client: FlaskClient, path: str):
    assert "Content-Encoding" not in get(client, path, "gzip").headers


def test_a_head_tells_what_a_get_would(client: FlaskClient):
    head, whole = get(client, "/large", "gzip", "HEAD"), get(client, "/large", "gzip")

    assert head.data == b""
    for name in ("Content-Encoding", "Content-Length", "ETag", "Vary"):
        assert head.headers[name] == whole.headers[name]
