"""irq_client: ask an irq_server, from Python and in a terminal.

::

    from irq_client import Client

    with Client("http://127.0.0.1:5000", token=None, timeout_seconds=10) as client:
        for irq in client.irqs(period="15m", device="eth0*", top=5).irqs:
            print(irq.irq, irq.device, irq.rate, irq.affinity)

`Client` takes a `Request`, or its fields as values or as a person writes them, and returns values
of `irq_client.model`. It raises the errors of `irq_client.errors`.

The wings, and what each may import: itself, and those below it.

- cli, run: argv becomes an exit status; streams: those of the process.
- commands: one file a command: its options, its question, its columns, its picture.
- command_line: options, variables and files become checked values.
- terminal: values become cells, pictures and colours; bytes become keys. Knows no server.
- prometheus: the same questions, answered from a Prometheus that stores the servers' /metrics.
- figures: counts become imbalance, rates and conditions. Pure.
- server: one irq_server over HTTP: requests go out, answers come back as values.
- errors: the exceptions that all share.

Values are NamedTuples: dataclasses would take a tenth of the start of a command.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # typing's own would make `--version` slower
if TYPE_CHECKING:
    from .server import model
    from .server.client import Client
    from .server.request import Request

__all__ = ["Client", "Request", "__version__", "model"]


def __getattr__(name: str) -> object:
    """Return a published name, imported on first use: `--version` needs none."""
    if name == "Client":
        from .server.client import Client

        return Client
    if name == "Request":
        from .server.request import Request

        return Request
    if name == "model":
        from .server import model

        return model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
