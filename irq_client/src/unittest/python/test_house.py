"""The house: imports go only downwards, and never in a circle."""

import ast
from pathlib import Path

import pytest

from wings import Wings

WINGS = Wings(
    Path(__file__).parents[2] / "main" / "python" / "irq_client",
    (
        ("errors",),
        ("server",),
        ("figures",),
        ("prometheus",),
        ("terminal",),
        ("command_line",),
        ("commands",),
        ("streams",),
        ("run",),
        ("cli",),
        ("__main__",),
    ),
)
APART = {
    ("terminal", "server"),
    ("terminal", "figures"),
    ("terminal", "prometheus"),
    ("command_line", "terminal"),
    ("commands", "prometheus"),
}
"""Wings that know nothing of a lower one."""


def test_the_walk_finds_imports_of_every_form():
    assert {"commands.registry", "server.client", "terminal.writer"} <= WINGS.imports("run")
    assert "server.model" in WINGS.imports("figures.condition")
    assert "commands.top.live" in WINGS.imports("commands.top.run")
    assert "requests" in WINGS.packages("server.http")


@pytest.mark.parametrize("module", [each for each in WINGS.modules if each != "__init__"])
def test_a_module_imports_its_own_wing_and_lower_floors(module: str):
    assert WINGS.imports_upwards(module) == set()
    mine = WINGS.wing(module)
    for other in map(WINGS.wing, WINGS.imports(module)):
        assert (mine, other) not in APART, f"{module} imports {other}"


def test_no_import_goes_in_a_circle():
    assert WINGS.circle() == set()


@pytest.mark.parametrize("module", WINGS.modules_of("figures"))
def test_figures_are_pure(module: str):
    edges = {"os", "io", "sys", "pathlib", "socket", "threading", "time", "requests", "urllib3"}

    assert not WINGS.packages(module) & edges


# the published values have the names of the server's routes, and so do the commands
@pytest.mark.parametrize("module", [each for each in WINGS.modules if each != "server.model"])
def test_no_class_is_named_like_a_module_that_is_not_its_own(module: str):
    others = {each.split(".")[-1].replace("_", "") for each in WINGS.modules if each != module}
    nodes = ast.walk(WINGS.tree(module))
    classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}

    assert not {name for name in classes if name.lower() in others}


@pytest.mark.parametrize("module", WINGS.modules)
def test_only_the_server_wing_speaks_http(module: str):
    if WINGS.wing(module) != "server":
        assert not WINGS.packages(module) & {"requests", "urllib3", "http", "socket"}


def test_every_wing_says_what_it_is_for_and_imports_nothing():
    faces = list(WINGS.faces())

    assert len(faces) == 7
    for path, tree in faces:
        assert ast.get_docstring(tree), path
        assert len(tree.body) == 1, f"{path} imports at every start"
