"""The house: imports go only downwards, and never in a circle."""

import ast
import importlib.util
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "main" / "python" / "irq_client"

FLOORS = (
    ("errors",),
    ("server",),
    ("figures",),
    ("terminal",),
    ("command_line",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
"""The wings, the lowest floor first. A module imports its own wing, and lower floors."""

HEIGHTS = {wing: height for height, floor in enumerate(FLOORS) for wing in floor}
APART = {("terminal", "server"), ("terminal", "figures"), ("command_line", "terminal")}
"""Wings that know nothing of a lower one."""

MODULES = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py")
)


def tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text())


def wing(module: str) -> str:
    return module.split(".")[0]


def imports(module: str) -> set[str]:
    """Return the modules of the package that `module` imports, also inside functions."""
    package = ".".join(["irq_client", *module.split(".")[:-1]])
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom) and node.level:
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            found |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
    return {name.removeprefix("irq_client.") for name in found} & set(MODULES)


def outside(module: str) -> set[str]:
    """Return the packages of others that `module` imports."""
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


def test_the_walk_finds_imports_of_every_form():
    assert {"commands.registry", "server.client", "terminal.writer"} <= imports("cli")
    assert {"server.model", "figures.patterns"} <= imports("figures.condition")
    assert "commands.top.live" in imports("commands.top.run")
    assert "requests" in outside("server.http")


@pytest.mark.parametrize("module", [each for each in MODULES if each != "__init__"])
def test_a_module_imports_its_own_wing_and_lower_floors(module: str):
    mine = wing(module)
    for other in map(wing, imports(module)):
        assert other == mine or HEIGHTS[other] < HEIGHTS[mine], f"{module} imports {other}"
        assert (mine, other) not in APART, f"{module} imports {other}"


def test_no_import_goes_in_a_circle():
    waiting = {module: imports(module) for module in MODULES}
    while waiting:
        free = {module for module, needs in waiting.items() if not needs & waiting.keys()}
        assert free, f"a circle among {sorted(waiting)}"
        waiting = {module: needs for module, needs in waiting.items() if module not in free}


@pytest.mark.parametrize("module", [each for each in MODULES if wing(each) == "figures"])
def test_figures_are_pure(module: str):
    edges = {"os", "io", "sys", "pathlib", "socket", "threading", "time", "requests", "urllib3"}

    assert not outside(module) & edges


# the published values have the names of the server's routes, and so do the commands
@pytest.mark.parametrize("module", [each for each in MODULES if each != "server.model"])
def test_no_class_is_named_like_a_module_that_is_not_its_own(module: str):
    others = {each.split(".")[-1].replace("_", "") for each in MODULES if each != module}
    classes = {node.name for node in ast.walk(tree(module)) if isinstance(node, ast.ClassDef)}

    assert not {name for name in classes if name.lower() in others}


@pytest.mark.parametrize("module", MODULES)
def test_only_the_server_wing_speaks_http(module: str):
    if wing(module) != "server":
        assert not outside(module) & {"requests", "urllib3", "http", "socket"}


def test_every_wing_says_what_it_is_for_and_imports_nothing():
    folders = list(PACKAGE.rglob("*/__init__.py"))

    assert len(folders) == 6
    for path in folders:
        body = ast.parse(path.read_text())
        assert ast.get_docstring(body), path
        assert len(body.body) == 1, f"{path} imports at every start"
