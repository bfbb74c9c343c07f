"""The access log: one line a request, told by the web server's own task when it is answered.

::

    127.0.0.1 "GET /api/v1/cpus?period=60s" 200 310 bytes 2.4 ms

The request's target stands as it came, percent-encoded. A request that was no HTTP has its line
too, with ``-`` for what it did not say.
"""

import logging
import time
from typing import Any

from waitress.channel import ClientDisconnected

_log = logging.getLogger("irq_server.access")

FIELDS = "fields"
"""The attribute of a record with what it tells by name, for the JSON object."""


def enable(on: bool) -> None:
    """Report requests from now on, or no longer, whatever the least level of the log is."""
    _log.setLevel(logging.INFO if on else logging.CRITICAL)


class Told:
    """Mixed into a task of waitress's: it counts what it sends, and tells its request."""

    # waitress's own, of the task that this is mixed into
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
        """Answer the request, and tells."""
        began = time.monotonic()
        try:
            super().service()  # type: ignore[misc]  # the task beside this class has it
        except ClientDisconnected:
            self._tell(began)
            raise
        self._tell(began)

    def _tell(self, began: float) -> None:
        if not _log.isEnabledFor(logging.INFO):
            return
        address = (self.environ or {}).get("REMOTE_ADDR") or self.channel.addr[0]
        method = getattr(self.request, "command", "-")
        target = getattr(self.request, "request_uri", "-")
        status = int(self.status.split()[0])
        spent = round((time.monotonic() - began) * 1000, 1)
        fields = {
            "address": address,
            "method": method,
            "path": target,
            "status": status,
            "bytes": self._sent_bytes,
            "milliseconds": spent,
        }
        told = (address, method, target, status, self._sent_bytes, spent)
        _log.info('%s "%s %s" %d %d bytes %.1f ms', *told, extra={FIELDS: fields})
