"""Give up all rights beyond those of other processes, but the ones that the server needs.

Reading needs no right. Writing an affinity needs the user root, who owns those files, and no
capability. A right is given up for good, and for every thread that starts later: call this before
any thread starts.
Source: capabilities(7), capset(2), prctl(2) PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_SET_NO_NEW_PRIVS.
"""

import ctypes
import grp
import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import PrivilegeError

_CAP_DAC_OVERRIDE = 1
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_VERSION_3 = 0x20080522  # of capset(2): two words of 32 capabilities each
_LAST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Word(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def user_id(name: str) -> int:
    """Return the number of a user by name. Raise PrivilegeError."""
    return _entry(name).pw_uid


def become(name: str, folder: Path, made: Iterable[Path] = ()) -> None:
    """Make the process the user `name`, with its groups, from now on.

    A missing `folder` is made for that user, who also gets the files just `made`. Raise
    PrivilegeError if the process is another user and not root, or if another user owns the folder.
    """
    entry = _entry(name)
    if os.geteuid() == entry.pw_uid:
        return
    if os.geteuid() != 0:
        raise PrivilegeError(f"cannot become the user {name}: only root can")
    try:
        _own(folder, entry)
        for path in made:
            os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
        os.setgroups(os.getgrouplist(name, entry.pw_gid))
        _empty_bounding_set()  # another user may not
        os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
        os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    except OSError as error:
        raise PrivilegeError(f"cannot become the user {name}: {error}") from error


@contextmanager
def acting_as(name: str) -> Iterator[None]:
    """Let root open and make files as the user `name` would, while it is entered.

    Without a name, and in a process that is not root's, it changes nothing. Raise PrivilegeError.
    """
    if not name or os.geteuid() != 0:
        yield
        return
    entry = _entry(name)
    groups = os.getgrouplist(name, entry.pw_gid)
    with _acting(entry.pw_uid, entry.pw_gid, groups):
        yield


@contextmanager
def acting_as_owner(folder: Path) -> Iterator[None]:
    """Let root work in a data directory with no more rights than the directory's owner has.

    That user can put links there at any moment. In a process that is not root's, for root's own
    directory and for a missing one, it changes nothing. Raise PrivilegeError if others may write
    root's own.
    """
    try:
        status = folder.stat()
    except FileNotFoundError:
        yield
        return
    if os.geteuid() != 0 or status.st_uid == 0:
        refuse_foreign(folder)
        yield
        return
    try:
        entry = pwd.getpwuid(status.st_uid)
        group, groups = entry.pw_gid, os.getgrouplist(entry.pw_name, entry.pw_gid)
    except KeyError:  # a number without a name
        group, groups = status.st_gid, []
    with _acting(status.st_uid, group, groups):
        yield


@contextmanager
def _acting(user: int, group: int, groups: list[int]) -> Iterator[None]:
    """Let root act as another user while it is entered."""
    before = os.getegid(), os.getgroups()
    try:
        os.setgroups(groups)
        os.setegid(group)
        os.seteuid(user)
        yield
    finally:
        os.seteuid(0)
        os.setegid(before[0])
        os.setgroups(before[1])


def refuse_foreign(folder: Path) -> None:
    """Raise PrivilegeError if root must not use a data directory: others could put links there.

    The directory itself may be reached by a link. All folders in it count, and no folder above it.
    An access list (ACL) that lets others write shows in the mode as a group that may.
    Source: acl(5), correspondence between ACL entries and file permission bits.
    """
    if os.geteuid() != 0 or not folder.exists():
        return
    _refuse_status(folder, folder.stat())
    for parent, names, _ in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            _refuse_status(path, path.lstat())


def _refuse_status(path: Path, status: os.stat_result) -> None:
    """Raise PrivilegeError for a folder that others own or may write, and for a link to one."""
    reason = ""
    if stat.S_ISLNK(status.st_mode):
        reason = "it is a symbolic link"
    elif status.st_uid != 0:
        owner = _name(status.st_uid)
        reason = f"it belongs to {owner}; start with --user {owner}, or chown -R root it"
    elif status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        reason = "a group or others may write it; chmod -R go-w it"
    if reason:
        raise PrivilegeError(f"{path}: root does not use this data directory: {reason}")


def _entry(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise PrivilegeError(f"there is no user {name[:60]!r}") from None


def _own(folder: Path, entry: pwd.struct_passwd) -> None:
    """Make a missing `folder` for the user. Raise PrivilegeError if another user owns it."""
    try:
        with suppress(PermissionError), acting_as(entry.pw_name):
            folder.mkdir(parents=True)
            return
        # the user cannot write the folder above, so cannot exchange what root makes there
        folder.mkdir(parents=True)
        os.chown(folder, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
    except FileExistsError:
        if folder.stat().st_uid != entry.pw_uid:
            reason = f"{folder} belongs to another user; chown -R {entry.pw_name} {folder}"
            raise PrivilegeError(f"cannot become the user {entry.pw_name}: {reason}") from None


def drop(writes: bool) -> str:
    """Give up every capability, and every way to new ones; return in words who the process is.

    With `writes`, a process that is not root keeps the one capability that lets it write root's
    files, if it has it. Raise PrivilegeError.
    """
    mine = 1 << _CAP_DAC_OVERRIDE if writes and os.geteuid() != 0 else 0
    now = _capabilities()
    kept = (now[0].permitted | now[1].permitted << 32) & mine
    _empty_bounding_set()
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    wanted = (_Word * 2)(_Word(kept, kept, 0), _Word(0, 0, 0))
    # a service manager may have done it already, and forbid the call
    if bytes(now) != bytes(wanted):
        _check("capset", _libc.capset(ctypes.byref(_Header(_VERSION_3, 0)), wanted))
    _check("no_new_privs", _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    what = "CAP_DAC_OVERRIDE alone" if kept else "no capabilities"
    return f"{_name(os.geteuid())}:{_group(os.getegid())} with {what}"


def _empty_bounding_set() -> None:
    """Let no program that is started later have a capability; it takes CAP_SETPCAP.

    Without that one, and for a number without a capability, the kernel refuses. no_new_privs then
    still denies them to other programs.
    """
    for capability in range(_LAST_CAPABILITY + 1):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def _capabilities() -> "ctypes.Array[_Word]":
    """Return the calling thread's capabilities, the lower 32 first."""
    words = (_Word * 2)()
    _check("capget", _libc.capget(ctypes.byref(_Header(_VERSION_3, 0)), words))
    return words


def _check(what: str, result: int) -> None:
    if result != 0:
        raise PrivilegeError(
            f"cannot give privileges up: {what}: {os.strerror(ctypes.get_errno())}"
        )


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
