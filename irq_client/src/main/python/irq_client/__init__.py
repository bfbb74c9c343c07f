"""Asks an irq_server; the command `irq_client` is made of the same.

::

    from irq_client import Client

    with Client("http://127.0.0.1:5000", token=None, timeout_seconds=10) as client:
        answer = client.irqs([("period", "15m"), ("device", "eth0-*")])
    for irq in answer.value.irqs:
        print(irq.irq, irq.device, irq.rate, irq.affinity)

`Client` says what it raises: a ServerError of `irq_client.errors`, with the URL, the reason and
what to try.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .api import Answer, Client

__all__ = ["Answer", "Client", "__version__"]


def __getattr__(name: str) -> object:
    """Gives Answer and Client, imported when they are asked for: `--version` needs neither."""
    if name in ("Answer", "Client"):
        from . import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
