"""Files that decide what root writes: root's alone."""

import os
import stat

import pytest

from irqbalance.kernel.trust import why_mistrusted


def status(owner: int, mode: int) -> os.stat_result:
    return os.stat_result((mode, 1, 1, 1, owner, 0, 0, 0, 0, 0))


KINDS = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFDIR | stat.S_ISVTX)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("permissions", [0o400, 0o600, 0o644, 0o700, 0o755, 0o555])
def test_root_trusts_what_root_alone_may_write(kind: int, permissions: int):
    assert why_mistrusted(status(0, kind | permissions), 0) == ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("permissions", [0o620, 0o602, 0o666, 0o770, 0o777, 0o022])
def test_root_does_not_trust_what_a_group_or_others_may_write(kind: int, permissions: int):
    problem = why_mistrusted(status(0, kind | permissions), 0)

    assert problem == "a group or others may write it, so root does not use it"


@pytest.mark.parametrize("permissions", [0o400, 0o600, 0o777])
def test_root_does_not_trust_what_another_user_owns(permissions: int):
    problem = why_mistrusted(status(1000, stat.S_IFREG | permissions), 0)

    assert problem == "it belongs to user 1000, so root does not use it"


@pytest.mark.parametrize(("owner", "mode"), [(1000, 0o644), (0, 0o666), (2000, 0o777)])
def test_an_ordinary_user_trusts_whatever_can_be_read(owner: int, mode: int):
    assert why_mistrusted(status(owner, stat.S_IFREG | mode), 1000) == ""
