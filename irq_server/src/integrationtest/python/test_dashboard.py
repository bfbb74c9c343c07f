"""The dashboard as a reader sees it: a real browser on a real server of a busy machine."""

import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import needs
from browsing import axe
from browsing.browser import BROWSERS, Browser, browsing
from browsing.machine import Busy
from conftest import Server, wait_until

WRITES, READS = "a-token-that-writes", "a-token-that-reads"
HOUR = 3600
SCREENSHOTS = Path(__file__).parents[3] / "target/screenshots"
REFUSED = "Failed to load resource: the server responded with a status of"
TAB, ENTER, ESCAPE, SHIFT_LEFT = "\ue004", "\ue007", "\ue00c", "\ue008\ue012\ue000"
LEFT, UP, RIGHT, DOWN, HOME, END = "\ue012", "\ue013", "\ue014", "\ue015", "\ue011", "\ue010"


@dataclass
class Site:
    """A busy machine, its server, and the browsers that look at it."""

    machine: Busy
    server: Server
    folder: Path
    arguments: tuple[str, ...]
    stack: ExitStack
    browsers: dict[object, Browser] = field(default_factory=dict)

    def browser(self, size: tuple[int, int] = (1280, 900), scheme: str = "light") -> Browser:
        """Return a browser that may talk to this server alone; the site ends it."""
        if (size, scheme) not in self.browsers:
            profile = self.folder / f"browser-{len(self.browsers)}"
            started = browsing(profile, [f"{self.server.url}/"], size, scheme)
            self.browsers[size, scheme] = self.stack.enter_context(started)
        self.browsers[size, scheme].console()
        return self.browsers[size, scheme]

    @contextmanager
    def page(self, fragment: str = "", **more: Any) -> Iterator[Browser]:
        """Show the dashboard in a browser whose console stays empty."""
        started = self.browser(**more)
        started.open(f"{self.server.url}/#{fragment}")
        yield started
        assert started.console() == []


@contextmanager
def site(
    folder: Path, cpus: int, seconds: int, step: int = 10, irqs: int = 40, allow: bool = True
) -> Iterator[Site]:
    """Run a machine with a past, and its server."""
    needs.program(*BROWSERS)
    needs.program("chromedriver")
    machine = Busy(folder / "proc", cpus, irqs)
    machine.remember(folder / "data", seconds, step)
    tokens = folder / "tokens"
    tokens.write_text(f"rw {WRITES}\nro {READS}\n")
    tokens.chmod(0o600)
    arguments = (
        "--procfs", str(machine.root), "--sysfs", str(machine.sysfs),
        "--data-dir", str(folder / "data"), "--interval", "1s",
        "--retention", "raw=3650d,1m=3650d,1h=3650d", "--token-file", str(tokens),
        *(["--allow-affinity"] if allow else []),
    )  # fmt: skip
    machine.live()
    server = Server(*arguments)
    with ExitStack() as stack:
        stack.callback(machine.end)
        found = Site(machine, server, folder, arguments, stack)
        stack.callback(lambda: found.server.kill())
        wait_until(lambda: server.get("/readyz").status_code == 200)
        server.wait_for_samples(3)
        yield found


@pytest.fixture(scope="module")
def sixteen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A machine with 16 CPUs and an hour's past, for tests that change nothing."""
    with site(tmp_path_factory.mktemp("sixteen"), 16, HOUR) as found:
        yield found


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Site]:
    """A machine with 4 CPUs and ten minutes' past, to change."""
    with site(tmp_path, 4, 600) as found:
        yield found


# ---- reading ------------------------------------------------------------------------------------


def test_the_first_picture_says_which_cpu_drowns_in_what_since_when(sixteen: Site):
    with sixteen.page() as page:
        page.wait("document.getElementById('verdict').textContent.includes('since')")
        verdict = page.text("#verdict")
        moved = page.js("dashboard.marks.all.find((each) => each.kind === 'affinity').time * 1000")
        clock = page.js("new Date(arguments[0]).toTimeString().slice(0, 5)", moved)

        assert verdict.startswith("CPU 0 takes ")
        assert "mostly eth1-TxRx-6 (IRQ 94)" in verdict
        assert f"since {clock}" in verdict
        assert page.js("document.getElementById('state').className") == "live"
        assert page.js("dashboard.shown.length") > 1
        assert page.text("#irqs tbody tr").startswith("94")
        assert pixel(page, 0, 0.95) > 2 * pixel(page, 7, 0.95)


def pixel(page: Browser, cpu: int, part: float) -> float:
    """Return the brightness of a CPU's cell at a part of the time axis."""
    script = """(() => {
      const { heat } = dashboard, canvas = document.getElementById('cells');
      const x = heat.left + arguments[1] * (heat.width - heat.left);
      const y = heat.yOf(heat.rows.findIndex((row) => row.cpu === arguments[0]));
      const copy = document.createElement('canvas').getContext('2d');
      copy.drawImage(canvas, -x * heat.ratio, -y * heat.ratio);
      const at = copy.getImageData(0, 0, 1, 1).data;
      return at[0] + at[1] + at[2]; })()"""
    return float(page.js(script, cpu, part))


def place(page: Browser, cpu: int, part: float) -> tuple[float, float]:
    """Return where a CPU's cell at a part of the time axis lies on the map."""
    script = """(() => { const { heat } = dashboard;
      return [heat.left + arguments[1] * (heat.width - heat.left),
              heat.yOf(heat.rows.findIndex((row) => row.cpu === arguments[0]))]; })()"""
    x, y = page.js(script, cpu, part)
    return x, y


def test_hovering_shows_cpu_time_rate_and_the_top_three(sixteen: Site):
    with sixteen.page() as page:
        page.type("#map", SHIFT_LEFT)  # a live map would move below the pointer
        page.wait("dashboard.state.end !== null && dashboard.tiles.isComplete")
        page.wait("Math.abs(dashboard.heat.view.end - dashboard.state.end) < 1")
        page.mouse("mouseMoved", *place(page, 0, 0.97))
        page.wait("document.querySelectorAll('#tip p').length === 4")

        head, rate, *top = filter(None, page.text("#tip").splitlines())
        assert head.startswith("CPU 0, ")
        assert rate.endswith(" interrupts a second")
        assert "94 eth1-TxRx-6" in top[0]
        assert "94 eth1-TxRx-6" in page.js("document.getElementById('spoken').textContent")

        asked = len([url for url in page.asked() if "/cpus/0" in url])
        page.mouse("mouseMoved", *place(page, 3, 0.97))
        page.mouse("mouseMoved", *place(page, 0, 0.97))
        page.wait("document.querySelectorAll('#tip p').length === 4")
        assert asked == 1
        assert [url for url in page.asked() if "/cpus/0" in url] == []


def test_arrow_keys_move_the_cursor_and_enter_pins_the_cpu(sixteen: Site):
    with sixteen.page() as page:
        page.type("#map", LEFT)
        first = page.js("dashboard.cursor.cell")
        page.type("#map", DOWN, LEFT, ENTER)
        then = page.js("dashboard.cursor.cell")

        assert first["cpu"] == 0  # the busiest
        assert then["cpu"] == 1
        assert then["start"] == first["start"] - page.js("dashboard.source.step")
        assert page.js("dashboard.state.pins") == [1]
        page.wait("location.hash.includes('cpu=1')")
        page.wait("document.getElementById('lines-key').textContent.includes('CPU 1')")
        page.type("#map", ENTER)
        assert page.js("dashboard.state.pins") == []


def test_a_click_pins_a_cpu_and_the_table_shows_what_fires_on_it(sixteen: Site):
    with sixteen.page() as page:
        x, y = place(page, 3, 0.9)
        page.mouse("mousePressed", x, y)
        page.mouse("mouseReleased", x, y)

        page.wait("document.getElementById('irqs-window').textContent.startsWith('on CPU 3, ')")
        rows = page.js("[...document.querySelectorAll('#irqs tbody th')].map((th) => th.innerText)")
        assert rows == ["LOC", "103", "119", "RES", "135"]  # 100, 30, 6.3, 6 and 3.3 a second


def test_a_drag_selects_a_stretch_and_the_table_follows(sixteen: Site):
    with sixteen.page() as page:
        page.drag(place(page, 5, 0.05), place(page, 5, 0.25))
        page.wait("document.getElementById('irqs-window').textContent.startsWith('selection')")

        assert "sel=" in page.js("location.hash")
        assert page.text("#selection").startswith("Selected:")
        rows = page.js("dashboard.answer.irqs.find((each) => each.irq === '94').rate")
        assert rows < 10  # IRQ 94 was quiet in the first third
        assert page.text("#verdict").startswith("CPU 15 took")

        page.click("#selection-zoom")
        page.wait("dashboard.state.span < 1000 && dashboard.state.end !== null")
        assert page.js("document.getElementById('state').className") == "paused"
        page.driver.back()
        page.wait("dashboard.state.span === 3600 && dashboard.state.from !== null")
        page.driver.back()
        page.wait("dashboard.state.from === null")
        page.driver.forward()
        page.wait("dashboard.state.from !== null")


def test_keys_select_a_stretch_too(sixteen: Site):
    with sixteen.page() as page:
        page.type("#map", HOME, "s", RIGHT, RIGHT, "s")

        step = page.js("dashboard.source.step")
        assert page.js("dashboard.state.to - dashboard.state.from") == 3 * step
        page.type("#map", ESCAPE)
        assert page.js("dashboard.state.from") is None


def test_zooming_keeps_the_place_and_panning_pauses(sixteen: Site):
    with sixteen.page() as page:
        page.type("#map", SHIFT_LEFT)
        page.wait("dashboard.state.end !== null")
        x, y = place(page, 3, 0.5)
        before = page.js("dashboard.heat.timeOf(arguments[0])", x)
        page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-120, modifiers=2)
        page.wait("dashboard.state.span < 3600")
        page.wait(
            "dashboard.heat.view && Math.abs(dashboard.heat.view.end - dashboard.heat.view.start"
            " - dashboard.state.span) < 1"
        )

        assert page.js("dashboard.heat.timeOf(arguments[0])", x) == pytest.approx(before, abs=1)
        end = page.js("dashboard.state.end")
        page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-100, modifiers=8)
        page.wait("dashboard.state.end < arguments[0]", end)
        page.click("#live")
        page.wait("dashboard.state.end === null")


def test_fingers_tap_pan_zoom_and_select(sixteen: Site):
    with sixteen.page(size=(380, 900)) as page:
        left, middle, right = (place(page, 3, part) for part in (0.3, 0.5, 0.7))
        page.touch("touchStart", middle)
        page.touch("touchEnd")
        page.wait("dashboard.state.pins[0] === 3")
        page.wait("document.getElementById('tip').innerText.startsWith('CPU 3, ')")

        page.touch("touchStart", left, right)
        page.touch("touchMove", left, (right[0] + 40, right[1]))
        page.touch("touchEnd")
        page.wait("dashboard.state.span < 3600 && dashboard.state.end === null")

        page.touch("touchStart", left)
        page.touch("touchMove", middle)
        page.touch("touchEnd")
        page.wait("dashboard.state.end !== null")

        now = page.js("performance.now()")
        page.touch("touchStart", left)
        page.wait("performance.now() > arguments[0] + 700", now)
        page.touch("touchMove", middle)
        page.touch("touchEnd")
        page.wait("dashboard.state.from !== null")


def test_a_click_on_a_mark_of_the_lines_compares_too(sixteen: Site):
    with sixteen.page() as page:
        time = page.js("dashboard.marks.all.find((each) => each.kind === 'affinity').time")
        page.js("document.getElementById('rates').scrollIntoView({ block: 'center' })")
        box = page.js("document.querySelector('#rates .u-over').getBoundingClientRect()")
        part = page.js("(arguments[0] - dashboard.view.start) / dashboard.state.span", time)
        at = {"x": box["x"] + part * box["width"], "y": box["y"] + 20, "button": "left"}
        page.command("Input.dispatchMouseEvent", {"type": "mouseMoved", **at, "button": "none"})
        for kind in ("mousePressed", "mouseReleased"):
            page.command("Input.dispatchMouseEvent", {"type": kind, "clickCount": 1, **at})
        page.wait("dashboard.state.change === arguments[0]", time)
        page.wait("document.querySelectorAll('#compare-table tbody tr').length === 2")


def test_a_wheel_without_a_key_scrolls_the_page(sixteen: Site):
    with sixteen.page() as page:
        page.mouse("mouseWheel", *place(page, 3, 0.5), deltaX=0, deltaY=200)
        page.wait("window.scrollY > 0")

        assert page.js("dashboard.state.span") == HOUR


def test_a_shared_address_shows_the_same_view(sixteen: Site):
    with sixteen.page(
        "span=1800&cpu=3,15&scale=log&colour=cividis&order=load&sort=irq&filter=nvme1"
    ) as page:
        assert page.js("document.querySelectorAll('#ranges [aria-pressed=true]').length") == 0
        assert page.js("document.getElementById('choice-scale').value") == "log"
        assert page.js("document.getElementById('filter').value") == "nvme1"
        first = page.js(
            "[...document.querySelectorAll('#irqs tbody th')].map((th) => th.innerText)"
        )
        assert first == sorted(first, key=int)
        assert "nvme1q" in page.text("#irqs tbody tr")
        page.wait("dashboard.heat.rows[0].cpu === 0 && dashboard.heat.rows[1].cpu === 15")


def test_an_address_that_names_no_irq_of_this_server_says_so(sixteen: Site):
    page = sixteen.browser()
    page.driver.get(f"{sixteen.server.url}/#irq=no-such&cpu=999999&span=x")
    page.wait("document.getElementById('remarks').innerText.includes('no-such')")
    page.click("#all-irqs")
    page.wait("document.body.dataset.drawn")
    page.wait("!document.getElementById('remarks').innerText.includes('no-such')")
    assert all(f"{REFUSED} 404" in line for line in page.console())


def test_an_irqs_row_opens_its_own_history(sixteen: Site):
    with sixteen.page() as page:
        page.click("#irqs tbody tr td.device button")
        page.wait("document.getElementById('map-what').textContent === 'IRQ 94 eth1-TxRx-6'")
        page.wait("dashboard.tiles.isComplete")

        assert page.js("location.hash") == "#irq=94"
        page.wait("dashboard.columns.length > 100")
        busiest = page.js("[...new Set(dashboard.summary.who)]")
        assert set(busiest) <= {0, 15, None}
        page.click("#all-irqs")
        page.wait("location.hash === ''")


def test_live_cells_appear_at_the_sampling_interval(sixteen: Site):
    with sixteen.page("span=300") as page:
        before = page.js("dashboard.last")
        page.wait("dashboard.last >= arguments[0] + 3", before)
        page.wait("dashboard.columns.at(-1).end >= arguments[0] + 3", before)
        page.asked()
        page.wait("dashboard.last >= arguments[0] + 5", before)

        series = [url for url in page.asked() if "by=cpu" in url]
        assert series
        for url in series:  # only what is new is fetched
            start, end = (
                float(url.split(f"{edge}=")[1].split("&")[0]) for edge in ("start", "end")
            )
            assert end - start <= 5


def test_nothing_is_fetched_while_the_page_is_hidden(sixteen: Site):
    with sixteen.page("span=300") as page:
        hide = (
            "Object.defineProperty(document, 'hidden', { value: arguments[0], configurable: true })"
        )
        page.js(f"({hide}, true)", True)
        page.driver.implicitly_wait(0)
        page.wait(
            "!dashboard.tiles.isFetching && performance.now() > arguments[0] + 2000",
            page.js("performance.now()"),
        )
        page.asked()
        page.wait("performance.now() > arguments[0] + 2500", page.js("performance.now()"))
        assert [url for url in page.asked() if "/api/" in url] == []
        page.js(f"({hide}, document.dispatchEvent(new Event('visibilitychange')), true)", False)
        before = page.js("dashboard.last")
        page.wait("dashboard.last > arguments[0]", before)


def test_a_click_on_a_change_compares_before_and_after(sixteen: Site):
    with sixteen.page() as page:
        time = page.js("dashboard.marks.all.find((each) => each.kind === 'affinity').time")
        x = page.js("dashboard.heat.xOf(arguments[0])", time)
        page.mouse("mousePressed", x, 6)
        page.mouse("mouseReleased", x, 6)
        page.wait("document.querySelectorAll('#compare-table tbody tr').length === 2")

        # 4,500/s and 900/s on CPU 15; then 4,500/s and 120/s on CPU 0
        assert page.text("#compare-text").startswith("The change helped: the busiest CPU has 1")
        before, after = page.text("#compare-table tbody").splitlines()
        assert before.startswith("Before\tCPU 15\t5,")
        assert after.startswith("After\tCPU 0\t4,")
        page.click("#compare-close")
        page.wait("document.getElementById('compare').hidden")


def test_coarse_steps_say_that_they_are_means(sixteen: Site):
    with sixteen.page("span=86400") as page:
        assert page.text("#legend-mean") == "mean over 3 min"


def test_a_picture_and_a_table_for_a_ticket(sixteen: Site, tmp_path: Path):
    with sixteen.page() as page:
        page.command(
            "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
        )
        page.js("document.querySelector('.folds details').open = true")
        page.click("#save")
        wait_until(lambda: bool(list(tmp_path.glob("interrupts-*.png"))))
        assert next(tmp_path.glob("*.png")).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"

        page.command(
            "Browser.grantPermissions",
            {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
        )
        page.js("document.getElementById('filter').value = ''")
        page.click("#copy")
        page.wait("document.getElementById('copy').textContent === 'Copied'")
        copied = page.driver.execute_async_script(
            "navigator.clipboard.readText().then(arguments[0])"
        )
        head, first, *_ = copied.splitlines()
        assert head.startswith("irq,device,rate,share,affinity,effective_affinity,cpu0,cpu1,")
        assert first.startswith("94,eth1-TxRx-6,")


def test_there_is_a_table_behind_the_pictures(sixteen: Site):
    with sixteen.page() as page:
        page.click("#numbers summary")
        page.wait("document.querySelectorAll('#cpus tbody tr').length === 16")
        page.click("#changes summary")
        page.wait(
            "document.getElementById('changes-list').innerText"
            ".includes('IRQ 94 moved from CPU 15 to 0')"
        )
        assert page.text("#cpus tbody tr").startswith("CPU 0")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 380])
def test_nothing_keeps_people_from_using_the_page(sixteen: Site, width: int, scheme: str):
    script = axe.script()
    with sixteen.page("cpu=3", size=(width, 900), scheme=scheme) as page:
        page.js(
            "(document.querySelectorAll('details').forEach((each) => (each.open = true)), true)"
        )
        time = page.js("dashboard.marks.all.find((each) => each.kind === 'affinity').time")
        page.js("dashboard.change({ change: arguments[0] })", time)
        page.wait("document.querySelectorAll('#compare-table tbody tr').length === 2")
        page.driver.execute_script(script)
        run = "axe.run().then((found) => arguments[0](found.violations))"
        found = page.driver.execute_async_script(run)

        serious = [
            (each["id"], each["nodes"][0]["html"][:200], each["nodes"][0]["failureSummary"][:300])
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
        assert serious == []
        assert page.js("document.documentElement.scrollWidth") <= width
        page.screenshot(SCREENSHOTS / f"sixteen-{width}-{scheme}.png")


def test_the_picture_for_the_readme_is_taken(sixteen: Site):
    with sixteen.page("cpu=0,15", size=(1280, 1250)) as page:
        page.wait("document.getElementById('verdict').textContent.includes('since')")
        page.wait("dashboard.tiles.isComplete && dashboard.sparks !== null")
        page.mouse("mouseMoved", *place(page, 15, 0.5))
        page.wait("document.querySelectorAll('#tip p').length === 4")
        page.screenshot(SCREENSHOTS / "dashboard.png")


# ---- a server that is lost, or wants a token ----------------------------------------------------


def test_a_lost_server_leaves_the_picture_and_is_found_again(small: Site):
    port = small.server.url.rpartition(":")[2]
    page = small.browser()
    page.open(f"{small.server.url}/#span=300")
    small.server.kill()
    page.wait("document.getElementById('state').className === 'unreachable'")

    assert "picture is" in page.text("#state-text")
    assert pixel(page, 0, 0.95) > 200
    small.server = Server(*small.arguments, "--port", port)
    page.wait("document.getElementById('state').className === 'live'")
    before = page.js("dashboard.columns.at(-1).end")
    page.wait("dashboard.columns.at(-1).end > arguments[0]", before)
    assert [line for line in page.console() if "ERR_CONNECTION_REFUSED" not in line] == []


def test_a_failing_sampler_is_named_with_the_servers_reason(small: Site):
    with small.page("span=300") as page:
        small.machine.end()  # its tree goes, too
        page.wait("document.getElementById('state').className === 'failing'")

        reason = small.server.json("/api/v1/status")["sampler"]["last_error"]
        assert page.text("#state-text") == f"sampler failing: {reason}"


def test_beyond_loopback_the_page_opens_and_asks_for_a_token(small: Site):
    small.server.kill()
    everywhere = "0.0.0.0"  # noqa: S104 - that is the point
    small.server = Server(*small.arguments, "--host", everywhere)
    small.server.url = small.server.url.replace(everywhere, "127.0.0.1")
    page = small.browser()
    page.driver.get(f"{small.server.url}/")
    page.wait("document.getElementById('token').open")
    page.type("#token-value", "wrong-token", ENTER)
    page.wait("document.getElementById('token-text').textContent.includes('does not know')")
    page.type("#token-value", READS, ENTER)
    page.wait("document.body.dataset.drawn && document.querySelector('#irqs tbody tr')")
    assert all(f"{REFUSED} 401" in line for line in page.console())
    assert page.js("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


# ---- affinities ---------------------------------------------------------------------------------


def wait_for_result(page: Browser, text: str) -> None:
    """Wait until the dialog's result begins with a text."""
    result = "document.querySelector('[data-part=result]').textContent"
    page.wait(f"{result}.startsWith(arguments[0])", text)


def ask_for(page: Browser, cpus: str, token: str) -> None:
    """Open the dialog of the table's first IRQ, and set its affinity."""
    page.click("#irqs tbody td.affinity button")
    page.wait("!document.querySelector('[data-part=set]').disabled")
    page.driver.find_element("css selector", "[data-part=cpus]").clear()
    page.type("[data-part=cpus]", cpus)
    page.type("[data-part=token]", token, ENTER)


def test_an_affinity_is_set_followed_marked_and_undone(small: Site):
    file = small.machine.root / "irq/94/smp_affinity_list"
    with small.page("span=300") as page:
        ask_for(page, "2-3", WRITES)

        wait_for_result(page, "Done")
        assert file.read_text() == "2-3\n"
        assert page.text("[data-part=before]") == "0"
        assert page.text("[data-part=now]") == "2-3"
        assert page.text("[data-part=arrives]") == "2"
        page.wait("dashboard.marks.all.some((mark) => mark.from === '0' && mark.to === '2-3')")

        page.click("[data-part=undo]")
        page.wait("document.querySelector('[data-part=now]').textContent === '0'")
        assert file.read_text() == "0\n"
        page.click("[data-part=close]")
        assert page.text("#notice-text") == "IRQ 94 eth1-TxRx-6: CPU 2-3 → 0."


def test_a_pending_affinity_says_where_the_irq_still_arrives(small: Site):
    small.machine.devices[66].rate = 0  # an IRQ that does not fire never arrives elsewhere
    with small.page("span=300&filter=66") as page:
        ask_for(page, "1", WRITES)

        wait_for_result(page, "Written. Pending: it arrives on CPU 3 until it fires next.")
        assert page.text("[data-part=arrives]") == "3 (pending)"


@pytest.mark.parametrize(
    ("token", "cpus", "said", "status"),
    [
        ("wrong-token", "1", "The server does not know this token.", 401),
        ("", "1", "Writing needs a token.", 401),
        (READS, "1", "Not allowed: this token may read, not write.", 403),
        (WRITES, "7", "Refused: ", 409),
        (WRITES, "x", "Expected a CPU list, such as 0-3,8.", None),
    ],
)
def test_a_refusal_shows_its_reason(
    small: Site, token: str, cpus: str, said: str, status: int | None
):
    before = (small.machine.root / "irq/94/smp_affinity_list").read_text()
    page = small.browser()
    page.open(f"{small.server.url}/")
    ask_for(page, cpus, token)

    page.wait("document.querySelector('[data-part=result]').className === 'bad'")
    assert page.text("[data-part=result]").startswith(said)
    assert (small.machine.root / "irq/94/smp_affinity_list").read_text() == before
    console = page.console()
    assert all(f"{REFUSED} {status}" in line for line in console)
    assert len(console) == (status is not None)


def test_a_managed_irq_cannot_be_set(small: Site):
    (small.machine.root / "irq/94/smp_affinity_list").chmod(
        stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
    )
    with small.page("filter=94") as page:
        assert page.js("document.querySelector('#irqs tbody td.affinity button').disabled")
        assert page.text("#irqs tbody td.affinity").endswith("managed by the kernel")

        page.js("dashboard.dialog.open(dashboard.irqNamed('94'))")  # as "Undo" of a change does
        wait_for_result(page, "Managed")
        assert page.js("document.querySelector('[data-part=set]').disabled")


def test_where_writes_are_not_allowed_affinities_are_plain_text(tmp_path: Path):
    with site(tmp_path, 2, 60, allow=False) as found, found.page("span=300") as page:
        assert page.text("#irqs tbody td.affinity") == "0"
        assert page.js("document.querySelectorAll('#irqs td.affinity button').length") == 0


def test_isolated_and_offline_cpus_are_marked(small: Site):
    small.machine.isolate("3")
    small.machine.offline.add(2)
    small.machine.devices[94].cpu = 0
    with small.page("span=300&order=node") as page:
        page.wait("document.getElementById('key').textContent === '◇ isolated, ✕ offline'")
        page.wait("document.getElementById('remarks').innerText"
                  ".includes('CPU 3 is isolated, yet nvme0q1 (IRQ 66) fires on it: ')")  # fmt: skip
        rows = page.js("dashboard.heat.rows")
        assert [(each["cpu"], each["node"]) for each in rows] == [(0, 0), (1, 0), (2, 1), (3, 1)]
        assert page.js("[...dashboard.usable]") == [0, 1]
        page.wait("dashboard.marks.all.some((mark) => mark.text === 'CPU 2 went offline')")
        page.screenshot(SCREENSHOTS / "isolated-and-offline.png")


# ---- small and large machines -------------------------------------------------------------------


@pytest.mark.parametrize("cpus", [2, 128])
def test_a_reader_answers_five_questions_by_keyboard_alone(tmp_path: Path, cpus: int):
    with site(tmp_path, cpus, HOUR, step=20) as found, found.page() as page:
        page.wait("document.getElementById('verdict').textContent.includes('since')")
        moved = page.js("dashboard.marks.all.find((each) => each.kind === 'affinity').time")
        clock = page.js("new Date(arguments[0] * 1000).toTimeString().slice(0, 5)", moved)
        verdict = page.text("#verdict")
        page.screenshot(SCREENSHOTS / f"question-{cpus}-1-which-cpu.png")

        # which CPU, which device, since when
        assert verdict.startswith("CPU 0 takes ")
        assert f"mostly eth1-TxRx-6 (IRQ 94), since {clock}." in verdict

        # did the move help
        page.tab_to("Did it help?")
        page.press(ENTER)
        page.wait("document.querySelectorAll('#compare-table tbody tr').length === 2")
        page.screenshot(SCREENSHOTS / f"question-{cpus}-2-did-it-help.png")
        assert page.text("#compare-text").startswith("The change helped: ")

        # undo it
        page.tab_to("Undo …")
        page.press(ENTER)
        page.wait("document.activeElement === document.querySelector('[data-part=cpus]')")
        page.wait("!document.querySelector('[data-part=set]').disabled")
        page.press(TAB)
        page.press(WRITES, ENTER)
        wait_for_result(page, "Done")
        page.screenshot(SCREENSHOTS / f"question-{cpus}-3-undone.png")
        file = found.machine.root / "irq/94/smp_affinity_list"
        assert file.read_text() == f"{cpus - 1}\n"
        page.press(ESCAPE)
        page.wait("!document.getElementById('affinity').open")


def test_a_thousand_irqs_are_shown_sixty_first(tmp_path: Path):
    with site(tmp_path, 16, 60, irqs=1000) as found, found.page("span=300") as page:
        page.wait("document.querySelectorAll('#irqs tbody tr').length === 60")
        page.click("#more")
        page.wait("document.querySelectorAll('#irqs tbody tr').length > 900")
        page.type("#filter", "eth1")
        page.wait("document.querySelectorAll('#irqs tbody tr').length === 1")


@pytest.mark.slow
def test_a_year_is_shown_in_coarse_means(tmp_path: Path):
    year = 365 * 24 * HOUR
    with (
        site(tmp_path, 2, year, step=24 * HOUR, irqs=4) as found,
        found.page(f"span={year}") as page,
    ):
        page.wait("dashboard.tiles.isComplete && dashboard.columns.length > 300")

        assert page.text("#legend-mean") == "mean over 24 h"
        page.wait("document.getElementById('verdict').textContent.includes('since about')")
        assert page.js("dashboard.summary.busiest.filter((each) => each !== null).length") > 300
        page.screenshot(SCREENSHOTS / "year.png")


HOSTILE = (
    "<img src=x onerror=document.title='owned'>",
    "</script><script>document.title='owned'</script>",
    "=HYPERLINK('http://203.0.113.9','x')",
    "\u202eevil\u200b" + "w" * 300,
    "\"onmouseover=alert(1)'",
)


def test_a_hostile_trees_device_names_do_no_harm(tmp_path: Path):
    with site(tmp_path, 2, 60, irqs=12) as found:
        for number, name in enumerate(HOSTILE):
            found.machine.devices[100 + number].name = name
        found.server.wait_for_samples(3)
        with found.page("span=300") as page:
            page.wait("document.getElementById('irqs').innerText.includes('onerror=')")
            rows = page.text("#irqs tbody")
            assert HOSTILE[1] in rows
            page.mouse("mouseMoved", *place(page, 0, 0.99))
            page.wait("document.querySelectorAll('#tip p').length > 1")
            page.js("[...document.querySelectorAll('#irqs td.affinity button')].at(2).click()")
            page.wait("document.getElementById('affinity').open")
            assert page.js("document.querySelectorAll('img, script:not([src])').length") == 0
            assert "owned" not in page.driver.title
            assert page.js("document.documentElement.scrollWidth") <= 1280
