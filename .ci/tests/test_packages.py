"""The ways to install, in bare roots of Debian 12 and 13: each root lives through the tests in turn.

No root can write the kernel's affinities: see roots.py.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import needs
from conftest import PROJECTS, ROOT

sys.path.append(str(ROOT / "irqbalance/src/integrationtest/python"))

import roots  # noqa: E402 - it needs what irqbalance's tests boot guests with

pytestmark = [pytest.mark.guests, pytest.mark.slow]

BUNDLED = {"irqbalance": (), "irq_server": ("waitress",), "irq_client": ("argcomplete",)}
PACKAGES = ("irqbalance-once", "irq-server", "irq-client")
PORT = "50556"
ASIDE = {"IRQ_SERVER_PORT": PORT, "IRQ_CLIENT_SERVER": f"http://127.0.0.1:{PORT}"}
"""The default port may be taken: a root shares the network of this machine."""

CONFFILE = "/etc/default/irq_server"
TIMER = "etc/systemd/system/timers.target.wants/irqbalance-once.timer"


def wheel(project: str) -> Path:
    (found,) = ROOT.glob(f"{project}/target/dist/*/dist/*.whl")
    return found


def packages(folder: Path, version: str = "") -> list[Path]:
    """Make the three packages; of another version, if that is given."""
    made = []
    for project in PROJECTS:
        name = wheel(project).name
        copy = folder / (re.sub(r"-[0-9.]+-", f"-{version}-", name) if version else name)
        shutil.copy(wheel(project), copy)
        maker = ROOT / project / "src/build/python/debian_package.py"
        command = [sys.executable, maker, copy, *BUNDLED[project]]
        environment = {"SOURCE_DATE_EPOCH": "1767225600", "DEBEMAIL": "irq@debian.org"}
        done = subprocess.run(
            command, check=True, text=True, stdout=subprocess.PIPE, env=environment
        )
        made.append(Path(done.stdout.strip()))
    return made


def lines(page: str, number: int) -> str:
    """Return the text of a page's n-th block for bash."""
    return re.findall(r"^```bash\n(.*?)^```", (ROOT / page).read_text(), re.M | re.S)[number]


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def root(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Return a root where a newcomer has typed the lines for packages; a bare copy is beside it."""
    needs.everything(roots.image.missing(), "Debian roots, as root")
    folder = tmp_path_factory.mktemp("roots")
    root = roots.make(request.param, folder / "root")
    # cp makes the nodes of /dev again; copytree would read them, and /dev/full never ends
    subprocess.run(["cp", "--archive", root, folder / "bare"], check=True)
    packages(root / "root")
    answer = roots.done(root, f"cd\n{lines('irq_server/docs/install.md', 0)}", **ASIDE)
    (root / "root/answer").write_text(answer)
    yield root
    shutil.rmtree(folder)


def test_five_lines_lead_to_a_server_a_timer_and_an_answer(root: Path):
    assert len(lines("irq_server/docs/install.md", 0).splitlines()) <= 5
    answer = (root / "root/answer").read_text()
    assert f"linked /{TIMER}" in answer
    assert "runs every ten minutes: /usr/bin/irqbalance\n" in answer
    # of the overview, whose last rows are the machine's own interrupts
    assert re.search(r"^LOC +Local timer|^LOC ", answer, re.M)
    assert (root / TIMER).is_symlink()
    assert list(root.glob("var/lib/irq_server/raw/*/*.csv"))


def test_systemd_finds_no_fault_with_the_units(root: Path):
    units = "irq_server.service irqbalance-once.service irqbalance-once.timer"
    roots.done(root, "apt-get install --yes systemd")

    found = roots.run(root, f"systemd-analyze --man=no verify {units}")

    mine = [line for line in found.stderr.splitlines() if "irq" in line and line[0] != "+"]
    assert (found.returncode, mine) == (0, [])


def test_the_files_lie_where_they_are_looked_for(root: Path):
    for project, section in (("irqbalance", 8), ("irq_server", 8), ("irq_client", 1)):
        for path in (
            f"man/man{section}/{project}.{section}.gz",
            f"bash-completion/completions/{project}",
            f"zsh/vendor-completions/_{project}",
            f"fish/vendor_completions.d/{project}.fish",
        ):
            assert (root / "usr/share" / path).is_file(), path
    assert (root / "usr/lib/udev/rules.d/90-irqbalance-once.rules").is_file()
    shipped = [*root.glob("usr/lib/systemd/system/irq*"), *root.glob("usr/share/irq*/*.*")]
    assert shipped
    assert [path for path in shipped if b"/usr/local/bin" in path.read_bytes()] == []


def test_an_upgrade_keeps_settings_history_and_the_timer(root: Path):
    settings = Path(f"{root}{CONFFILE}")
    settings.write_text("IRQ_SERVER_INTERVAL=1s\n")
    history = sorted(root.glob("var/lib/irq_server/raw/*/*"))
    (root / "root/new").mkdir()
    packages(root / "root/new", "0.1.1")

    roots.done(root, "dpkg --install /root/new/*.deb")

    assert settings.read_text() == "IRQ_SERVER_INTERVAL=1s\n"
    assert sorted(root.glob("var/lib/irq_server/raw/*/*")) == history != []
    assert (root / TIMER).is_symlink()
    assert "0.1.1" in roots.done(root, "dpkg-query --show 'irq*'")
    roots.done(root, "irqbalance --version && irq_server --version && irq_client --version")


def named_irq(root: Path) -> list[str]:
    """Return the files and folders of a system with irq in their names, but for those of /root and /run."""
    found = [str(path.relative_to(root)) for path in root.rglob("*") if "irq" in path.name]
    return sorted(path for path in found if not path.startswith(("root/", "run/")))


def test_a_purge_leaves_nothing(root: Path):
    (root / "var/lib/irqbalance").mkdir(exist_ok=True)

    roots.done(root, f"irqbalance install --cron && apt-get purge --yes {' '.join(PACKAGES)}")

    assert named_irq(root) == named_irq(root.with_name("bare"))
    assert "irq_server" not in (root / "etc/passwd").read_text()
    assert not Path(f"{root}{CONFFILE}").exists()


@pytest.fixture(scope="module")
def from_source(root: Path) -> Path:
    """Return another bare root, with this repository in it."""
    other = root.with_name("bare")
    subprocess.run(["git", "clone", "--quiet", "--bare", ROOT, other / "root/irq.git"], check=True)
    return other


def only(suite: str) -> pytest.MarkDecorator:
    """Return what runs a test in one suite's root alone, as it takes a minute."""
    return pytest.mark.parametrize("root", [suite], indirect=True)


@only("bookworm")
def test_five_lines_install_from_source(from_source: Path):
    text = lines("irq_server/docs/install.md", 1)
    assert len(text.splitlines()) <= 5

    answer = roots.done(from_source, text, REPOSITORY="/root/irq.git", **ASIDE)

    assert "runs every ten minutes: /opt/irq/bin/irqbalance\n" in answer
    assert "runs as a service: /opt/irq/bin/irq_server\n" in answer
    assert re.search(r"^LOC ", answer, re.M)
    unit = from_source / "etc/systemd/system/irq_server.service"
    assert "\nExecStart=/opt/irq/bin/irq_server\n" in unit.read_text()
    assert (from_source / "usr/local/share/man/man8/irqbalance.8").is_file()
    command = "/opt/irq/bin/irqbalance uninstall && /opt/irq/bin/irq_server uninstall"
    roots.done(from_source, command)
    assert [*from_source.glob("etc/systemd/system/**/*irq*")] == []


def test_one_file_runs_with_the_systems_python_and_installs_itself(from_source: Path):
    maker = ROOT / "irqbalance/src/build/python/single_file.py"
    copy = Path(shutil.copy(wheel("irqbalance"), from_source / "root"))
    subprocess.run([sys.executable, maker, copy], check=True, stdout=subprocess.DEVNULL)
    shutil.copy(copy.with_name("irqbalance.pyz"), from_source / "usr/local/sbin")

    roots.done(from_source, "apt-get update && apt-get install --yes python3")

    found = roots.done(
        from_source,
        """
        cd /
        irqbalance.pyz install --cron
        sed -n 's/^\\*.* root //p' /etc/cron.d/irqbalance-once
        env -i PATH=/usr/bin:/bin sh -c \
            "$(sed -n 's/^\\*.* root \\(.*\\) --quiet.*/\\1/p' /etc/cron.d/irqbalance-once) \
            --dry-run --interval 1s --format json"
        irqbalance.pyz uninstall >&2
        """,
    )

    report = found[found.index("{") :]
    assert json.loads(report)["irqs"]
    assert "/usr/bin/python3 /usr/local/sbin/irqbalance.pyz --quiet --log syslog\n" in found
    assert not (from_source / "etc/cron.d/irqbalance-once").exists()


@only("trixie")
def test_the_steps_of_the_containerfile_make_a_server_of_the_hosts_counters(from_source: Path):
    text = (ROOT / "irq_server/src/main/data/Containerfile").read_text()
    steps = re.findall(r"^([A-Z]+) ((?:.*\\\n)*.*)$", text, re.M)
    words = {name: rest for name, rest in steps}
    (source, target) = words["COPY"].split()
    context = from_source / "root/context"
    context.mkdir()
    packages(context)
    for each in context.glob(source):
        shutil.copy(each, f"{from_source}{target}")

    roots.done(from_source, f"rm -rf /var/lib/irq_server\n{words['RUN']}")
    found = roots.done(
        from_source,
        """
        mkdir -p /host/proc /host/sys && mount --rbind /proc /host/proc && mount --rbind /sys /host/sys
        setpriv --reuid=irq_server --regid=irq_server --clear-groups "$@" --port "$IRQ_SERVER_PORT" &
        sleep 12
        python3 -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())' \
            "$IRQ_CLIENT_SERVER/api/v1/status"
        """,
        *json.loads(words["ENTRYPOINT"]),
        *json.loads(words["CMD"]),
        **ASIDE,
    )

    status = json.loads(found)
    assert status["sampler"]["state"] == "running"
    assert (words["USER"], words["VOLUME"]) == ("irq_server", "/var/lib/irq_server")
    assert [name for name, _ in steps[:2]] == ["FROM", "COPY"]


@only("trixie")
def test_zsh_and_fish_complete_all_three(from_source: Path):
    roots.done(from_source, "apt-get update && apt-get install --yes zsh fish")
    for each in packages(from_source / "root/context"):
        roots.done(from_source, f"apt-get install --yes /root/context/{each.name}")

    for line, offered in (
        ("irqbalance --load ", {"counts", "time"}),
        ("irqbalance install --t", {"--timer"}),
        ("irq_server --log-f", {"--log-file", "--log-format"}),
        ("irq_server exp", {"export"}),
        ("irq_client heat", {"heatmap"}),
    ):
        found = roots.done(from_source, f"fish --command {shlex.quote(f'complete -C {line!r}')}")
        assert {each.split("\t")[0] for each in found.splitlines()} >= offered, line
    script = ROOT / ".ci/tests/inside/complete.zsh"
    shutil.copy(script, from_source / "root")
    for line, offered in (
        ("irqbalance --load ", {"counts", "time"}),
        ("irqbalance install --t", {"--timer"}),
        ("irq_server --log-f", {"--log-file", "--log-format"}),
        ("irq_client heat", {"heatmap"}),
    ):
        found = roots.done(from_source, f"zsh -f /root/complete.zsh {shlex.quote(line)}")
        assert all(each in found for each in offered), (line, found)


def test_lintian_finds_no_error(tmp_path: Path):
    lintian = needs.program("lintian")

    for each in packages(tmp_path):
        done = subprocess.run([lintian, "--fail-on", "error", each], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_the_same_wheel_makes_the_same_package(tmp_path: Path):
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        found.append([each.read_bytes() for each in packages(tmp_path / name)])

    assert found[0] == found[1]
