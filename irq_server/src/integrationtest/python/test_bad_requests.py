"""Hundreds of kinds of bad requests over the wire: the right 4xx as a problem, and nothing lost."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from conftest import REQUEST_SECONDS, Server, Tree

WRITER, READER = "writer-for-tests", "reader-for-tests"
API = "/api/v1"

MOMENTS = [
    "", " ", "tomorrow", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z",
    "2026-01-32T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00+99:99", "1e9", "nan",
    "inf", "-inf", "0x10", "\uff11\uff17\uff16\uff17", "\u0661", "-", "--5m", "5m", "-1W", "+5",
    "99999999999999999999", "1767225600\0", "now\0", "now now", "NOW", "-now", "1,5", "1_000",
]  # fmt: skip
DURATIONS = [
    "", " ", "0", "0s", "0.0", "-1", "-5m", "soon", "1W", "1y", "5M", "m", "1m30s", "1 m", "1e3",
    "nan", "inf", "0x10", "\uff15", "\u0665m", "1/2", "1,5", "9999999999999", "60\0", "60;", "1_0",
]  # fmt: skip
BAD_TEXTS: dict[str, list[str]] = {
    "start": MOMENTS,
    "end": MOMENTS,
    "period": DURATIONS,
    "period_seconds": DURATIONS,
    "step": DURATIONS,
    "irq": [""],
    "device": [""],
    "cpu": [
        "", "a", "-1", "0-", "-", "0,,1", ",0", "0;1", "0x1", "1-0", "0-3:0/2", "0-3:3/2", "65536",
        "9" * 30, "\uff10", "\u0660", "0\0", "1.0", "all", "N", "0-3:1", " - ",
    ],
    "top": ["", "0", "-1", "1.5", "1e3", "ten", "100001", "9" * 400, "\uff11", "1\0", "nan", "+1"],
    "nonzero": ["maybe", "2", "-1", "tru", "true\0", "\u0661", "null"],
    "by": ["", "device", "cpu,irq", "IRQ", "total,cpu", "irq,cpu,", "irq, cpu", "total\0"],
    "format": ["", "xml", "CSV", "json,csv", "text/csv", "csv\0"],
}  # fmt: skip
BODIES: list[tuple[bytes, str]] = [
    (b"", "body"),
    (b"{", "body"),
    (b"}", "body"),
    (b"cpu=1", "body"),
    (b"0-1", "body"),
    (b"null", "body"),
    (b"true", "body"),
    (b"1", "body"),
    (b'"0-1"', "body"),
    (b"[]", "body"),
    (b'[{"cpu": 1}]', "body"),
    (b'{"cpu": 1}{"cpu": 1}', "body"),
    (b'{"cpu": 1,}', "body"),
    (b"{'cpu': 1}", "body"),
    (b'{"cpu": 1} x', "body"),
    (b'{"cpu": 0x1}', "body"),
    (b'{"cpu": 01}', "body"),
    (b'{"cpu": NaN}', "body"),
    (b'{"cpu": Infinity}', "body"),
    (b'{"cpu": 1, "cpu": 1}', "body"),
    (b'{"cpu": ' + b"9" * 5000 + b"}", "body"),
    (b"[" * 60_000, "body"),
    (b'{"a":' * 10_000, "body"),
    (b"\xff\xfe\x00", "body"),
    (b'{"cpu": "\xff"}', "body"),
    (b"\0", "body"),
    (b"{}", "cpus"),
    (b'{"cpu": 1, "cpus": "1"}', "cpus"),
    (b'{"mask": "3"}', "mask"),
    (b'{"cpu": 1, "irq": "24"}', "irq"),
    (b'{"CPU": 1}', "CPU"),
    (b'{"cpu": null}', "cpu"),
    (b'{"cpu": "1"}', "cpu"),
    (b'{"cpu": 1.0}', "cpu"),
    (b'{"cpu": 1e400}', "cpu"),
    (b'{"cpu": true}', "cpu"),
    (b'{"cpu": -1}', "cpu"),
    (b'{"cpu": 65536}', "cpu"),
    (b'{"cpu": [1]}', "cpu"),
    (b'{"cpu": {}}', "cpu"),
    (b'{"cpus": null}', "cpus"),
    (b'{"cpus": 1}', "cpus"),
    (b'{"cpus": ["0"]}', "cpus"),
    (b'{"cpus": ""}', "cpus"),
    (b'{"cpus": " "}', "cpus"),
    (b'{"cpus": "all"}', "cpus"),
    (b'{"cpus": "1-0"}', "cpus"),
    (b'{"cpus": "0-"}', "cpus"),
    (b'{"cpus": "-1"}', "cpus"),
    (b'{"cpus": "0,,1"}', "cpus"),
    (b'{"cpus": "0x3"}', "cpus"),
    (b'{"cpus": "65536"}', "cpus"),
    (b'{"cpus": "0\\u0000"}', "cpus"),
    ('{"cpus": "\u0660"}'.encode(), "cpus"),
]
MEDIA = [
    None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "application/xml", "application/jsonp", "json", "application/", "*/*", "text/json",
    "application/problem+json", "application/octet-stream", "\xff",
]  # fmt: skip
AUTHORIZATIONS = [
    None, "", "Bearer", "Bearer ", "Bearer wrong-token", f"Basic {WRITER}", WRITER,
    f"Bearer {WRITER}x", f"Bearer {WRITER[:-1]}", "Bearer \xff\xfe", "Digest username=x",
    f"Bearer {'x' * 5000}", f'Bearer "{WRITER}"',
]  # fmt: skip
NO_SUCH_PATHS = [
    f"{API}/irqs/99", f"{API}/irqs/-1", f"{API}/irqs/%00", f"{API}/irqs/24%00", f"{API}/irqs/024",
    f"{API}/irqs/24%20", f"{API}/irqs/\uff12\uff14", f"{API}/irqs/24.0", f"{API}/irqs/loc",
    f"{API}/irqs/..%2f..%2fetc%2fpasswd", f"{API}/irqs/%2e%2e/status", f"{API}/irqs/24%23",
    f"{API}/irqs/{'9' * 4000}", f"{API}/irqs/%ff%fe", f"{API}/irqs/99/affinity",
    f"{API}/irqs/LOC/affinity", f"{API}/irqs/ERR/affinity", f"{API}/irqs/..%2f24/affinity",
    f"{API}/irqs/24/affinity/", f"{API}/irqs/24/affinity/x", f"{API}/irqs/<script>",
    f"{API}/cpus/2", f"{API}/cpus/-1", f"{API}/cpus/x", f"{API}/cpus/0x0", f"{API}/cpus/1.0",
    f"{API}/cpus/\u0660", f"{API}/cpus/\uff10", f"{API}/cpus/%00", f"{API}/cpus/0%00",
    f"{API}/cpus/{'9' * 4000}", f"{API}/cpus/+1", f"{API}/cpus/0-1", f"{API}/cpus/1e0",
    f"{API}/cpus/nan", f"{API}/cpus/%20", f"{API}/cpus/",
]  # fmt: skip
NO_ROUTES = [
    "/nothing", "/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/cpus", "/API/v1/cpus",
    "/api/v1/CPUS", "/api/v1/interrupts/", "/api/v1/status/x", "/metrics/", "/healthz/x",
    "/static/", "/static/nothing", "/static/../app.py", "/static/%2e%2e/app.py",
    "/static/..%2fapp.py", "/static/swagger-ui", "/.git/config", "/favicon.ico", "/robots.txt",
    "/api/v1/../../etc/passwd", "/..", "/%2e%2e", "/%00", "/index.php", "/openapi.yaml",
    "/docs/", "/\u00e9", "/%ff", "/api/v1/irqs/24/affinit%79x",
]  # fmt: skip
HOSTS = ["example.org", "example.org:80", "10.0.0.1", "127.0.0.1.example.org", "[::2]", "0"]
BAD_HOSTS = ["a b", "user@127.0.0.1", "127.0.0.1:port", "[::1", "127.0.0.1/", "\xff", "a,b"]
RAW: list[tuple[bytes, tuple[int, ...]]] = [
    (b"\r\n\r\nGARBAGE\r\n\r\n", (400,)),
    (b"GET\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1\r\n\r\n", (400,)),
    (b"GET  /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1 x\r\nHost: 127.0.0.1\r\n\r\n", (400,)),
    (b"GET /a b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (400,)),
    (b"get /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (400,)),
    (b"GET /healthz FTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/x\r\nHost: 127.0.0.1\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1\r\n: x\r\nHost: 127.0.0.1\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1\r\n folded: x\r\nHost: 127.0.0.1\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\0b\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\rb\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: example.org\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n", (400,)),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: +1\r\n\r\nx", (400,)),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1_0\r\n\r\nx", (400,)),
    (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        (400,),
    ),
    (
        b"PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
        (400,),
    ),
    (
        b"PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        (400,),
    ),
    (
        b"PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        (400, 405),
    ),
    (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n\r\n", (400,)),
    (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", (431,)),
    (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (414, 431)),
    (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 4000 + b"\r\n", (431,)),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64 + b"\r\n\r\n", (400,)),
    (b"GET http://example.org/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (421,)),
    (b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (400, 404, 405)),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 404, 405)),
    (b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (400, 404)),
]


@dataclass(frozen=True)
class Bad:
    """A request as it goes over the wire, the statuses that are right, the parameter at fault."""

    request: bytes
    statuses: tuple[int, ...]
    parameter: str | None = None


def http(
    method: str, path: str, headers: dict[str, str | None] | None = None, body: bytes = b""
) -> bytes:
    """Return a whole request, with a Host that is served unless `headers` say otherwise."""
    given: dict[str, str | None] = {"Host": "127.0.0.1", "Connection": "close", **(headers or {})}
    if body or method == "PUT":
        given.setdefault("Content-Length", str(len(body)))
    safe = quote(path, safe="/?&=%#:<>-._~")
    lines = [f"{method} {safe} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in given.items() if value is not None]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def get(path: str, **headers: str | None) -> bytes:
    return http("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})


def put(body: bytes, irq: str = "24", **headers: str | None) -> bytes:
    given = {"Content_Type": "application/json", "Authorization": f"Bearer {WRITER}", **headers}
    named = {name.replace("_", "-"): value for name, value in given.items()}
    return http("PUT", f"{API}/irqs/{irq}/affinity", named, body)


def bad_parameters(document: Any) -> Iterator[Bad]:
    """Return, for every route of the document, what is wrong with its parameters."""
    for path, methods in document["paths"].items():
        if path.startswith(API):
            real = path.replace("{irq}", "24").replace("{cpu}", "0")
            given = [each["$ref"].rpartition("/")[2] for each in methods["get"]["parameters"]]
            yield from bad_texts(real, [name for name in given if not name.endswith("_in_path")])
            yield from bad_together(real, given)
            yield from bad_methods(real)


def bad_texts(path: str, names: list[str]) -> Iterator[Bad]:
    right = {"start": "-5m", "end": "now", "cpu": "0", "by": "cpu", "format": "csv"}
    for name in names:
        for text in BAD_TEXTS[name]:
            yield Bad(get(f"{path}?{name}={quote(text)}"), (400,), name)
        if name != "irq":
            pair = f"{name}={right.get(name, '1')}"
            yield Bad(get(f"{path}?{pair}&{pair}"), (400,), name)
    for name in ("perod", "Start", "start[]", "\u00e9", "a" * 200, "callback"):
        yield Bad(get(f"{path}?{quote(name)}=1"), (400,), name[:60])


def bad_together(path: str, names: list[str]) -> Iterator[Bad]:
    """Return what is right by itself and wrong together, or names what there is not."""
    if "start" in names:
        yield Bad(get(f"{path}?start=-5m&end=now&period=60"), (400,))
        yield Bad(get(f"{path}?period=60&period_seconds=60"), (400,), "period_seconds")
        yield Bad(get(f"{path}?start=now"), (400,), "start")
        yield Bad(get(f"{path}?start=-1m&end=-2m"), (400,), "start")
        yield Bad(get(f"{path}?start=4000000000"), (400,), "start")
    if "irq" in names:
        yield Bad(get(f"{path}?irq=99"), (404,), "irq")
        yield Bad(get(f"{path}?irq=24&irq=99"), (404,), "irq")
        yield Bad(get(f"{path}?irq=24,LOC"), (404,), "irq")
    if "cpu" in names:
        yield Bad(get(f"{path}?cpu=7"), (404,), "cpu")
        yield Bad(get(f"{path}?cpu=0-65535"), (404,), "cpu")
    if "step" in names:
        yield Bad(get(f"{path}?period=365d&step=20ms"), (400,), "step")


def bad_methods(path: str) -> Iterator[Bad]:
    for method in ("POST", "DELETE", "PATCH", "TRACE", "PROPFIND", "FOO"):
        yield Bad(http(method, path), (405,))
    yield Bad(http("get", path), (400,))
    for accept in ("image/png", "text/html", "application/json;q=0", "nonsense"):
        yield Bad(get(path, Accept=accept), (406,))


def bad_writes() -> Iterator[Bad]:
    yield from (Bad(put(body), (400,), parameter) for body, parameter in BODIES)
    yield from (Bad(put(b'{"cpu": 1}', Content_Type=media), (415,)) for media in MEDIA)
    yield from (Bad(put(b'{"cpu": 1}', Authorization=each), (401,)) for each in AUTHORIZATIONS)
    yield Bad(put(b'{"cpu": 1}', Authorization=f"Bearer {READER}"), (403,))
    yield Bad(put(b'{"cpu": 1}', Origin="http://example.org"), (403,))
    yield Bad(put(b'{"cpu": 1}', Sec_Fetch_Site="cross-site"), (403,))
    yield Bad(put(b'{"cpu": 1}', irq="24/affinity?x=1&y="), (405, 404, 400))
    yield Bad(put(b'{"cpu": 2}'), (409,), "irq")
    yield Bad(put(b'{"cpus": "0-7"}'), (409,), "irq")
    yield Bad(put(b'{"cpu": 1}', irq="25"), (409,), "irq")
    yield Bad(put(b'{"cpu": 1}', irq="LOC"), (409,), "irq")
    yield Bad(put(b'{"cpu": 1}', irq="ERR"), (409,), "irq")
    yield Bad(put(b'{"cpu": 1}', irq="99"), (404,), "irq")
    yield Bad(put(b'{"cpu": 1}', irq="..%2f24"), (404,), "irq")
    yield Bad(put(b" " * 70_000 + b'{"cpu": 1}'), (413,))
    yield Bad(put(b"", Content_Length="99999999999"), (413,))


def bad_places() -> Iterator[Bad]:
    yield from (Bad(get(path), (404,)) for path in NO_SUCH_PATHS)
    yield from (Bad(get(path), (404,)) for path in NO_ROUTES)
    yield from (Bad(get("/healthz", Host=host), (421,)) for host in HOSTS)
    yield from (Bad(get("/healthz", Host=host), (400,)) for host in BAD_HOSTS)
    yield from (Bad(get(f"/{page}?x=1"), (400,), "x") for page in ("", "docs", "openapi.json"))
    yield from (Bad(raw, statuses) for raw, statuses in RAW)


@pytest.fixture
def server(tree: Tree, start: Callable[..., Server], tmp_path: Path) -> Server:
    tree.cells["25"] = [0, 0]
    tree.texts["25"] = "PCI-MSIX-0000:00:03.0   1-edge      nvme0q1"
    tree.set_affinity("25", "0", "0")
    (tree.root / "irq/25/smp_affinity_list").chmod(0o444)
    tree.show()
    tokens = tmp_path / "tokens"
    tokens.write_text(f"rw {WRITER}\nro {READER}\n")
    tokens.chmod(0o600)
    writing = ("--allow-affinity", "--token-file", tokens)
    started = start("--procfs", tree.root, "--interval", "100ms", *writing)
    started.wait_for_samples()  # by a route that never answers 5xx
    return started


def exchange(server: Server, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send a request as it is and return status, headers and body of the answer."""
    address = urlsplit(server.url)
    assert address.hostname
    assert address.port
    with socket.create_connection((address.hostname, address.port), REQUEST_SECONDS) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before it was sent whole: the answer says why
        received = b""
        while data := connection.recv(65536):
            received += data
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split(" ")[1]), headers, body


def fault(server: Server, bad: Bad) -> str | None:
    """Return what is wrong with the answer; None where nothing is."""
    try:
        status, headers, body = exchange(server, bad.request)
    except (OSError, ValueError, IndexError) as error:
        return f"no answer: {error!r}"
    if status not in bad.statuses:
        return f"{status}, expected {bad.statuses}: {body[:200]!r}"
    if headers.get("content-type") != "application/problem+json":
        return f"{headers.get('content-type')}: {body[:200]!r}"
    problem = json.loads(body)
    if problem["status"] != status or not problem["title"] or not problem["detail"]:
        return f"not a problem: {problem}"
    if bad.parameter is not None and problem.get("parameter") != bad.parameter:
        return f"blames {problem.get('parameter')!r}, expected {bad.parameter!r}: {problem}"
    if "Traceback" in body.decode(errors="replace"):
        return "a trace"
    return None


def test_every_bad_request_is_told_what_is_wrong_and_sampling_goes_on(server: Server, tree: Tree):
    document = server.json("/openapi.json")
    before = server.json("/api/v1/status")["sampler"]
    table = [*bad_parameters(document), *bad_writes(), *bad_places()]
    assert len({bad.request for bad in table}) >= 300

    faults = [
        f"{bad.request[:150]!r}: {found}"
        for bad in table
        if (found := fault(server, bad)) is not None
    ]

    assert not faults, "\n".join(faults)
    tree.fire("24", 0, 5)
    server.wait_for_samples()
    after = server.json("/api/v1/status")["sampler"]
    assert after["state"] == "running"
    assert after["samples"] > before["samples"]
    assert after["last_error"] is None
    assert server.json("/api/v1/irqs/24", period="1h")["counts"] == [0, 5]
    assert (tree.root / "irq/24/smp_affinity_list").read_text() == "0-1\n"
    assert not [line for line in server.log if "Traceback" in line or " ERROR " in line]
