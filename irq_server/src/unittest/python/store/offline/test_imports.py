"""Saved /proc/interrupts files taken into a store."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from irq_server.errors import StoreError
from irq_server.kernel.interrupts import parse
from irq_server.store.offline.export import samples
from irq_server.store.offline.imports import Saved, import_files
from irq_server.store.segments.segment_files import segments_in
from irq_server.store.segments.tier_shape import shapes_of
from irq_server.store.store import Store

HEADER = "           CPU0       CPU1\n"


def save(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines))
    return path


def test_saved_files_become_samples_the_oldest_first(tmp_path: Path):
    later = save(tmp_path, "later", " 24: 7 9 PCI-MSI 1-edge eth0")
    earlier = save(tmp_path, "earlier", " 24: 4294967295 5 PCI-MSI 1-edge eth0")

    assert import_files(tmp_path / "store", [Saved(610, later), Saved(600, earlier)]) == 2
    assert list(samples(tmp_path / "store", 0, 9999)) == [
        (600, {"24,0": 4294967295, "24,1": 5}),
        (610, {"24,0": 4294967303, "24,1": 9}),
    ]


def test_more_files_go_on_where_the_store_ends(tmp_path: Path):
    first = save(tmp_path, "first", " 24: 1 1 PCI-MSI 1-edge eth0")
    second = save(tmp_path, "second", " 24: 3 1 PCI-MSI 1-edge eth0")
    import_files(tmp_path / "store", [Saved(600.25, first)])

    import_files(tmp_path / "store", [Saved(601.5, second)])

    assert list(samples(tmp_path / "store", 601.5, 9999)) == [(601.5, {"24,0": 3, "24,1": 1})]
    with pytest.raises(StoreError, match="not after"):
        import_files(tmp_path / "store", [Saved(601, first)])


@pytest.mark.parametrize(("lines", "reason"), [([], "line 2"), (["x"], "line 2")])
def test_a_file_that_is_something_else_is_named_and_nothing_is_counted(
    tmp_path: Path, lines: Sequence[str], reason: str
):
    good = save(tmp_path, "good", " 24: 1 1 PCI-MSI 1-edge eth0")
    bad = save(tmp_path, "bad", *lines)

    with pytest.raises(StoreError, match=f"bad: {reason}"):
        import_files(tmp_path / "store", [Saved(600, good), Saved(610, bad)])
    with pytest.raises(StoreError, match="missing: No such file"):
        import_files(tmp_path / "store", [Saved(600, tmp_path / "missing")])

    assert not (tmp_path / "store").exists()


def test_an_import_goes_on_with_every_tier_of_the_store_and_drops_none(tmp_path: Path):
    folder, kept = tmp_path / "data", shapes_of(["5m", "1h"])
    first, second = (save(tmp_path, name, f"24: {n} 0  x") for name, n in (("a", 1), ("b", 5)))
    with closing(Store(folder, interval_seconds=600.0, tiers=kept)) as store:
        store.append(parse(first.read_text()), "boot", 600.0, 0.0)

    assert import_files(folder, [Saved(1200.0, second)]) == 1

    for tier in ("raw", "5m", "cpus-5m"):
        segments = segments_in(folder / tier)
        assert [each.first for each in segments] == [600.0, 1200.0], tier
