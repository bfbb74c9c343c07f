"""Wire a server: open the store, start the sampler, answer, and stop all of it in order."""

import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from ..errors import SettingsError
from ..kernel.networks import Above
from ..kernel.procfs import Procfs
from ..kernel.topology import Topology
from ..sampling.recording import Recording
from ..sampling.sampler import Sampler
from ..serving.descriptors import raise_limit
from ..serving.proxy import TrustedProxy
from ..serving.server import WebServer
from ..serving.sockets import listen, listen_at_path, url_of
from ..serving.workers import NO_ANSWERS
from ..settings.reload import Commit, Prepare, Reloader
from ..settings.table import Settings
from ..web.access.guard import Rules
from ..web.access.hosts import Hosts
from ..web.app import create_app
from . import privileges
from .log import Log
from .malloc import use_one_heap
from .pidfile import PidFile
from .signals import Signals
from .systemd import Notifier, Watchdog
from .token_file import TokenFile

_log = logging.getLogger("irq_server")

TURN_SECONDS = 0.0002
"""How long a thread may compute while others wait.

A thread that comes back from the disk or a socket waits this long for each computing thread.
Measured with 200 busy connections on two CPUs: CPython's 5 ms gave 50 answers a second, and one
sample took up to 1.8 s; this gives 1,250, and a sample takes 7 ms.
Source: sys.setswitchinterval, and test_crowd.py's load.
"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A server's surroundings, beside its settings.

    ``load`` reads the settings again, or raises SettingsError. ``ready`` takes the URL once the
    server answers.
    """

    signals: Signals
    log: Log
    notifier: Notifier
    load: Callable[[], Settings]
    ready: Callable[[str], None]


def serve(settings: Settings, around: Surroundings) -> None:
    """Sample and answer until SIGTERM or SIGINT.

    Raise SettingsError, PidFileError, ListenError, PrivilegeError, ProcfsError, StoreError.
    """
    use_one_heap()
    raise_limit()
    sys.setswitchinterval(TURN_SECONDS)
    with ExitStack() as held:
        if settings.pid_file is not None:
            held.enter_context(PidFile(settings.pid_file))
        tokens = _open_tokens(settings)
        bound = held.enter_context(_listen(settings))
        who = _give_up_privileges(settings)
        procfs = Procfs(settings.procfs)
        procfs.check()
        recording = Recording(settings, procfs)
        sampler = recording.sampler
        app = create_app(
            recording.store,
            sampler,
            procfs,
            topology=Topology(settings.sysfs),
            above=Above(settings.sysfs),
            rules=_rules(settings, bound, tokens),
            metrics_series=settings.metrics_series,
        )
        proxy = settings.trusted_proxy
        web = WebServer(TrustedProxy(app, proxy) if proxy else app, bound)
        held.enter_context(recording)
        _log.info("running as %s", who)
        _log.info("sampling every %g s into %s", settings.interval, settings.data_dir)
        _log.info("listening on %s", url_of(bound))
        words = f"listening on {url_of(bound)}"
        watchdog = Watchdog(
            around.notifier,
            lambda: _lives(sampler, web),
            lambda: f"{_words(sampler)}, {NO_ANSWERS if web.is_stuck else words}",
        )
        parts: list[Prepare] = [
            partial(_prepare_tokens, tokens),
            around.log.prepare,
        ]
        reloader = Reloader(settings, around.load, parts)
        around.signals.wake_by(web.wake)
        around.ready(url_of(bound))
        around.notifier.ready()
        web.run(lambda: _chores(web, around, reloader, watchdog))
        around.notifier.stopping()


def _open_tokens(settings: Settings) -> TokenFile | None:
    if settings.token_file is None:
        return None
    owners = {0, os.geteuid()} | ({privileges.user_id(settings.user)} if settings.user else set())
    return TokenFile(settings.token_file, owners)


def _listen(settings: Settings) -> socket.socket:
    if settings.socket is not None:
        return listen_at_path(settings.socket, settings.socket_mode)
    return listen(settings.host, settings.port)


def _give_up_privileges(settings: Settings) -> str:
    """Keep the rights that the server needs from here on; return them in words.

    All that needed more is open by now, and no thread runs that would keep more.
    """
    if settings.user:
        made = [settings.socket] if settings.socket else []
        privileges.become(settings.user, settings.data_dir, made)
    privileges.refuse_foreign(settings.data_dir)
    return privileges.drop(writes=settings.allow_affinity)


def _rules(settings: Settings, bound: socket.socket, tokens: TokenFile | None) -> Rules:
    own = ["localhost"] if settings.socket else [settings.host, bound.getsockname()[0]]
    return Rules(
        hosts=Hosts(own, settings.allow_hosts),
        find_token=tokens.find if tokens else None,
        reads_need_token=settings.is_reached_from_beyond,
        writes_allowed=settings.allow_affinity,
        cors_origins=settings.cors_origins,
    )


def _prepare_tokens(tokens: TokenFile | None, settings: Settings) -> Commit:
    """Read the tokens again; only a start decides whether requests need one."""
    if (tokens is None) != (settings.token_file is None):
        expected = "a file as at the start, or none as there: a restart changes that"
        raise SettingsError("--token-file", settings.token_file, expected)
    if tokens is None or settings.token_file is None:
        return lambda: None
    return tokens.prepare(settings.token_file)


def _chores(web: WebServer, around: Surroundings, reloader: Reloader, watchdog: Watchdog) -> float:
    """Act on signals, and on what is due; return the seconds until the next call is due."""
    if around.signals.ending:
        web.stop()
    if around.signals.take_reload():
        around.notifier.reloading()
        reloader.reload()
        around.notifier.ready()
    return watchdog.turn()


def _lives(sampler: Sampler, web: WebServer) -> bool:
    """Return whether no restart would help: a sampler that fails tries again at each tick."""
    return sampler.is_alive and not sampler.is_stuck and not web.is_stuck


def _words(sampler: Sampler) -> str:
    status = sampler.status
    state = status.state
    trouble = f": {status.last_error}" if status.last_error else ""
    return f"sampler {state}{trouble}, every {status.interval_seconds:g} s"
