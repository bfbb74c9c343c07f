"""The allocator: one heap, however many threads there are."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

import irq_server
from irq_server.daemon.malloc import use_one_heap

PROGRAM = """
import ctypes, sys, threading
from irq_server.daemon.malloc import use_one_heap

done = use_one_heap()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
started = threading.Barrier(5)

def take():
    libc.malloc(ctypes.c_size_t(100_000))
    started.wait(20)

threads = [threading.Thread(target=take) for _ in range(4)]
for each in threads:
    each.start()
started.wait(20)
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
print(done)
"""


def heaps(folder: Path, **variables: str) -> tuple[str, int]:
    """Return the program's word, and the number of heaps in malloc_info(3) then."""
    report = folder / "malloc.xml"
    source = str(Path(irq_server.__file__).parents[1])
    environment = {name: word for name, word in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, report],
        env={**environment, "PYTHONPATH": source, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip(), report.read_text().count("<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has several heaps")
def test_four_threads_share_one_heap(tmp_path: Path):
    assert heaps(tmp_path) == ("True", 1)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has several heaps")
def test_who_says_how_many_heaps_there_may_be_gets_them(tmp_path: Path):
    word, several = heaps(tmp_path, MALLOC_ARENA_MAX="3")

    assert (word, several) == ("False", 3)


def test_another_c_library_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ctypes.CDLL", lambda _name: object())

    assert not use_one_heap()
