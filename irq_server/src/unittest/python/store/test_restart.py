"""What the writer keeps beside the CSV: the lock and state.json."""

import json
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from irq_server.errors import StoreLockedError
from irq_server.store.restart import Lock, read_memory, write_memory
from irq_server.store.totals import Memory

MEMORY = Memory("boot one", {"24,0": 1000, "ERR,": 5}, (0, 2), {"24": "24", "45": "45#2"})


def test_a_folder_is_locked_once(tmp_path: Path):
    lock = Lock(tmp_path)

    with pytest.raises(StoreLockedError, match="another irq_server") as caught:
        Lock(tmp_path)

    assert caught.value.path == tmp_path
    lock.close()
    Lock(tmp_path).close()


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        Lock(tmp_path / "nowhere")


@pytest.mark.parametrize("adopted", [None, (), (0, 2)])
def test_the_memory_reads_back(tmp_path: Path, adopted: tuple[int, ...] | None):
    path = tmp_path / "state.json"
    memory = replace(MEMORY, adopted=adopted)
    path.write_bytes(write_memory(memory))

    assert read_memory(path) == memory


def test_the_memory_is_json_that_says_its_version():
    values = json.loads(write_memory(MEMORY))
    sorted_ = (
        b'{"adopted": null, "boot_id": "boot one", "cpus": [0, 2], "offsets": {"24,0": 1000, '
        b'"ERR,": 5}, "owners": {"24": "24", "45": "45#2"}, "version": 1}'
    )

    assert values.pop("crc") == zlib.crc32(sorted_)
    assert values == {
        "version": 1,
        "boot_id": "boot one",
        "cpus": [0, 2],
        "owners": {"24": "24", "45": "45#2"},
        "offsets": {"24,0": 1000, "ERR,": 5},
        "adopted": None,
    }


def test_no_memory_is_none_without_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    assert read_memory(tmp_path / "state.json") is None
    assert caplog.text == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"boot_id": "x"}',
        '{"boot_id": "x", "offsets": [], "cpus": [], "owners": {}}',
        '{"boot_id": "x", "offsets": {"24,0": "many"}, "cpus": [], "owners": {}}',
        '{"boot_id": "x", "offsets": {}, "cpus": 3, "owners": {}}',
        "\ud800",
    ],
)
def test_a_memory_that_is_damaged_is_none_and_told(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "state.json"
    path.write_bytes(text.encode(errors="surrogatepass"))

    assert read_memory(path) is None
    assert "not used, counting goes on at the next sample" in caplog.text


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"1000", b"1001"), (b"boot one", b"boot two"), (b'"45#2"', b'"45"'), (b'"crc"', b'"crd"')],
)
def test_a_memory_with_another_value_than_was_written_is_none(
    tmp_path: Path, before: bytes, after: bytes
):
    path = tmp_path / "state.json"
    path.write_bytes(write_memory(MEMORY).replace(before, after))

    assert read_memory(path) is None


@pytest.mark.parametrize(
    "values",
    [
        {"boot_id": "x"},
        {"boot_id": "x", "offsets": [], "cpus": [], "owners": {}},
        {"boot_id": "x", "offsets": {"24,0": "many"}, "cpus": [], "owners": {}},
        {"boot_id": "x", "offsets": {}, "cpus": 3, "owners": {}},
    ],
)
def test_a_memory_of_other_fields_is_none_whoever_wrote_it(
    tmp_path: Path, values: dict[str, object]
):
    path = tmp_path / "state.json"
    crc = zlib.crc32(json.dumps(values, sort_keys=True).encode())
    path.write_text(json.dumps(values | {"crc": crc}))

    assert read_memory(path) is None


def test_a_memory_cut_at_any_byte_is_none_or_whole(tmp_path: Path):
    path = tmp_path / "state.json"
    data = write_memory(MEMORY)

    for length in range(len(data) + 1):
        path.write_bytes(data[:length])
        assert read_memory(path) == (MEMORY if length >= len(data) - 1 else None)
