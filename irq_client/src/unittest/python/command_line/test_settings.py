"""Settings: options, environment, configuration file, default."""

from pathlib import Path

import pytest

from irq_client.command_line.config_files import Host
from irq_client.command_line.parser import parse
from irq_client.command_line.settings import General
from irq_client.commands.registry import COMMANDS
from irq_client.errors import ConfigError, UsageError

CONFIG = """\
server = ["web*", "http://other:1"]
timeout = 5
token-file = "/run/token"

[servers.web1]
url = "http://web1:5000"

[servers.web2]
url = "https://web2:5000/"
token-file = "/run/web2"

[servers.db]
url = "db"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration file."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


def parsed(*argv: object, **environment: str) -> General:
    """Read the settings of a command line."""
    return parse([str(each) for each in argv], environment, COMMANDS).general


def urls(general: General) -> list[str]:
    """Return the servers that are asked."""
    return [host.url for host in general.hosts]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b c\n", "hosts:1: expected SERVER, or NAME SERVER"),
        ("a\nftp://b\n", "hosts:2: expected a server such as"),
        ("http://u:p@h\n", "without a name or password"),
        ("# none\n", "expected at least one host"),
        ("\udcff", "text in UTF-8"),
    ],
)
def test_a_wrong_hosts_file_is_told_with_its_line(tmp_path: Path, text: str, words: str):
    path = tmp_path / "hosts"
    path.write_text(text, errors="surrogateescape")

    with pytest.raises(ConfigError) as caught:
        parsed("status", "--hosts", path)

    assert words in str(caught.value)
    assert caught.value.exit_status == 2


def test_hosts_take_the_place_of_the_default_server(tmp_path: Path):
    path = tmp_path / "hosts"
    path.write_text("a\nb\na\n")

    assert urls(parsed("status", "--hosts", path)) == ["http://a:5000", "http://b:5000"]
    more = parsed("status", "--server", "http://c", IRQ_CLIENT_HOSTS=str(path))
    assert urls(more) == ["http://c", "http://a:5000", "http://b:5000"]


def test_the_file_stands_in_for_options(config: Path):
    general = parsed("status", "--config", config)

    assert general.hosts == (
        Host("web1", "http://web1:5000", "/run/token"),
        Host("web2", "https://web2:5000", "/run/web2"),
        Host("other:1", "http://other:1", "/run/token"),
    )
    assert general.timeout_seconds == 5.0


def test_environment_and_options_win_over_the_file(config: Path):
    general = parsed(
        "status", "--server", "db", IRQ_CLIENT_TIMEOUT="7", IRQ_CLIENT_CONFIG=str(config)
    )

    assert urls(general) == ["http://db:5000"]
    assert general.timeout_seconds == 7.0


def test_the_file_is_looked_for_at_home(config: Path, tmp_path: Path):
    folder = tmp_path / ".config" / "irq_client"
    folder.mkdir(parents=True)
    config.rename(folder / "config.toml")

    assert parsed("status", HOME=str(tmp_path)).timeout_seconds == 5.0
    assert parsed("status", XDG_CONFIG_HOME=str(folder.parent)).timeout_seconds == 5.0
    assert parsed("status", HOME="/nonexistent").timeout_seconds == 10.0


def test_a_unix_socket_is_no_name_of_the_file(config: Path):
    general = parsed("status", "--config", config, "--server", "unix:/run/s")

    assert general.hosts == (Host("unix:/run/s", "unix:/run/s", "/run/token"),)


def test_a_name_that_is_misspelt_is_refused_with_what_is_near(config: Path):
    with pytest.raises(UsageError, match=r"did you mean web2 or web1\?$"):
        parsed("status", "--config", config, "--server", "web3")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("server = [", "expected TOML"),
        ("colour = 1", "expected one of server, hosts, prometheus, token-file, timeout, format"),
        ("timeout = []", "timeout: expected a text"),
        ("timeout = {a = 1}", "timeout: expected a text"),
        ("servers = 5", r"expected a table [servers.NAME]"),
        ("[servers.a]\nport = 1", 'servers.a: expected url = "http://..."'),
        ('[servers.a]\nurl = "a"\nport = 1', "expected url and token-file, found port"),
        ('[servers.a]\nurl = "a"\ntoken-file = 1', "expected url and token-file"),
        ('timeout = "5x"', "timeout in the file: expected a duration"),
    ],
)
def test_a_wrong_file_is_told(config: Path, text: str, words: str):
    config.write_text(text)

    with pytest.raises((ConfigError, UsageError)) as caught:
        parsed("status", "--config", config)

    assert words in str(caught.value)


def test_a_file_that_is_named_has_to_be_there():
    with pytest.raises(ConfigError, match="No such file"):
        parsed("status", "--config", "/nonexistent.toml")
