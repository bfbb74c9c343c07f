"""Who may ask for what, over an application of three routes."""

from collections.abc import Callable

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from irq_server.web import problem
from irq_server.web.access import guard
from irq_server.web.access.guard import HEADERS, Rules
from irq_server.web.access.hosts import Hosts
from irq_server.web.access.tokens import Token, find, parse_tokens

READER, WRITER, UNKNOWN = "reader-token", "writer-token", "unknown-token"
DASHBOARD = "https://dash.example.org"
HOSTS = Hosts(["127.0.0.1"], ["irq.example.org"])


def find_token(presented: str) -> Token | None:
    """Return a token that may read, or one that may write."""
    return find(parse_tokens(f"ro {READER}\nrw {WRITER}"), presented)


def client_of(**rules: object) -> FlaskClient:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/data", view_func=lambda: {"read": True}, endpoint="data")
    app.add_url_rule("/write", methods=["PUT"], view_func=lambda: {"written": True}, endpoint="w")
    app.add_url_rule("/healthz", view_func=lambda: {"status": "ok"}, endpoint="healthz")
    app.add_url_rule("/page", view_func=lambda: Response("<p>", mimetype="text/html"), endpoint="p")
    problem.register(app)
    guard.register(app, Rules(HOSTS, **rules))  # type: ignore[arg-type]  # a test's own words
    return app.test_client()


@pytest.fixture
def open_client() -> FlaskClient:
    """Everything is allowed that can be."""
    return client_of(find_token=find_token, writes_allowed=True)


@pytest.fixture
def put(open_client: FlaskClient) -> Callable[..., TestResponse]:
    def send(**headers: str) -> TestResponse:
        return write(open_client, token=WRITER, **headers)

    return send


def write(client: FlaskClient, token: str | None = None, **headers: str) -> TestResponse:
    sent = {"Content-Type": "application/json"}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    if token:
        sent["Authorization"] = f"Bearer {token}"
    return client.put("/write", data="{}", headers=sent)


def read(client: FlaskClient, path: str = "/data", token: str | None = None) -> TestResponse:
    return client.get(path, headers={"Authorization": f"Bearer {token}"} if token else {})


def refusal(answer: TestResponse) -> tuple[int, str]:
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["status"] == answer.status_code
    return answer.status_code, answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("token", "status"), [(None, 401), (UNKNOWN, 401), (READER, 403), (WRITER, 200)]
)
def test_a_write_needs_a_token_that_may_write(
    open_client: FlaskClient, token: str | None, status: int
):
    assert write(open_client, token).status_code == status


def test_a_read_needs_no_token_where_only_this_machine_asks(open_client: FlaskClient):
    assert read(open_client).status_code == 200
    assert read(open_client, token=UNKNOWN).status_code == 200


@pytest.mark.parametrize(
    ("token", "status"), [(None, 401), (UNKNOWN, 401), (READER, 200), (WRITER, 200)]
)
def test_beyond_loopback_every_read_needs_a_token(token: str | None, status: int):
    client = client_of(find_token=find_token, reads_need_token=True)

    assert read(client, token=token).status_code == status
    assert read(client, "/nothing", token=token).status_code == (404 if status == 200 else 401)
    for path in ("/healthz", "/readyz", "/", "/docs", "/openapi.json", "/static/x.js"):
        assert read(client, path).status_code in (200, 404)


def test_a_missing_and_a_wrong_token_are_told_apart(open_client: FlaskClient):
    missing, wrong = write(open_client), write(open_client, UNKNOWN)

    assert missing.headers["WWW-Authenticate"] == 'Bearer realm="irq_server"'
    assert wrong.headers["WWW-Authenticate"] == 'Bearer realm="irq_server", error="invalid_token"'
    assert refusal(missing)[0] == refusal(wrong)[0] == 401
    assert UNKNOWN not in wrong.text


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        WRITER,
        f"Basic {WRITER}",
        "Basic d3JpdGVyLXRva2VuOg==",
        f"Bearer {WRITER} x",
        f"Bearer token={WRITER}",
        f"Bearer {WRITER}, Bearer {WRITER}",
        "Bearer w\u00e4iter-token",
    ],
)
def test_another_form_of_authorization_is_no_token(open_client: FlaskClient, value: str):
    answer = open_client.put(
        "/write", data="{}", headers={"Authorization": value, "Content-Type": "application/json"}
    )

    assert refusal(answer)[0] == 401


def test_the_word_bearer_may_have_any_case(put: Callable[..., TestResponse]):
    assert put(Authorization=f"bEARER {WRITER}").status_code == 200


def test_without_permission_no_token_writes():
    client = client_of(find_token=find_token)

    assert refusal(write(client, WRITER)) == (
        403,
        "writes are not allowed here: the server runs without them",
    )
    assert write(client).status_code == 401
    assert write(client_of()).status_code == 403


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain; application/json", 415),
        ("", 415),
    ],
)
def test_a_write_is_json(put: Callable[..., TestResponse], content_type: str, status: int):
    assert put(Content_Type=content_type).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://irq.example.org"}, 200),
        ({"Origin": "https://irq.example.org"}, 200),
        ({"Origin": "https://irq.example.org:443"}, 200),
        ({"Origin": "http://irq.example.org:8080"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://irq.example.org.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": DASHBOARD}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://irq.example.org", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://irq.example.org", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_page_elsewhere_cannot_write(
    put: Callable[..., TestResponse], headers: dict[str, str], status: int
):
    assert put(Host="irq.example.org", **headers).status_code == status


def test_a_method_or_route_that_is_none_is_told_as_such(open_client: FlaskClient):
    assert open_client.delete("/data").status_code == 405
    assert open_client.put("/nothing").status_code == 404


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:5000", 200),
        ("irq.example.org", 200),
        ("evil.example", 421),
        ("a, b", 400),
        ("localhost:x", 400),
    ],
)
def test_the_host_is_checked_before_all_else(host: str, status: int):
    client = client_of(find_token=find_token, reads_need_token=True)
    headers = {"Host": host, "Authorization": f"Bearer {READER}"}

    assert client.get("/data", headers=headers).status_code == status
    assert client.get("/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("protocol", "status"), [("HTTP/1.1", 400), ("HTTP/1.0", 200), ("HTTP/2", 400)]
)
def test_a_request_without_a_host_is_an_old_one(protocol: str, status: int):
    environ = {"HTTP_HOST": "", "SERVER_PROTOCOL": protocol}

    assert client_of().get("/data", environ_overrides=environ).status_code == status


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://127.0.0.1:5000/data", 200),
        ("http://evil.example/data", 421),
        ("http://user@127.0.0.1/data", 400),
    ],
)
def test_a_target_with_a_host_is_for_that_host(target: str, status: int):
    answer = client_of().get("/data", environ_overrides={"REQUEST_URI": target})

    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/data", "/nothing", "/page", "/healthz"])
@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_every_answer_tells_browsers_what_not_to_do(path: str, host: str):
    headers = client_of().get(path, headers={"Host": host}).headers

    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers


def test_a_page_may_run_what_comes_from_here_and_nothing_within_it():
    policy = client_of().get("/page").headers["Content-Security-Policy"].split("; ")

    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


def preflight(client: FlaskClient, origin: str) -> TestResponse:
    return client.options(
        "/write",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )


def test_without_a_word_no_page_elsewhere_may_ask(open_client: FlaskClient):
    answers = [
        preflight(open_client, DASHBOARD),
        open_client.get("/data", headers={"Origin": DASHBOARD}),
    ]

    for answer in answers:
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]


def test_a_page_of_a_named_origin_may_ask_and_no_other():
    client = client_of(
        find_token=find_token,
        reads_need_token=True,
        writes_allowed=True,
        cors_origins=frozenset({DASHBOARD, "http://[::1]:3000"}),
    )

    for origin in (DASHBOARD, "http://[::1]:3000"):
        allowed = preflight(client, origin)
        assert allowed.status_code == 204
        assert allowed.headers["Access-Control-Allow-Origin"] == origin
        assert allowed.headers["Access-Control-Allow-Methods"] == "GET, HEAD, PUT"
        assert "Authorization" in allowed.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in allowed.headers
        assert write(client, WRITER, Origin=origin, Sec_Fetch_Site="cross-site").status_code == 200
    for origin in (
        DASHBOARD.upper(),
        f"{DASHBOARD}.evil.example",
        f"{DASHBOARD}:444",
        "http://1:3000",
    ):
        refused = preflight(client, origin)
        assert refused.status_code == 401
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert refused.headers["Vary"] == "Origin"
        assert write(client, WRITER, Origin=origin).status_code == 403


def test_a_named_origin_still_needs_its_token():
    client = client_of(
        find_token=find_token, reads_need_token=True, cors_origins=frozenset({DASHBOARD})
    )

    answer = client.get("/data", headers={"Origin": DASHBOARD})

    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == DASHBOARD
