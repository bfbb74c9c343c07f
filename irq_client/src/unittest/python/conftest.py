"""What several test modules share."""

import os
import time

import pytest

import pace

# a busy machine is no failure: no example has to be quick
pace.load_profile()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what would change a run: our settings, proxies, colours, widths."""
    ours = ("IRQ_CLIENT_", "REQUESTS_", "CURL_")
    others = {"COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM", "NETRC"}
    for name in list(os.environ):
        if name.startswith(ours) or name.upper().endswith("_PROXY") or name in others:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")  # whose tests run has settings, maybe
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
