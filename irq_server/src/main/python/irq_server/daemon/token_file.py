"""The token file, read at the start and at each reload. It must be private."""

import os
import stat
import struct
from collections.abc import Callable, Collection
from pathlib import Path

from ..errors import SettingsError
from ..web.access.tokens import Token, find, parse_tokens

_LONGEST_BYTES = 65536
_USER_OBJ, _USER, _MASK = 0x01, 0x02, 0x10
_ORIGIN = "--token-file"


class TokenFile:
    """The tokens in a file. Any number of threads may ask: a reload replaces them whole."""

    def __init__(self, path: Path, owners: Collection[int]) -> None:
        """Read the file, which one of the users `owners` must own. Raise SettingsError."""
        self._owners = frozenset(owners)
        self._tokens: tuple[Token, ...] = ()
        self.prepare(path)()

    def prepare(self, path: Path) -> Callable[[], None]:
        """Read `path`; return a function that makes its tokens count. Raise SettingsError."""
        tokens = self._parse(path, self._read(path))

        def commit() -> None:
            self._tokens = tokens

        return commit

    def _parse(self, path: Path, content: bytes) -> tuple[Token, ...]:
        try:
            return parse_tokens(content.decode("utf-8"))
        except UnicodeDecodeError:
            raise SettingsError(_ORIGIN, path, "a file of visible ASCII") from None
        except ValueError as error:
            raise SettingsError(_ORIGIN, path, str(error)) from error

    def find(self, presented: str) -> Token | None:
        """Return the presented token, None if the file lacks it."""
        return find(self._tokens, presented)

    def _read(self, path: Path) -> bytes:
        """Return the content. The file behind a symbolic link has to be private.

        The check looks at the opened file, not at its name, so nobody can exchange it in between.
        Opening a pipe does not wait.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                self._refuse_others(path, os.fstat(descriptor), _acl_of(descriptor))
                content = file.read(_LONGEST_BYTES + 1)
        except OSError as error:
            expected = f"a file that can be read ({error.strerror})"
            raise SettingsError(_ORIGIN, path, expected) from error
        if len(content) > _LONGEST_BYTES:
            raise SettingsError(_ORIGIN, path, "a file of at most 64 KiB")
        return content

    def _refuse_others(self, path: Path, status: os.stat_result, acl: bytes | None) -> None:
        """Raise SettingsError if anybody but the server's user and root can know the tokens."""
        mode = stat.S_IMODE(status.st_mode)
        open_to_others = mode & 0o077 if acl is None else may_others(acl, self._owners)
        if not stat.S_ISREG(status.st_mode):
            expected = "a regular file"
        elif status.st_uid not in self._owners:
            expected = f"a file of the server's own user or of root (its owner is {status.st_uid})"
        elif open_to_others:
            expected = f"a file that only its owner may read, by chmod 600 (its mode is {mode:04o})"
        else:
            return
        raise SettingsError(_ORIGIN, path, expected)


def _acl_of(descriptor: int) -> bytes | None:
    """Return an open file's access control list, None if it has only its mode."""
    try:
        return os.getxattr(descriptor, "system.posix_acl_access")
    except OSError:
        return None


def may_others(acl: bytes, owners: Collection[int]) -> bool:
    """Return whether an access control list gives rights to others than the owner and `owners`.

    systemd hands credentials to a service as root's files that one more user may read. The mode's
    bits for the group then show the most that any entry gives, not the group's rights.
    Source: acl(5); include/uapi/linux/posix_acl_xattr.h: a version, then tag, permissions and
    number of each entry, little-endian.
    """
    for tag, permissions, number in struct.iter_unpack("<HHI", acl[4:]):
        is_ours = tag == _USER_OBJ or (tag == _USER and number in owners)
        if permissions and not is_ours and tag != _MASK:
            return True
    return False
