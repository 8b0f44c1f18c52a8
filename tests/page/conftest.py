"""The page as a process of its own, and Chromium to look at it; nothing may leave this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

HOUSE = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
"""As root there is no sandbox; and Chromium shall call nobody at home."""
PATIENCE = 120_000
"""Milliseconds: a small machine sets the stage in ten seconds, one that is busy with six times its work in a minute."""
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PLACES = {"Robin": "p1", "Kit": "p2", "Alma": "p3", "Bo": "p4", "Sam": "p5"}

expect.set_options(timeout=PATIENCE)


@dataclass
class Served:
    """`greenroom rehearse`, serving."""

    process: subprocess.Popen[bytes]
    url: str


@contextmanager
def serving(folder: Path, *, pace: str = "0") -> Iterator[Served]:
    """A rehearsal that keeps what is temporary in this folder, until it is interrupted."""
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE), "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "bot", "rehearse", "--port", "0", "--json", "--pace", pace]
    process = subprocess.Popen(command, cwd=folder, env=bare, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = b""
    while not said.rstrip().endswith(b"}"):
        line = process.stdout.readline()
        assert line, "the page did not begin to serve"
        said += line
    yield Served(process, json.loads(said)["url"])
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One rehearsal for the tests of a file; whoever wants a fresh line begins anew."""
    folder = tmp_path_factory.mktemp("page")
    with serving(folder) as one:
        yield one
    assert not list(folder.iterdir()), "a rehearsal leaves nothing"


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of this folder, gone before those of the next: its loop would be in their way."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """One browser on the page. `wrong` collects what must not happen: errors, and requests to anybody else."""

    page: Page
    url: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("console", self._heard)
        self.page.on("request", lambda request: self._asked(request.url))

    def _heard(self, message: Any) -> None:
        # The browser itself remarks on every answer that is a "no"; the tests ask for some.
        if message.type in ("error", "warning") and "409 (Conflict)" not in message.text:
            self.wrong.append(f"console: {message.text}")

    def _asked(self, url: str) -> None:
        if urlsplit(url).netloc != urlsplit(self.url).netloc:
            self.wrong.append("a request left for somebody else")

    def comes(self, path: str = "/") -> None:
        """Opens the page, and waits until the stage is set."""
        self.page.goto(self.url + path)
        self.stage_is_set()

    def stage_is_set(self) -> None:
        expect(self.page.locator(".program.runs")).to_have_count(1, timeout=PATIENCE)
        expect(self.page.locator(".spinner")).to_have_count(0, timeout=PATIENCE)

    def begins(self, script: str = "", *, by: str = "itself") -> None:
        """Another line: a script, or a free one."""
        generation = self.generation
        if script:
            self.opens_the_desk()
            self.page.select_option("#script", script)
            self.page.click(f"[name=by][value={by}]")
        else:
            self.page.click("#end" if self.page.locator("#end").count() else "#again")
        html = self.page.locator("html")
        expect(html).not_to_have_attribute("data-generation", generation, timeout=PATIENCE)

    def opens_the_desk(self) -> None:
        if self.page.locator(".desk:not([open]) > summary").is_visible():
            self.page.click(".desk > summary")

    @property
    def generation(self) -> str:
        return str(self.page.evaluate("document.documentElement.dataset.generation"))

    def phone(self, name: str) -> Locator:
        return self.page.locator(f"#phone-{PLACES.get(name, name)}")

    def log(self, name: str) -> Locator:
        return self.page.locator(f"#log-{PLACES.get(name, name)}")

    def writes(self, name: str, text: str) -> None:
        box = self.phone(name).locator("textarea")
        box.fill(text)
        box.press("Enter")

    def menu(self, name: str, gesture: str) -> None:
        """Chooses from the menu of a phone."""
        self.phone(name).locator(".menu summary").click()
        self.phone(name).locator(f"#do-{gesture}-{PLACES.get(name, name)}").click()

    def shows(self, name: str, text: str) -> Locator:
        """Waits for a message with this text on a phone; the message."""
        found = self.log(name).locator(".message", has_text=text).last
        expect(found).to_be_visible()
        return found

    def texts(self, name: str) -> list[str]:
        """What a phone has received, oldest first."""
        return self.log(name).locator(".got .words").all_inner_texts()

    def takes(self, name: str) -> None:
        """A counselor takes what is offered to her."""
        self.shows(name, "New conversation").get_by_role("button", name="Take").click()
        self.shows(name, "is yours")

    def is_accessible(self) -> None:
        """axe-core finds nothing to complain of."""
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()

    def fits(self) -> None:
        """No scrolling sideways: nothing is wider than the window."""
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


Visit = Callable[..., Visitor]


@contextmanager
def visiting(chromium: Browser, url: str) -> Iterator[Visit]:
    """Browsers on one page. In the end they are closed, and nothing has gone wrong."""
    visitors: list[Visitor] = []

    def opened(path: str = "/", **more: Any) -> Visitor:
        context = chromium.new_context(
            **{"viewport": WIDE, "locale": "en-US", "reduced_motion": "reduce"} | more
        )
        context.set_default_timeout(PATIENCE)
        visitor = Visitor(context.new_page(), url)
        visitors.append(visitor)
        visitor.comes(path)
        return visitor

    yield opened
    wrong = [one for visitor in visitors for one in visitor.wrong]
    for visitor in visitors:
        visitor.page.context.close()
    assert not wrong


@pytest.fixture
def visit(chromium: Browser, served: Served) -> Iterator[Visit]:
    """Opens the page in a browser of its own: `visit(viewport=NARROW, …)`."""
    with visiting(chromium, served.url) as visit:
        yield visit


@pytest.fixture(scope="module")
def onlooker(chromium: Browser, served: Served) -> Iterator[Visitor]:
    """One browser for the tests of a file, for those who need a stage that is set and do not touch its page."""
    with visiting(chromium, served.url) as visit:
        yield visit()
