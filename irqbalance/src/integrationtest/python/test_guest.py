"""Guests that boot with a program in QEMU's place, and how they go on if QEMU itself dies."""

import os
from pathlib import Path

import pytest

from guest.image import GuestError, Image
from guest.machine import BOOTS, Machine, run

HERE = Path("/nowhere")
MACHINE = Machine(Image("amd64", HERE / "kernel", HERE / "initrd", HERE / "root.img", "6.1"))

QEMU = """\
#!/bin/sh
boots="$(dirname "$0")/boots"
echo boot >>"$boots"
for each; do
    case $each in
    file,id=*,path=*) path=${each##*,path=} && name=${each#*,id=} && name=${name%%,*} ;;
    file=*/data,*) path=${each#file=} && path=${path%%,*} && name=data ;;
    *) continue ;;
    esac
    case $name in
    data) cat "$path" >"$boots.data" && printf written >>"$path" ;;
    out) printf '%s' "$(wc -l <"$boots")" >"$path" ;;
    status) end=$path ;;
    esac
done
[ "$(wc -l <"$boots")" -gt "$DEATHS" ] || kill -SEGV $$
printf '%s\n' "$STATUS" >"$end"
"""
"""Dies DEATHS times. Then it writes the boots to `out` and STATUS to `status`; the data grows."""


class Qemu:
    """The program in QEMU's place, first in PATH, and the files that it left."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put the program into `folder`; by default it returns its result at the first boot."""
        self.set = monkeypatch.setenv
        self.boots_file = folder / "boots"
        program = folder / "qemu-system-x86_64"
        program.write_text(QEMU)
        program.chmod(0o755)
        self.set("PATH", f"{folder}:{os.environ['PATH']}")
        self.set("DEATHS", "0")
        self.set("STATUS", "7")

    @property
    def boots(self) -> int:
        """Return the number of boots."""
        return len(self.boots_file.read_text().splitlines())

    @property
    def data_at_boot(self) -> str:
        """Return the data at the start of the last boot."""
        return self.boots_file.with_suffix(".data").read_text()


@pytest.fixture
def qemu(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Qemu:
    return Qemu(tmp_path_factory.mktemp("bin"), monkeypatch)


def test_a_guest_gives_its_result(qemu: Qemu):
    result = run(MACHINE, "true", {})

    assert (result.status, result.out, result.err) == (7, "1", "")
    assert qemu.boots == 1


def test_a_guest_is_booted_again_where_qemu_dies(qemu: Qemu, tmp_path: Path):
    data = tmp_path / "disk"
    data.write_text("first, ")
    qemu.set("DEATHS", "1")

    with pytest.warns(UserWarning, match=r"^QEMU died, the guest is booted again: signal 11"):
        result = run(MACHINE, "true", {}, data=data)

    assert (result.status, result.out) == (7, "2")
    assert qemu.data_at_boot == "first, "  # what the dead one wrote is gone
    assert data.read_text() == "first, written"


def test_a_qemu_that_always_dies_is_an_error(qemu: Qemu):
    qemu.set("DEATHS", str(BOOTS))

    with pytest.warns(UserWarning, match="signal 11"), pytest.raises(GuestError, match="signal 11"):
        run(MACHINE, "true", {})

    assert qemu.boots == BOOTS


def test_a_guest_without_a_result_is_booted_once(qemu: Qemu):
    qemu.set("STATUS", "")

    with pytest.raises(GuestError, match="ended without a result"):
        run(MACHINE, "true", {})

    assert qemu.boots == 1
