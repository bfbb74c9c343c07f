"""The house: imports go only downwards, and never in a circle."""

import ast
import re
from pathlib import Path

import pytest

from wings import Wings

WINGS = Wings(
    Path(__file__).parents[2] / "main" / "python" / "irq_server",
    (
        ("errors",),
        ("times", "events", "addresses", "labels", "installation"),
        ("kernel",),
        ("store.segments",),
        ("store",),
        ("settings",),
        ("sampling",),
        ("web",),
        ("serving",),
        ("daemon",),
        ("commands",),
        ("cli",),
        ("__main__",),
    ),
)

PLAIN = """array bisect collections contextlib copy csv dataclasses datetime enum errno fnmatch
functools hashlib heapq io itertools json logging math operator re statistics string struct
threading time types typing zlib"""
STORE = f"{PLAIN} fcntl gzip importlib mmap os pathlib secrets shutil stat tempfile"
WEB = f"{PLAIN} apispec flask gzip hmac http importlib prometheus_client werkzeug"
"""The packages that a wing may import. Those that it must not know are not among them."""


def test_the_walk_finds_imports_of_every_form():
    assert {"commands", "daemon.detach", "daemon.service", "errors"} <= WINGS.imports("cli")
    assert "web.access.hosts" in WINGS.imports("web.access.guard")
    assert "threading" in WINGS.imports_from_elsewhere("sampling.sampler")


@pytest.mark.parametrize("module", [each for each in WINGS.modules if each != "__init__"])
def test_a_module_imports_its_own_wing_and_lower_floors(module: str):
    assert WINGS.imports_upwards(module) == set()


def test_no_import_goes_in_a_circle():
    assert WINGS.circle() == set()


def names(module: str) -> set[str]:
    """Return the names and attributes that a module uses, and what it imports from elsewhere."""
    nodes = list(ast.walk(WINGS.tree(module)))
    found = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    found |= {node.id for node in nodes if isinstance(node, ast.Name)}
    return found | {each.split(".")[-1] for each in WINGS.imports_from_elsewhere(module)}


@pytest.mark.parametrize("module", [each for each in WINGS.modules if each.startswith("store.")])
def test_the_store_knows_no_http_and_starts_no_thread(module: str):
    assert WINGS.packages(module) <= set(STORE.split())
    assert not names(module) & {"Thread", "Timer"}


@pytest.mark.parametrize("module", WINGS.modules_of("web"))
def test_the_web_opens_no_file(module: str):
    assert WINGS.packages(module) <= set(WEB.split())
    files = ("kernel.below", ".files")
    assert not [each for each in WINGS.imports(module) if each.endswith(files)]
    assert "open" not in names(module)


def test_no_class_is_named_like_a_module_that_is_not_its_own():
    modules = {each.split(".")[-1] for each in WINGS.modules}
    friends = [
        f"{node.name} of {module}"
        for module in WINGS.modules
        for node in WINGS.tree(module).body
        if isinstance(node, ast.ClassDef)
        and spellings(node.name) & modules - {module.split(".")[-1]}
    ]

    assert friends == []


def spellings(name: str) -> set[str]:
    """Return how a module for a class may be called: ``SegmentFile`` segment_file, or plural."""
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return {snake, f"{snake}s", snake.removesuffix("s")}


def test_every_wing_says_what_it_is_for_and_imports_nothing():
    faces = list(WINGS.faces())

    assert len(faces) >= 9
    for path, tree in faces:
        assert ast.get_docstring(tree), path
        assert len(tree.body) == 1, f"{path} imports at every start"
