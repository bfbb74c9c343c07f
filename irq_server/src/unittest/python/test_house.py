"""The house: imports go only downwards, and never in a circle."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "main" / "python" / "irq_server"

FLOORS = (
    ("errors",),
    ("times", "events", "addresses"),
    ("kernel",),
    ("store",),
    ("settings",),
    ("sampling",),
    ("web",),
    ("serving",),
    ("daemon",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
"""The wings, the lowest floor first. A module imports its own wing, and lower floors."""

HEIGHTS = {wing: height for height, floor in enumerate(FLOORS) for wing in floor}

MODULES = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py")
)

HTTP = {"flask", "http", "prometheus_client", "socket", "waitress", "werkzeug"}
FILES = {"fcntl", "mmap", "os", "pathlib", "shutil", "tempfile"}


def wing(module: str) -> str:
    return module.split(".")[0]


def tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text())


def imports(module: str) -> set[str]:
    """Return the modules of the package that `module` imports, also inside functions."""
    package = ".".join(["irq_server", *module.split(".")[:-1]])
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom) and node.level:
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            found |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
    return {name.removeprefix("irq_server.") for name in found} & set(MODULES)


def imports_from_elsewhere(module: str) -> set[str]:
    """Return the names that `module` imports from other packages, ``threading.Lock``."""
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules_of(name: str) -> list[str]:
    return [each for each in MODULES if wing(each) == name]


def test_the_walk_finds_imports_of_every_form():
    assert {"commands", "daemon.detach", "daemon.service", "errors"} <= imports("cli")
    assert "web.access.hosts" in imports("web.access.guard")
    assert "threading" in imports_from_elsewhere("sampling.sampler")


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


@pytest.mark.parametrize("module", modules_of("store"))
def test_the_store_knows_no_http_and_starts_no_thread(module: str):
    roots = {name.split(".")[0] for name in imports_from_elsewhere(module)}

    assert not roots & HTTP
    names = {node.attr for node in ast.walk(tree(module)) if isinstance(node, ast.Attribute)}
    assert not names & {"Thread", "Timer"}


@pytest.mark.parametrize("module", modules_of("web"))
def test_the_web_opens_no_file(module: str):
    roots = {name.split(".")[0] for name in imports_from_elsewhere(module)}
    names = {node.id for node in ast.walk(tree(module)) if isinstance(node, ast.Name)}

    assert not roots & FILES
    assert "store.files" not in imports(module)
    assert "open" not in names


def test_no_class_is_named_like_a_module_that_is_not_its_own():
    names = {each.split(".")[-1] for each in MODULES}
    friends = [
        f"{node.name} of {module}"
        for module in MODULES
        for node in tree(module).body
        if isinstance(node, ast.ClassDef) and spellings(node.name) & names - {module.split(".")[-1]}
    ]

    assert friends == []


def spellings(name: str) -> set[str]:
    """Return how a module for a class may be called: ``SegmentFile`` segment_file, or plural."""
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return {snake, f"{snake}s", snake.removesuffix("s")}


def test_every_wing_says_what_it_is_for_and_imports_nothing():
    folders = list(PACKAGE.glob("*/__init__.py"))

    assert len(folders) >= 7
    for path in PACKAGE.rglob("*/__init__.py"):
        found = ast.parse(path.read_text())
        assert ast.get_docstring(found), path
        assert len(found.body) == 1, f"{path} imports at every start"
