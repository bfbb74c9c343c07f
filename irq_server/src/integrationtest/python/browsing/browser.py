"""A real Chromium that a test drives as a reader would."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import needs

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WAIT_SECONDS = 60.0
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests may run as root, in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
PHONE_PIXELS = 500
"""Below this width the browser is a phone's."""


class Browser:
    """One browser window."""

    def __init__(self, profile: Path, size: tuple[int, int], scheme: str = "light") -> None:
        """Start a browser of a size, in a colour scheme."""
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = needs.program(*BROWSERS)
        width, height = size
        own = (f"--user-data-dir={profile}", f"--window-size={width},{height}")
        for flag in (*FLAGS, *own):
            options.add_argument(flag)
        if width < PHONE_PIXELS:
            metrics = {"width": width, "height": height, "pixelRatio": 2}
            options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(needs.program("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_script_timeout(WAIT_SECONDS)
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.command("Emulation.setEmulatedMedia", media)

    def command(self, name: str, parameters: dict[str, Any]) -> Any:
        """Send a command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, parameters)

    def open(self, url: str) -> None:
        """Open the dashboard at an address, and wait for its first picture and its table."""
        self.driver.get("about:blank")  # a change of the fragment alone loads nothing
        self.driver.get(url)
        self.wait("document.body.dataset.drawn && document.querySelector('#irqs tbody tr')")

    def js(self, script: str, *arguments: object) -> Any:
        """Return the value of an expression in the page; `arguments[0]` is the first argument."""
        return self.driver.execute_script(f"return {script}", *arguments)

    def module(self, name: str, expression: str, *arguments: object) -> Any:
        """Return an expression's value; `m` is a module of the dashboard, `a` the arguments."""
        script = (
            f"const a = arguments, done = arguments[arguments.length - 1];"
            f"import('/static/dashboard/{name}').then((m) => done([{expression}]),"
            f" (error) => done(String(error)))"
        )
        value = self.driver.execute_async_script(script, *arguments)
        assert isinstance(value, list), value
        return value[0]

    def wait(self, condition: str, *arguments: object) -> Any:
        """Wait until an expression is true, and return it."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not (value := self.js(condition, *arguments)):
            assert time.monotonic() < deadline, f"in vain: {condition}"
            time.sleep(0.02)
        return value

    def text(self, selector: str) -> str:
        """Return the visible text of an element."""
        return str(self.js("document.querySelector(arguments[0]).innerText", selector))

    def click(self, selector: str) -> None:
        """Click an element, after scrolling it out from below the header."""
        self.js(
            "document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })", selector
        )
        self.driver.find_element("css selector", selector).click()

    def type(self, selector: str, *keys: str) -> None:
        """Send keys to an element."""
        self.driver.find_element("css selector", selector).send_keys(*keys)

    def press(self, *keys: str) -> None:
        """Send keys to what has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def tab_to(self, text: str) -> None:
        """Press Tab until something with this text or label has the focus."""
        from selenium.webdriver.common.keys import Keys

        for _ in range(200):
            self.press(Keys.TAB)
            focused = "(document.activeElement.ariaLabel ?? document.activeElement.textContent)"
            if text in self.js(focused):
                return
        raise AssertionError(f"no Tab leads to {text!r}")

    def mouse(self, kind: str, x: float, y: float, **more: object) -> None:
        """Send a mouse event at a place of the map."""
        box = self.js("document.getElementById('map').getBoundingClientRect()")
        place = {"x": box["x"] + x, "y": box["y"] + y}
        button = "none" if kind == "mouseMoved" and not more.get("buttons") else "left"
        if kind == "mouseWheel":
            button = "none"
        event = {"type": kind, "button": button, "clickCount": 1, **place, **more}
        self.command("Input.dispatchMouseEvent", event)

    def drag(self, start: tuple[float, float], end: tuple[float, float], **more: object) -> None:
        """Drag on the map."""
        self.mouse("mousePressed", *start, **more)
        middle = ((start[0] + end[0]) / 2, end[1])
        for place in (middle, end):
            self.mouse("mouseMoved", *place, buttons=1, **more)
        self.mouse("mouseReleased", *end, **more)

    def touch(self, kind: str, *places: tuple[float, float]) -> None:
        """Send a touch event with fingers at places of the map."""
        box = self.js("document.getElementById('map').getBoundingClientRect()")
        points = [
            {"x": box["x"] + x, "y": box["y"] + y, "id": number}
            for number, (x, y) in enumerate(places)
        ]
        self.command("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def console(self) -> list[str]:
        """Return what the console got since the last call."""
        return [each["message"] for each in self.driver.get_log("browser")]

    def asked(self) -> list[str]:
        """Return the addresses that pages requested since the last call."""
        events = [
            json.loads(each["message"])["message"] for each in self.driver.get_log("performance")
        ]
        found = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [each["request"]["url"] for each in found]

    def screenshot(self, path: Path) -> None:
        """Save a picture of the window."""
        path.parent.mkdir(parents=True, exist_ok=True)
        assert self.driver.save_screenshot(str(path))

    def close(self) -> None:
        """End the browser."""
        self.driver.quit()


@contextmanager
def browsing(
    profile: Path,
    origins: Sequence[str],
    size: tuple[int, int] = (1280, 900),
    scheme: str = "light",
) -> Iterator[Browser]:
    """Run a browser while the block runs. Fail if a page requests anything beyond `origins`."""
    browser = Browser(profile, size, scheme)
    try:
        yield browser
        outside = [
            url
            for url in browser.asked()
            if not url.startswith((*origins, "about:", "data:", "blob:", "chrome:"))
        ]
        assert outside == []
    finally:
        browser.close()
