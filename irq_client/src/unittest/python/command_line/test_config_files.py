"""Files that name servers."""

from pathlib import Path

import pytest

from irq_client.command_line.config_files import expanded, read_config, read_hosts
from irq_client.errors import ConfigError


def test_a_hosts_file_has_urls_names_and_bare_hosts(tmp_path: Path):
    path = tmp_path / "hosts"
    path.write_text("# all\nhttp://a:1\n\nweb https://b/x # the web\nunix:/run/s\nc\nd:7\n[::1]\n")

    assert [(host.name, host.url) for host in read_hosts(str(path))] == [
        ("a:1", "http://a:1"),
        ("web", "https://b/x"),
        ("unix:/run/s", "unix:/run/s"),
        ("c", "http://c:5000"),
        ("d:7", "http://d:7"),
        ("[::1]", "http://[::1]:5000"),
    ]


def test_a_file_of_hosts_in_a_home_of_nobody_is_told_with_its_option():
    with pytest.raises(ConfigError, match=r"^--hosts: expected a file of a user who has a home"):
        expanded("--hosts", "~nobody-has-this-name/hosts")


def test_of_a_long_name_an_error_shows_the_beginning(tmp_path: Path):
    path = tmp_path / "config.toml"
    path.write_text(f"[servers.{'9' * 5000}]\n")

    with pytest.raises(ConfigError) as caught:
        read_config(str(path), required=True)

    assert len(str(caught.value)) < len(str(path)) + 200
