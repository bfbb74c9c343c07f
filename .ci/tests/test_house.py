"""The three projects beside each other: what they share by copy is the same, and nothing else."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECTS = ("irqbalance", "irq_server", "irq_client")
COMMON_PART = "# ---- the same in all three projects from here on"


def source(project: str) -> Path:
    return ROOT / project / "src/main/python" / project


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    return {name.lower(): version for name, version in (line.split("==") for line in named)}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def test_the_top_level_holds_the_three_projects_and_nothing_else():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()

    assert {line.split("/")[0] for line in listed} == {
        *PROJECTS,
        "requirements.txt",
        "README.md",
        ".gitignore",
        ".ci",
    }


@pytest.mark.parametrize(
    "name",
    [
        *(f"kernel/{name}.py" for name in ("below", "cpuset", "interfaces", "interrupts")),
        *(f"installation/{name}.py" for name in ("placing", "running", "systemd")),
    ],
)
def test_what_two_programs_share_by_copy_is_the_same_file(name: str):
    assert (source("irqbalance") / name).read_bytes() == (source("irq_server") / name).read_bytes()


def test_what_the_tests_share_by_copy_is_the_same_file():
    shared = ("src/integrationtest/python/fuzzing.py", "src/testing/python/*.py")
    copies: dict[str, list[bytes]] = {}
    for path in (path for each in PROJECTS for name in shared for path in (ROOT / each).glob(name)):
        copies.setdefault(path.name, []).append(path.read_bytes())

    assert {"fuzzing.py", "leftovers.py", "needs.py", "pace.py"} <= copies.keys()
    assert [name for name, found in copies.items() if len(found) < 2 or len(set(found)) > 1] == []


@pytest.mark.parametrize(("name", "count"), [("completions.py", 2), ("debian_package.py", 3)])
def test_what_builds_share_by_copy_is_the_same_file(name: str, count: int):
    copies = [path.read_bytes() for path in ROOT.glob(f"*/src/build/python/{name}")]

    assert len(copies) == count
    assert len(set(copies)) == 1


@pytest.mark.parametrize(("name", "count"), [("conditions.py", 3), ("debian.py", 2)])
def test_what_benchmarks_share_by_copy_is_the_same_file(name: str, count: int):
    copies = [path.read_bytes() for path in ROOT.glob(f"*/src/benchmark/python/{name}")]

    assert len(copies) == count
    assert len(set(copies)) == 1


@pytest.mark.parametrize("project", PROJECTS)
def test_no_project_imports_another(project: str):
    others = set(PROJECTS) - {project}
    for path in (ROOT / project / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                continue
            assert not others & {name.split(".")[0] for name in names}, path


@pytest.mark.parametrize("project", PROJECTS)
def test_the_builds_differ_only_in_what_they_say_of_their_project(project: str):
    mine = (ROOT / project / "build.py").read_text()
    reference = (ROOT / "irqbalance/build.py").read_text()

    assert mine.partition(COMMON_PART)[2] == reference.partition(COMMON_PART)[2] != ""


@pytest.mark.parametrize("project", PROJECTS)
def test_every_dependency_is_pinned_at_or_above_its_lower_bound(project: str):
    text = (ROOT / project / "build.py").read_text()
    declared = re.findall(r'depends_on\("([^"]+)", ">=([^"]+)"(?:, extra="\w+")?\)', text)
    pinned = pins()

    assert len(declared) == text.count("depends_on(") - text.count("plugin_depends_on(")
    for name, lower_bound in declared:
        assert numbers(pinned[name.lower()]) >= numbers(lower_bound), name


def test_every_pin_is_exact_and_no_registry_is_named():
    lines = (ROOT / "requirements.txt").read_text().splitlines()

    for line in lines:
        assert not line or line.startswith("#") or re.fullmatch(r"[A-Za-z0-9._-]+==[0-9.]+", line)


@pytest.mark.parametrize("project", PROJECTS)
def test_the_version_is_one_in_the_build_the_package_and_the_changelog(project: str):
    build = re.search(r'^version = "([^"]+)"$', (ROOT / project / "build.py").read_text(), re.M)
    package = re.search(
        r'^__version__ = "([^"]+)"$', (source(project) / "__init__.py").read_text(), re.M
    )

    assert build
    assert package
    assert build[1] == package[1]
    assert f"## [{build[1]}]" in (ROOT / project / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("project", PROJECTS)
def test_each_project_has_its_whole_layout(project: str):
    folder = ROOT / project
    for name in ("build.py", "setup.py", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        assert (folder / name).is_file(), name
    for name in ("main", "unittest", "integrationtest", "benchmark"):
        assert any((folder / "src" / name / "python").rglob("*.py")), name
