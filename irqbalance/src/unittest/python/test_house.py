"""The house: imports go only downwards, and never in a circle."""

import ast
import importlib.util
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "main" / "python" / "irqbalance"

FLOORS = (
    ("errors", "status"),
    ("kernel",),
    ("settings",),
    ("loads",),
    ("planning.search",),
    ("planning",),
    ("state",),
    ("apply", "restore", "console"),
    ("report",),
    ("run", "offline"),
    ("cli",),
    ("__main__",),
)
"""The wings, the lowest floor first. A module imports its own wing, and lower floors."""

HEIGHTS = {wing: height for height, floor in enumerate(FLOORS) for wing in floor}
FLAT_SEARCH = frozenset(
    {"search", "placement", "steps", "fewmoves", "exact", "reunion", "regroup", "ties"}
)
"""Modules of planning/search that still lie flat."""

MODULES = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py")
)


def wing(module: str) -> str:
    if module in FLAT_SEARCH or module.startswith("planning.search."):
        return "planning.search"
    return module.split(".")[0]


def imports(module: str) -> set[str]:
    """Return the modules of the package that `module` imports, also inside functions."""
    path = PACKAGE / f"{module.replace('.', '/')}.py"
    package = ".".join(["irqbalance", *module.split(".")[:-1]])
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            found |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
    return {name.removeprefix("irqbalance.") for name in found} & set(MODULES)


def test_the_walk_finds_imports_of_every_form():
    assert {"loads.measure", "run", "report.table", "settings.model"} <= imports("cli")
    assert "kernel.cpuset" in imports("kernel.interrupts")


@pytest.mark.parametrize("module", [each for each in MODULES if each != "__init__"])
def test_a_module_imports_its_own_wing_and_lower_floors(module: str):
    mine = wing(module)
    for other in map(wing, imports(module)):
        assert other == mine or HEIGHTS[other] < HEIGHTS[mine], f"{module} imports {other}"


def test_no_import_goes_in_a_circle():
    waiting = {module: imports(module) for module in MODULES}
    while waiting:
        free = {module for module, needs in waiting.items() if not needs & waiting.keys()}
        assert free, f"a circle among {sorted(waiting)}"
        waiting = {module: needs for module, needs in waiting.items() if module not in free}


def test_every_wing_says_what_it_is_for_and_imports_nothing():
    folders = list(PACKAGE.glob("*/__init__.py"))

    assert len(folders) >= 6
    for path in folders:
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), path
        assert len(tree.body) == 1, f"{path} imports at every start"
