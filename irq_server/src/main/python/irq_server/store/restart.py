"""The lock of a data directory, and state.json, which the next start needs beside the CSV."""

import fcntl
import json
import logging
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import StoreLockedError
from .segments.files import Files, open_file
from .totals import Memory

_log = logging.getLogger(__name__)

_NOT_ITS_FIELDS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""The errors of a state.json whose fields are not those that were written."""


class Lock:
    """The lock of a data directory, held until it is closed or the process ends."""

    def __init__(self, folder: Path) -> None:
        """Lock `folder`. Raise StoreLockedError if another process has it, and OSError."""
        self._descriptor = _locked(folder)

    def renew(self, folder: Path) -> None:
        """Lock the folder that has taken the place of the locked one, if it is another.

        Raise StoreLockedError if another process was faster, and OSError.
        """
        try:
            if os.path.samestat((folder / "lock").lstat(), os.fstat(self._descriptor)):
                return
        except FileNotFoundError:
            pass
        descriptor, self._descriptor = self._descriptor, _locked(folder)
        os.close(descriptor)

    def close(self) -> None:
        """Release the lock."""
        os.close(self._descriptor)


def _locked(folder: Path) -> int:
    descriptor = open_file(folder / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreLockedError(folder) from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def write_memory(memory: Memory) -> bytes:
    """Return the bytes of state.json: one JSON object, one line a value."""
    values = {
        "version": 1,
        "boot_id": memory.boot_id,
        "cpus": memory.cpus,
        "owners": memory.owners,
        "offsets": memory.offsets,
        "adopted": memory.adopted,
    }
    return json.dumps(values | {"crc": _crc(values)}, indent=0).encode() + b"\n"


def _crc(values: Mapping[str, Any]) -> int:
    """Return the CRC-32 of a memory's values: a wrong offset would be a wrong count."""
    return zlib.crc32(json.dumps(values, sort_keys=True).encode())


def read_memory(path: Path) -> Memory | None:
    """Return the memory in state.json; log a line and return None if it holds none."""
    try:
        values = json.loads(Files().read(path))
        if values.pop("crc", None) != _crc(values):
            raise ValueError("its values are not those that were written")
        adopted = values.get("adopted")
        return Memory(
            boot_id=str(values["boot_id"]),
            offsets={str(key): int(offset) for key, offset in values["offsets"].items()},
            cpus=tuple(int(cpu) for cpu in values["cpus"]),
            owners={str(label): str(name) for label, name in values["owners"].items()},
            adopted=None if adopted is None else tuple(int(cpu) for cpu in adopted),
        )
    except FileNotFoundError:
        return None
    except (*_NOT_ITS_FIELDS, RecursionError) as error:
        _log.warning("%s: not used, counting goes on at the next sample: %r", path, error)
        return None
