"""The house: imports go only downwards, and never in a circle."""

import ast
from pathlib import Path

import pytest

from wings import Wings

WINGS = Wings(
    Path(__file__).parents[2] / "main" / "python" / "irqbalance",
    (
        ("errors", "status"),
        ("kernel",),
        ("settings",),
        ("loads", "migration", "installation"),
        ("planning.search",),
        ("planning",),
        ("state",),
        ("apply", "restore", "console"),
        ("report",),
        ("run", "offline", "commands"),
        ("cli",),
        ("__main__",),
    ),
)


def test_the_walk_finds_imports_of_every_form():
    assert {"loads.measure", "run", "report.table", "settings.model"} <= WINGS.imports("cli")
    assert "kernel.cpuset" in WINGS.imports("kernel.interrupts")


@pytest.mark.parametrize("module", [each for each in WINGS.modules if each != "__init__"])
def test_a_module_imports_its_own_wing_and_lower_floors(module: str):
    assert WINGS.imports_upwards(module) == set()


def test_no_import_goes_in_a_circle():
    assert WINGS.circle() == set()


def test_every_wing_says_what_it_is_for_and_imports_nothing():
    faces = list(WINGS.faces())

    assert len(faces) >= 7
    for path, tree in faces:
        assert ast.get_docstring(tree), path
        assert len(tree.body) == 1, f"{path} imports at every start"
