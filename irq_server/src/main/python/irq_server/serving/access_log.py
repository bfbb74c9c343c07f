"""The access log: the web server's task logs one line per request, after the answer.

::

    127.0.0.1 "GET /api/v1/cpus?period=60s" 200 310 bytes 2.4 ms

The target stands as it came, percent-encoded. A request that is no HTTP has a line too, with ``-``
for each missing part.
"""

import logging
import time
from typing import Any

from waitress.channel import ClientDisconnected

_log = logging.getLogger("irq_server.access")

FIELDS = "fields"
"""The attribute of a record with its values by name, for the JSON object."""


def enable(on: bool) -> None:
    """Log requests from now on, or no longer, at any level of the log."""
    _log.setLevel(logging.INFO if on else logging.CRITICAL)


class Logged:
    """Mixed into a task of waitress: count the sent bytes, and log the request."""

    # waitress's own, of the task beside this class
    channel: Any
    request: Any
    status: str
    environ: dict[str, Any] | None = None

    _sent_bytes = 0

    def write(self, data: bytes) -> None:
        """Send a part of the body."""
        super().write(data)  # type: ignore[misc]  # the task beside this class has it
        self._sent_bytes += len(data)

    def service(self) -> None:
        """Answer the request, and log it."""
        began = time.monotonic()
        try:
            super().service()  # type: ignore[misc]  # the task beside this class has it
        except ClientDisconnected:
            self._log_request(began)
            raise
        self._log_request(began)

    def _log_request(self, began: float) -> None:
        if not _log.isEnabledFor(logging.INFO):
            return
        fields = {
            "address": (self.environ or {}).get("REMOTE_ADDR") or self.channel.addr[0],
            "method": getattr(self.request, "command", "-"),
            "path": getattr(self.request, "request_uri", "-"),
            "status": int(self.status.split()[0]),
            "bytes": self._sent_bytes,
            "milliseconds": round((time.monotonic() - began) * 1000, 1),
        }
        _log.info('%s "%s %s" %d %d bytes %.1f ms', *fields.values(), extra={FIELDS: fields})
