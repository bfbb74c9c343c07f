"""Settings from options, environment and file, each wrong value named."""

import re
from pathlib import Path

import mock
import pytest

from irq_server.errors import SettingsError
from irq_server.settings.load import file_of, load


def test_without_a_word_the_defaults_hold(tmp_path: Path):
    settings = load({}, {"XDG_STATE_HOME": str(tmp_path)}, None)

    assert (settings.host, settings.port, settings.interval) == ("127.0.0.1", 5000, 10.0)
    assert settings.retention == {"raw": 604800.0, "1m": 2592000.0, "1h": 31536000.0}
    assert (settings.max_size, settings.fsync, settings.insecure) == (2**30, "segment", False)
    assert (settings.procfs, settings.sysfs) == (Path("/proc"), Path("/sys"))


@pytest.mark.parametrize(
    ("user", "environment", "folder"),
    [
        (0, {"XDG_STATE_HOME": "/state"}, "/var/lib/irq_server"),
        (1000, {"XDG_STATE_HOME": "/state"}, "/state/irq_server"),
        (1000, {"XDG_STATE_HOME": "relative"}, "/home/me/.local/state/irq_server"),
        (1000, {}, "/home/me/.local/state/irq_server"),
    ],
)
def test_the_data_directory_depends_on_who_runs_it(
    user: int, environment: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", "/home/me")
    with mock.patch("os.geteuid", return_value=user):
        assert load({}, environment, None).data_dir == Path(folder)


def test_the_option_wins_over_the_environment_and_that_over_the_file(tmp_path: Path):
    file = tmp_path / "irq_server.toml"
    file.write_text('port = 1\ninterval = "1s"\nhost = "127.0.0.3"\n')
    environment = {"IRQ_SERVER_PORT": "2", "IRQ_SERVER_INTERVAL": "2s"}

    settings = load({"port": "3", "interval": None}, environment, file)

    assert (settings.port, settings.interval, settings.host) == (3, 2.0, "127.0.0.3")


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("port", "0", 0),
        ("port", "65535", 65535),
        ("interval", "10ms", 0.01),
        ("interval", "2", 2.0),
        ("intervals", "", {}),
        ("intervals", "eth0-*=1s, LOC=1m", {"eth0-*": 1.0, "LOC": 60.0}),
        ("intervals", "a=b=20ms", {"a=b": 0.02}),
        ("retention", "raw=1d", {"raw": 86400.0, "1m": 2592000.0, "1h": 31536000.0}),
        ("retention", "1h=10d, 1m=2h", {"raw": 604800.0, "1m": 7200.0, "1h": 864000.0}),
        (
            "retention",
            "5m=90d",
            {"raw": 604800.0, "1m": 2592000.0, "1h": 31536000.0, "5m": 7776000.0},
        ),
        ("max_size", "1GiB", 2**30),
        ("max_size", "500MB", 500_000_000),
        ("max_size", "65536", 65536),
        ("max_size", "2 MiB", 2 * 2**20),
        ("fsync", "sample", "sample"),
        ("allow_hosts", "", ()),
        ("allow_hosts", "a.example, b.example", ("a.example", "b.example")),
        ("cors_origins", "", frozenset()),
        (
            "cors_origins",
            "https://dash.example.org, http://[::1]:3000",
            frozenset({"https://dash.example.org", "http://[::1]:3000"}),
        ),
        ("token_file", "", None),
        ("socket", "", None),
        ("socket", "/run/irq_server/socket", Path("/run/irq_server/socket")),
        ("socket_mode", "0600", 0o600),
        ("socket_mode", "666", 0o666),
        ("user", "irq-server_2", "irq-server_2"),
        ("token_file", "/etc/irq_server/tokens", Path("/etc/irq_server/tokens")),
        ("insecure", "true", True),
        ("insecure", "0", False),
        ("host", "::1", "::1"),
        ("host", "localhost", "localhost"),
        ("procfs", "/mnt/proc", Path("/mnt/proc")),
        ("daemon", "yes", True),
        ("pid_file", "", None),
        ("pid_file", "/run/irq_server.pid", Path("/run/irq_server.pid")),
        ("log", "syslog:/run/log", "syslog:/run/log"),
        ("log_level", "debug", "debug"),
        ("log_format", "json", "json"),
        ("access_log", "true", True),
    ],
)
def test_a_text_becomes_a_value(field: str, text: str, value: object):
    settings = load({field: text}, {}, None)

    assert getattr(settings, field) == value


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("port", "65536"),
        ("port", "-1"),
        ("port", "0000099999"),
        ("port", "http"),
        ("interval", "0"),
        ("interval", "9ms"),
        ("interval", "2d"),
        ("interval", "often"),
        ("intervals", "eth0-*"),
        ("intervals", "=1s"),
        ("intervals", "eth0-*=soon"),
        ("retention", "raw"),
        ("retention", "raw=0"),
        ("retention", "60s=1d"),
        ("retention", "500ms=1d"),
        ("retention", "day=1d"),
        ("max_size", "1KiB"),
        ("max_size", "much"),
        ("fsync", "always"),
        ("allow_hosts", "a.example:5000"),
        ("allow_hosts", "http://a.example"),
        ("cors_origins", "*"),
        ("cors_origins", "null"),
        ("cors_origins", "dash.example.org"),
        ("cors_origins", "https://dash.example.org/"),
        ("cors_origins", "https://*.example.org"),
        ("cors_origins", "https://Dash.example.org"),
        ("token_file", "~nobody-of-this-name/tokens"),
        ("socket_mode", "rw-rw----"),
        ("socket_mode", "0888"),
        ("socket_mode", "1777"),
        ("trusted_proxy", "proxy.example.org"),
        ("trusted_proxy", "127.0.0.1:80"),
        ("trusted_proxy", "*"),
        ("user", "two words"),
        ("insecure", "perhaps"),
        ("host", ""),
        ("host", "two words"),
        ("procfs", ""),
        ("data_dir", "~nobody-of-this-name/data"),
        ("log", "file"),
        ("log", "syslog:relative"),
        ("log_level", "loud"),
        ("log_format", "xml"),
    ],
)
def test_a_wrong_value_is_named_with_where_it_stands(field: str, text: str, tmp_path: Path):
    option = field.replace("_", "-")
    file = tmp_path / "irq_server.toml"
    file.write_text(f'{field} = "{text}"\n')

    with pytest.raises(
        SettingsError, match=f"^--{option}: expected .*, found '{re.escape(text)}'$"
    ):
        load({field: text}, {}, None)
    with pytest.raises(SettingsError, match=f"^IRQ_SERVER_{field.upper()}: expected "):
        load({}, {f"IRQ_SERVER_{field.upper()}": text}, None)
    with pytest.raises(SettingsError, match=f"^{re.escape(str(file))}: {field}: expected "):
        load({}, {}, file)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104
def test_an_address_beyond_loopback_needs_tokens_or_a_word(host: str):
    with pytest.raises(SettingsError, match=r"--token-file, or --insecure"):
        load({"host": host}, {}, None)

    for more in ({"insecure": "true"}, {"token_file": "/tokens"}):
        assert load({"host": host, **more}, {}, None).host == host


@pytest.mark.parametrize("more", [{"trusted_proxy": "127.0.0.1"}, {"trusted_proxy": "::1"}])
def test_behind_a_proxy_reads_need_tokens_or_a_word(more: dict[str, str]):
    with pytest.raises(SettingsError, match=r"^--trusted-proxy: expected a --token-file beside"):
        load(more, {}, None)

    for word in ({"insecure": "true"}, {"token_file": "/tokens"}):
        assert load(more | word, {}, None).is_reached_from_beyond


@pytest.mark.parametrize(
    ("texts", "beyond"),
    [
        ({}, False),
        ({"host": "::1"}, False),
        ({"host": "192.0.2.1"}, True),
        ({"trusted_proxy": "127.0.0.1"}, True),
        ({"socket": "/run/irq_server/socket"}, False),
        ({"socket": "/run/irq_server/socket", "trusted_proxy": "unix"}, True),
    ],
)
def test_others_ask_over_the_network_and_through_proxies(texts: dict[str, str], beyond: bool):
    settings = load({**texts, "token_file": "/tokens"}, {}, None)

    assert settings.is_reached_from_beyond is beyond


@pytest.mark.parametrize(
    ("texts", "option"),
    [
        ({"socket": "/s", "port": "0"}, "--socket"),
        ({"socket": "/s", "host": "::1"}, "--socket"),
        ({"socket": "/s", "trusted_proxy": "127.0.0.1"}, "--trusted-proxy"),
        ({"trusted_proxy": "unix"}, "--trusted-proxy"),
        ({"user": "nobody", "allow_affinity": "true"}, "--user"),
    ],
)
def test_what_does_not_go_together_is_named(texts: dict[str, str], option: str):
    with pytest.raises(SettingsError, match=rf"^{option}: expected "):
        load({**texts, "token_file": "/tokens"}, {}, None)


@pytest.mark.parametrize("more", [{}, {"insecure": "true"}, {"token_file": ""}])
def test_writes_need_tokens(more: dict[str, str]):
    with pytest.raises(SettingsError, match=r"^--allow-affinity: expected a --token-file beside"):
        load({"allow_affinity": "true", **more}, {}, None)

    settings = load({"allow_affinity": "true", "token_file": "/tokens"}, {}, None)
    assert (settings.allow_affinity, settings.token_file) == (True, Path("/tokens"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("port = ", "a TOML file"),
        ("nonsense = 1", "one of .*allow_hosts, "),
        ("port = [1]", "a number, or a string in quotes"),
        ("port = true", "a number, or a string in quotes"),
        ("host = 1", "a string in quotes"),
        ("insecure = 1", "true or false"),
        ("[server]\nport = 1", "one of .*allow_hosts, "),
    ],
)
def test_a_file_that_cannot_be_used_is_named(text: str, reason: str, tmp_path: Path):
    file = tmp_path / "irq_server.toml"
    file.write_text(text)

    with pytest.raises(SettingsError, match=reason) as caught:
        load({}, {}, file)
    assert str(file) in str(caught.value)


def test_a_wrong_value_in_a_file_is_named_also_where_an_option_wins(tmp_path: Path):
    file = tmp_path / "irq_server.toml"
    file.write_text('port = "http"\n')

    with pytest.raises(SettingsError, match=r": port: expected a port .*, found 'http'$"):
        load({"port": "81"}, {}, file)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match="--config"):
        load({}, {}, tmp_path / "missing.toml")


@pytest.mark.parametrize(
    ("options", "environment", "file"),
    [
        ({}, {}, None),
        ({"config": "a.toml"}, {"IRQ_SERVER_CONFIG": "b.toml"}, Path("a.toml")),
        ({"config": None}, {"IRQ_SERVER_CONFIG": "b.toml"}, Path("b.toml")),
        ({}, {"IRQ_SERVER_CONFIG": ""}, None),
    ],
)
def test_the_file_is_named_by_the_option_or_the_environment(
    options: dict[str, str | None], environment: dict[str, str], file: Path | None
):
    assert file_of(options, environment) == file


def test_paths_count_from_where_the_command_was_started(tmp_path: Path):
    (tmp_path / "irq_server.toml").write_text('log_file = "logs/irq.log"\nprocfs = "/proc"\n')

    settings = load({"pid_file": "run.pid"}, {}, Path("irq_server.toml"), tmp_path)

    assert settings.pid_file == tmp_path / "run.pid"
    assert settings.log_file == tmp_path / "logs/irq.log"
    assert settings.procfs == Path("/proc")
    assert settings.token_file is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"log": "syslog", "log_file": "/log"}, "--log-file: expected no --log syslog beside it"),
        ({"log": "stderr", "daemon": "true"}, "--log: expected another place, as --daemon has no"),
    ],
)
def test_logs_that_contradict_each_other_are_refused(options: dict[str, str], words: str):
    with pytest.raises(SettingsError, match=words):
        load(options, {}, None)
