"""One HTTP request brings the JSON bytes of its answer, within limits of time and size."""

import logging
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, wait

import requests
import urllib3

from .. import __version__
from ..errors import SHOWN_CHARACTERS, AnswerError, TimeLimitError
from .address import is_local, is_socket
from .failures import IRQ_SERVER, Peer, causes_of, connection_error, problem_error

MAX_ANSWER_BYTES = 64 * 2**20
"""Longer answers are refused; 1,000 IRQs on 1,000 CPUs take some 10 MB."""

_CHUNK_BYTES = 65_536
_NO_PROXIES = {"http": "", "https": "", "all": ""}
"""Keeps requests from taking proxies out of the environment."""

_log = logging.getLogger(__name__)


class Transport:
    """One requests session with one server; `client` lists the guarantees.

    `max_answer_bytes` limits an unpacked answer. `peer` is the kind of server that is asked.
    """

    def __init__(
        self, server: str, token: str | None, max_answer_bytes: int, peer: Peer = IRQ_SERVER
    ) -> None:
        self._peer = peer
        self._max_answer_bytes = max_answer_bytes
        self._session = _Session()
        if is_socket(server):
            from .unix_socket import UnixAdapter

            self._session.mount(server, UnixAdapter(server))
        is_near = is_local(server)
        self._proxies = _NO_PROXIES if is_near else None
        # requests looks for proxies in the environment, twice a request, also if they are given;
        # it finds the trusted certificates of https there, too
        self._session.trust_env = not is_near or server.startswith("https:")
        # an `auth` of its own keeps requests from sending what it finds in ~/.netrc
        self._session.auth = _Bearer(token)
        self._session.headers.update(
            {
                "Accept": "application/json, application/problem+json",
                # packing is work for both sides, and saves only what a network carries
                "Accept-Encoding": "identity" if is_near else "gzip",
                "User-Agent": f"irq_client/{__version__}",
            }
        )

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def exchange(
        self, method: str, url: str, seconds: float, body: dict[str, str] | None = None
    ) -> bytes:
        """Send one request, once; return the body of an answer with status 200 and a JSON type.

        Raise TimeLimitError if all of that takes more than `seconds`, else a ServerError.
        """
        started = time.monotonic()
        advice = "--timeout allows more"
        if method != "GET":
            advice = "the change may have been made all the same"
        limit = TimeLimitError(url, f"no whole answer in time ({seconds:.3g} s)", advice)
        deadline = started + seconds
        text = _within(seconds, lambda: self._request(method, url, deadline, limit, body), limit)
        _log.info("%s %s: %d bytes in %.3f s", method, url, len(text), time.monotonic() - started)
        return text

    def _request(
        self,
        method: str,
        url: str,
        deadline: float,
        limit: TimeLimitError,
        body: dict[str, str] | None,
    ) -> bytes:
        seconds = max(deadline - time.monotonic(), 0.001)
        try:
            with self._session.request(
                method,
                url,
                json=body,
                timeout=(seconds, seconds),
                allow_redirects=False,
                stream=True,
                proxies=self._proxies,
            ) as response:
                text = self._body(url, response, deadline, limit)
                _check_status(url, response, text, self._peer)
                return text
        except (OSError, urllib3.exceptions.HTTPError) as error:
            # RequestException is an OSError; some of urllib3's own come through unwrapped
            # urllib3 leaves some connections to the frames, where they would stay open until the
            # garbage is collected: who keeps the error stands in its traceback
            for each in causes_of(error):
                traceback.clear_frames(each.__traceback__)
            raise connection_error(url, error, limit, self._peer) from error

    def _body(
        self, url: str, response: requests.Response, deadline: float, limit: TimeLimitError
    ) -> bytes:
        """Return the body, read in pieces so that both its size and its time are limited.

        Pieces are unpacked one by one, so that a small answer cannot become a large one unseen.
        """
        encoding = response.headers.get("Content-Encoding", "identity").lower()
        if encoding not in ("identity", "gzip"):
            raise AnswerError(
                url,
                f"the answer is in {encoding[:SHOWN_CHARACTERS]}, which was not asked for",
                self._peer.not_ours,
            )
        pieces: list[bytes] = []
        size = 0
        for piece in response.iter_content(_CHUNK_BYTES):
            size += len(piece)
            if size > self._max_answer_bytes:
                reason = f"the answer is longer than {self._max_answer_bytes:,} bytes"
                raise AnswerError(url, reason, "--top, --irq or --cpu ask for less")
            if time.monotonic() > deadline:
                raise limit
            pieces.append(piece)
        missing = response.raw.length_remaining
        if missing:  # before 2.0, urllib3 leaves that to its caller
            raise requests.exceptions.ChunkedEncodingError(f"{missing} bytes are missing")
        return b"".join(pieces)


class _Session(requests.Session):
    """A session that does not parse the target of a redirect: that may be anything."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target."""


class _Bearer(requests.auth.AuthBase):
    """Adds the token, if there is one, to a request."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _within(seconds: float, work: Callable[[], bytes], limit: TimeLimitError) -> bytes:
    """Return the result of `work`, or raise its error; raise `limit` after `seconds`.

    The thread of `work` then runs on, and its result is dropped: the calls that look up names and
    read header lines take no limit for all of their time.
    """
    future: Future[bytes] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - carried over to the caller, who raises it
            future.set_exception(error)

    threading.Thread(target=run, name="irq_client request", daemon=True).start()
    if not wait([future], timeout=seconds).done:
        raise limit
    return future.result()


def _check_status(url: str, response: requests.Response, text: bytes, peer: Peer) -> None:
    """Raise AnswerError, or the error of `problem_error`, unless it is a plain JSON answer."""
    status = response.status_code
    kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if status >= 400:
        raise problem_error(url, status, kind, text, peer)
    if 300 <= status < 400:
        target = response.headers.get("Location", "nowhere")
        raise AnswerError(
            url,
            f"redirects to {target[:SHOWN_CHARACTERS]}",
            "redirects are not followed: give the address that answers",
        )
    if status != 200:
        raise AnswerError(url, f"answered with status {status}", peer.not_ours)
    if kind not in peer.types:
        shown = kind[:SHOWN_CHARACTERS] or "without a type"
        raise AnswerError(url, f"answered {shown}, not JSON", peer.not_ours)
