"""PyBuilder's description of irq_client. `pyb` checks, tests and packages it; see "Building" below.

Building: `analyze` runs ruff and mypy --strict. `run_unit_tests` runs pytest in the build
environment, with coverage. `package` builds the wheel. `run_integration_tests` installs that wheel
in a fresh environment and runs pytest against it. Last comes `publish`. `pyb` alone runs all of
these at a quick pace and leaves out the tests marked `slow`. `pyb full` leaves out nothing, nor
does `pyb` if CI is set. `pyb soak`, `pyb fuzz` and `pyb guests` run the tests so marked, in full.
`pyb benchmark` runs src/benchmark/python. `pyb deb` makes a Debian package of the wheel.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from pybuilder.core import Author, after, before, depends, init, task, use_plugin
from pybuilder.errors import BuildFailedException
from pybuilder.pip_common import SpecifierSet
from pybuilder.plugins.python import core_plugin, distutils_plugin

use_plugin("python.core")
use_plugin("python.distutils")
use_plugin("copy_resources")

name = "irq_client"
version = "0.1.0"
summary = "Shows in a terminal what an irq_server knows of a machine's interrupts"
authors = [Author("The irqbalance, irq_server and irq_client authors", "irq@example.org")]
license = "MIT"
requires_python = ">=3.11"
default_task = ["analyze", "publish"]


MANUAL_PAGE = "target/irq_client.1"


@init
def describe(project):
    """Set what this project alone needs. The marked part below is the same in all three."""
    project.set_property("distutils_console_scripts", ["irq_client = irq_client.cli:main"])
    project.set_property("suites", ("fuzz",))
    # Debian 12's is too old; the Debian package brings its own
    project.set_property("bundled", ("argcomplete",))
    project.include_file("irq_client", "py.typed")
    project.set_property("copy_resources_target", "$dir_dist")
    project.get_property("copy_resources_glob").append(MANUAL_PAGE)
    project.install_file("share/man/man1", MANUAL_PAGE)
    # each shell looks for a file of this name there
    ship(project, "share/bash-completion/completions", "bash-completion/irq_client")
    ship(project, "share/zsh/site-functions", "zsh/_irq_client")
    ship(project, "share/fish/vendor_completions.d", "fish/irq_client.fish")
    project.depends_on("argcomplete", ">=3.5")
    project.depends_on("requests", ">=2.28")
    project.build_depends_on("hypothesis", ">=6.100")
    project.build_depends_on("mock", ">=5.1")
    project.build_depends_on("promql-parser", ">=0.12")
    project.build_depends_on("pytest", ">=8")
    project.build_depends_on("trustme", ">=1.2")
    project.build_depends_on("types-requests", ">=2.31")


def ship(project, destination, name):
    """Put a file of src/main/data into the wheel. pip installs it below its prefix."""
    project.set_property("copy_resources_target", "$dir_dist")
    project.get_property("copy_resources_glob").append(f"src/main/data/{name}")
    project.install_file(destination, f"src/main/data/{name}")


@before("package")
def write_manual_page(project, logger):
    """Make the manual page out of the tables of commands; `package` copies it beside setup.py."""
    maker = project.expand_path("src/build/python/manual.py")
    sources = project.expand_path("src/main/python")
    run(project, logger, [sys.executable, maker, MANUAL_PAGE], PYTHONPATH=sources)


# ---- the same in all three projects from here on ------------------------------------------------

COVERAGE_FLOOR_PERCENT = 90


@init
def describe_build(project):
    """Set the environments, the checks, the pace of the tests and the wheel."""
    project.set_property("pace", "full" if os.environ.get("CI") else "quick")
    project.build_depends_on("mypy", ">=1.11")
    project.build_depends_on("pytest-cov", ">=6")
    project.build_depends_on("ruff", ">=0.6")
    # PyBuilder would install every build dependency before any task, even for `pip install .`
    project.set_property("venv_names", [])
    project.set_property("distutils_readme_description", True)
    # setuptools puts a LICENSE beside its setup.py into the wheel
    project.set_property("copy_resources_target", "$dir_dist")
    project.get_property("copy_resources_glob").append("LICENSE")
    # build_wheel() builds what is published; `publish` itself then has nothing left to build
    project.set_property("distutils_commands", [])
    pins = Path(project.expand_path("../requirements.txt"))
    if pins.is_file():
        os.environ.setdefault("PIP_CONSTRAINT", str(pins.resolve()))
    # most modules of most packages are never imported, and compiling all takes longer than the rest
    os.environ.setdefault("PIP_COMPILE", "0")


def build_python(project, logger, reactor):
    """Return the path of a Python that has every package that the build and the tests need.

    After `pip install -r requirements.txt` that is the Python that runs this file. Otherwise it is
    the build environment's. The first call makes that environment.
    """
    needed = [*project.dependencies, *project.build_dependencies]
    if all(is_installed(each) for each in needed):
        return sys.executable
    core_plugin.create_venv(project, logger, reactor, "build", False)
    return reactor.python_env_registry["build"].executable[0]


def is_installed(dependency):
    """Return True if the Python that runs this file has a version that the dependency allows."""
    try:
        return SpecifierSet(str(dependency.version)).contains(metadata.version(dependency.name))
    except metadata.PackageNotFoundError:
        return False


def run(project, logger, command, **environment):
    """Run `command` in the project's folder and show its output.

    The command imports modules from its own Python and from `environment`, never from the caller's
    PYTHONPATH. Raise BuildFailedException unless the exit status is 0.
    """
    logger.info("Running %s", " ".join(map(str, command)))
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    status = subprocess.run(command, cwd=project.basedir, env=inherited | environment).returncode
    if status:
        raise BuildFailedException("exit status %d from %s", status, " ".join(map(str, command)))


@task(description="Lints with ruff and checks types with mypy --strict.")
@depends("prepare")
def analyze(project, logger, reactor):
    """Fail if ruff or mypy reports anything."""
    python = build_python(project, logger, reactor)
    run(project, logger, [python, "-m", "ruff", "check", "."])
    run(project, logger, [python, "-m", "ruff", "format", "--check", "."])
    run(project, logger, [python, "-m", "mypy"])


@task
def run_unit_tests(project, logger, reactor):
    """Fail if a test fails, if pytest finds none, or if coverage is too low."""
    if project.get_property("one_suite"):
        return
    report = Path(project.expand_path("$dir_reports", "coverage.json"))
    report.unlink(missing_ok=True)
    python = build_python(project, logger, reactor)
    coverage = [f"--cov={project.name}", "--cov-branch", "--cov-report=term-missing:skip-covered"]
    coverage.append(f"--cov-report=json:{report}")
    run_pytest(project, logger, python, "unittest", *coverage)
    totals = json.loads(report.read_text())["totals"]
    for kind in ("statements", "branches"):
        percent = totals[f"percent_{kind}_covered"]
        logger.info("Coverage: %.1f%% of %s", percent, kind)
        if percent < COVERAGE_FLOOR_PERCENT:
            raise BuildFailedException(
                "%.1f%% of %s covered, %d%% needed", percent, kind, COVERAGE_FLOOR_PERCENT
            )


@after("package")
def build_wheel(project, logger, reactor):
    """Build the wheel before the integration tests. PyBuilder itself would build it after them."""
    shutil.rmtree(project.expand_path("$dir_dist", "dist"), ignore_errors=True)
    # the environment of PyBuilder's plugins has setuptools: no need for yet another one
    command = ["--wheel", "--no-isolation"]
    distutils_plugin.execute_distutils(project, logger, reactor.pybuilder_venv, [command])


@task
def run_integration_tests(project, logger, reactor):
    """Fail if a test of the wheel fails in a fresh environment, or if pytest finds none."""
    quick = () if project.get_property("pace") == "full" else ("-m", "not slow")
    test_wheel(project, logger, reactor, *quick)


@task(description="Sets the pace of the tasks after it: nothing is left out.")
def full_pace(project):
    """Make the tests thorough."""
    project.set_property("pace", "full")


@task(description="Sets that one suite of tests is run, in full, and no unit test before it.")
@depends("full_pace")
def one_suite(project):
    """Make `package` build the wheel without unit tests."""
    project.set_property("one_suite", True)


@task(description="Does what pyb does, with every test: slow ones too, each check in full.")
@depends("full_pace", "analyze", "publish")
def full():
    """Fail if one of its tasks fails."""


@task(description="Runs the tests of a long life in full.")
@depends("one_suite", "package")
def soak(project, logger, reactor):
    """Fail if a test marked `soak` fails."""
    run_suite(project, logger, reactor, "soak")


@task(description="Fuzzes each check in full; FUZZ_SECONDS says for how long (4).")
@depends("one_suite", "package")
def fuzz(project, logger, reactor):
    """Fail if a test marked `fuzz` fails."""
    run_suite(project, logger, reactor, "fuzz")


@task(description="Runs the tests on real kernels under QEMU in full.")
@depends("one_suite", "package")
def guests(project, logger, reactor):
    """Fail if a test marked `guests` fails."""
    run_suite(project, logger, reactor, "guests")


def run_suite(project, logger, reactor, marker):
    """Run the integration tests with a marker, if this project has any."""
    if marker in project.get_property("suites"):
        test_wheel(project, logger, reactor, "-m", marker)
    else:
        logger.info("%s has no tests marked %s", project.name, marker)


def test_wheel(project, logger, reactor, *options):
    """Install the wheel and its dependencies alone into a fresh environment, and test it.

    The tests run outside that environment, in the Python that has their tools. They find the
    commands by WHEEL_COMMANDS. They import the package from that environment too, never from
    src/main/python.
    """
    (wheel,) = Path(project.expand_path("$dir_dist", "dist")).glob("*.whl")
    core_plugin.create_venv(project, logger, reactor, "integration", True)
    environment = reactor.python_env_registry["integration"]
    run(project, logger, [environment.executable[0], "-m", "pip", "install", "--quiet", wheel])
    path = [project.expand_path("src/testing/python"), *environment.site_paths]
    commands = str(Path(environment.executable[0]).parent)
    python = build_python(project, logger, reactor)
    options = ("-o", f"pythonpath={' '.join(path)}", *options)
    run_pytest(project, logger, python, "integrationtest", *options, WHEEL_COMMANDS=commands)


def run_pytest(project, logger, python, kind, *options, **environment):
    """Run a folder of tests at the project's pace."""
    tests = project.expand_path(f"src/{kind}/python")
    environment["TEST_PACE"] = project.get_property("pace")
    run(project, logger, [python, "-m", "pytest", *options, tests], **environment)


@task(description="Makes a Debian package of the wheel; needs dpkg-deb.")
@depends("one_suite", "package")
def deb(project, logger, reactor):
    """Fail if dpkg-deb fails, or is not installed."""
    if not Path("/usr/bin/dpkg-deb").exists():
        raise BuildFailedException("there is no /usr/bin/dpkg-deb: on Debian, apt-get install dpkg")
    (wheel,) = Path(project.expand_path("$dir_dist", "dist")).glob("*.whl")
    maker = project.expand_path("src/build/python/debian_package.py")
    python = build_python(project, logger, reactor)
    run(project, logger, [python, maker, wheel, *project.get_property("bundled", ())])


@task(description="Runs every src/benchmark/python/bench_*.py and shows what it prints.")
@depends("prepare")
def benchmark(project, logger, reactor):
    """Print ratios against yardsticks of the same run. A slow machine never fails this task."""
    python = build_python(project, logger, reactor)
    for script in sorted(Path(project.expand_path("src/benchmark/python")).glob("bench_*.py")):
        run(project, logger, [python, script], PYTHONPATH=project.expand_path("src/main/python"))
