"""The installed command at a server that answers as it should."""

import csv
import io
import json
import re
import subprocess

import pytest

import machine
from conftest import COMMAND
from leftovers import running
from service import WebService, json_reply, reply

COMMANDS = {
    "overview": machine.INTERRUPTS,
    "irqs": machine.IRQS,
    "irq 36": machine.ONE_IRQ,
    "cpus": machine.CPUS,
    "cpu 1": machine.ONE_CPU,
    "history": machine.SERIES,
    "affinity 36": machine.AFFINITY,
    "events": machine.EVENTS,
    "status": machine.STATUS,
}


def test_an_overview_is_a_sentence_and_a_table_of_irqs_by_cpus(run, good):
    done = run("overview", "--server", good.url, TZ="UTC0")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "Calm: CPU 1 takes 76% of what devices ask (93.4/s).\n"
        "2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples\n"
        "IRQ    DEVICE                    CPU0   CPU1   TOTAL  RATE/s\n"
        "24     ahci[0000:00:1f.2]       1,800      0   1,800    30.0\n"
        "36     virtio1-req.0                0  5,604   5,604    93.4\n"
        "NMI    Non-maskable interrupts      4  3,697   3,701    61.7\n"
        "ERR                                                2     0.0\n"
        "total                           1,804  9,301  11,105   185.1\n"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_json_is_what_the_server_sent(run, good, command: str):
    done = run("--format", "json", *command.split(), IRQ_CLIENT_SERVER=good.url)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == json.dumps(COMMANDS[command]) + "\n"


def test_json_is_passed_on_byte_for_byte(run):
    text = ' {"cpus": [ ],\n\n "total":0, "x": "\\u00e9é", "window": %s}\n\n'
    body = (text % json.dumps(machine.WINDOW)).encode()

    with WebService(lambda _, __: reply(body)) as service:
        done = run("cpus", "--format", "json", "--server", service.url)

    assert done.stdout.encode() == body


@pytest.mark.parametrize("command", COMMANDS)
def test_csv_has_one_heading_and_rows_of_its_length(run, good, command: str):
    done = run(*command.split(), "--format", "csv", "--server", good.url)

    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert (done.returncode, done.stderr) == (0, "")
    assert all(len(row) == len(rows[0]) for row in rows)
    assert done.stdout.endswith("\r\n")
    assert len(rows) > 1


def test_csv_of_the_overview_is_tidy(run, good):
    done = run("overview", "--format", "csv", "--server", good.url)

    assert done.stdout.splitlines()[:3] == [
        "irq,device,cpu,count",
        "24,ahci[0000:00:1f.2],0,1800",
        "24,ahci[0000:00:1f.2],1,0",
    ]
    assert done.stdout.splitlines()[-1] == "ERR,,,2"


def test_what_is_asked_for_arrives(run, good):
    window = ("--start", "-15m", "--end", "-5m")
    filters = ("--irq", "36", "--irq", "NM*", "--cpu", "0-3,8", "--device", "virt*")

    run("overview", *window, *filters, "--nonzero", "--top", "5", "--server", good.url)

    names, *_ = good.requests
    assert (names.path, names.query) == ("/api/v1/irqs", [("start", "-15m"), ("end", "-5m")])
    (request,) = (each for each in good.requests if each.path == "/api/v1/interrupts")
    assert request.query == [
        ("start", "-15m"),
        ("end", "-5m"),
        ("irq", "36"),
        ("irq", "NMI"),
        ("cpu", "0-3,8"),
        ("device", "virt*"),
        ("top", "5"),
        ("nonzero", "true"),
    ]


def test_setting_an_affinity_shows_before_and_after(run, good):
    done = run("affinity", "36", "0", "--server", good.url)

    assert (done.returncode, done.stderr) == (0, "")
    assert "0-1 -> 0" in done.stdout
    assert "pending" in done.stdout
    assert [(each.method, each.body) for each in good.requests] == [
        ("GET", b""),
        ("PUT", b'{"cpus": "0"}'),
    ]


def test_a_wide_machine_is_folded_and_never_wrapped(run):
    with WebService(lambda _, __: machine.WIDE) as service:
        done = run("overview", "--server", service.url)
        narrow = run("overview", "--server", service.url, COLUMNS="80")

    for text, width in ((done.stdout, 120), (narrow.stdout, 80)):
        lines = text.splitlines()
        assert len(lines) == 1003
        assert re.search(r"CPU0 .* rest +TOTAL", lines[1])
        assert max(map(len, lines)) <= width


def test_several_servers_are_one_table(run, good):
    with WebService(machine.answer_well) as other:
        done = run("cpus", "--server", good.url, "--server", other.url, "--server", good.url + "/")

    assert (done.returncode, done.stderr) == (0, "")
    for url in (good.url, other.url):
        name = url.removeprefix("http://")
        assert sum(line.startswith(name) for line in done.stdout.splitlines()) == 3


def test_a_configuration_file_at_home_names_servers(run, good, tmp_path):
    folder = tmp_path / "irq_client"
    folder.mkdir()
    (folder / "config.toml").write_text(f'server = "db"\n[servers.db]\nurl = "{good.url}"\n')

    assert "running" in run("status", XDG_CONFIG_HOME=str(tmp_path)).stdout


def test_two_hundred_hosts_are_asked_and_the_dead_ones_named(run, good, tmp_path):
    hosts = tmp_path / "hosts"
    alive = [f"h{number} {good.url}/{number}" for number in range(198)]
    hosts.write_text("\n".join([*alive, "dead http://127.0.0.1:1", "gone http://127.0.0.1:2"]))

    done = run("status", "--hosts", str(hosts), "--timeout", "20")

    # the made-up server knows no prefix: each of the 198 is answered, with a 404
    assert done.returncode == 5
    assert done.stderr.count("connection refused") == 2
    assert done.stderr.endswith(", h197, dead, gone\n")


def test_the_token_is_sent_and_never_shown(run, good, tmp_path):
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    token.chmod(0o644)

    done = run("-v", "status", "--server", good.url, IRQ_CLIENT_TOKEN_FILE=str(token))

    assert good.requests[0].headers["authorization"] == "Bearer s3cret"
    assert "every user may read it" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_a_reader_that_has_seen_enough_is_no_error(environment):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with (
        WebService(lambda _, __: machine.WIDE) as service,
        running(COMMAND, "overview", "--server", service.url, env=environment, **pipes) as process,
    ):
        process.stdout.readline()
        process.stdout.close()
        messages = process.stderr.read()
        process.stderr.close()

        assert process.wait(30) == 0
    assert messages == b""


FULL = "cannot write the results: No space left on device"


@pytest.mark.parametrize(
    ("argv", "redirection", "status", "words"),
    [
        ("cpus", ">/dev/full", 1, FULL),
        ("cpus --format json", ">/dev/full", 1, FULL),
        ("cpus --format csv", ">/dev/full", 1, FULL),
        ("--version", ">/dev/full", 1, FULL),
        ("cpus --help", ">/dev/full", 1, FULL),
        ("cpus", ">&-", 0, ""),
    ],
)
def test_an_output_that_cannot_be_written(
    environment, good, argv: str, redirection: str, status: int, words: str
):
    line = f"exec {COMMAND} {argv} --server {good.url} {redirection}"

    done = subprocess.run(
        ["sh", "-c", line],  # noqa: S607 - the shell makes the redirection
        env=environment,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=30,
    )

    assert done.returncode == status
    assert done.stderr == (f"irq_client: {words}\n" if words else "")


def test_a_locale_without_these_letters_gets_escapes(run):
    row = machine.ROWS[1] | {"device": "größe"}

    with WebService(lambda _, __: json_reply(machine.INTERRUPTS | {"irqs": [row]})) as service:
        done = run("overview", "--server", service.url, PYTHONIOENCODING="ascii")

    assert done.returncode == 0
    assert r"gr\xf6\xdfe" in done.stdout


def test_the_version_is_printed(run):
    done = run("--version")
    as_module = [COMMAND.with_name("python"), "-m", "irq_client", "--version"]

    assert done.returncode == 0
    assert subprocess.check_output(as_module, encoding="utf-8") == done.stdout
    assert re.fullmatch(r"irq_client [0-9]+\.[0-9]+\.[0-9]+\n", done.stdout)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_has_an_example(run, command: str):
    done = run(*command.split()[:1], "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert f" irq_client {command.split(' ')[0]}" in done.stdout


def test_the_manual_page_is_installed_where_man_looks():
    page = COMMAND.parent.parent / "share/man/man1/irq_client.1"

    text = page.read_text("utf-8").replace("\\-", "-")
    assert text.startswith(".TH IRQ_CLIENT 1")
    assert all(f"\\fB{name}\\fR" in text for name in ("overview", "top", "--token-file"))


def test_the_package_has_types_and_a_client():
    program = "import irq_client, pathlib; c = irq_client.Client; print(c.__module__); "
    program += "print((pathlib.Path(irq_client.__file__).parent / 'py.typed').exists())"

    python = COMMAND.parent / "python"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, cwd="/")

    assert done.stdout.split() == ["irq_client.server.client", "True"]
