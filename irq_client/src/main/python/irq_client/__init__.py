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
    from .server import model
    from .server.client import Answer, Client

__all__ = ["Answer", "Client", "__version__", "model"]


def __getattr__(name: str) -> object:
    """Gives Answer, Client and model, imported when they are asked for: `--version` needs none."""
    if name in ("Answer", "Client"):
        from .server import client

        return getattr(client, name)
    if name == "model":
        from .server import model

        return model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
