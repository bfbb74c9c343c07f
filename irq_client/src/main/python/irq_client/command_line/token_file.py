"""Read the file that holds a server's token."""

import os
import re
import stat
from pathlib import Path

from ..errors import TokenFileError

_LONGEST_BYTES = 8192


def read_token(path: str) -> tuple[str, bool]:
    """Return the token, and True if every user may read its file.

    Blanks and line ends around the token are left out. Raise TokenFileError if the file cannot be
    read, or holds anything else than one line of visible ASCII.
    """
    try:
        with Path(path).open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(_LONGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TokenFileError(path, f"cannot read the token: {reason}") from error
    token = content.strip()
    if len(content) > _LONGEST_BYTES or not re.fullmatch(rb"[!-~]+", token):
        raise TokenFileError(path, "expected one line of visible ASCII, the token")
    everybody_reads = stat.S_ISREG(status.st_mode) and bool(status.st_mode & stat.S_IROTH)
    return token.decode("ascii"), everybody_reads
