"""`make pictures`: the README's pictures, taken of the page as it is."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.page.conftest import CHROMIUM, HOUSE, NARROW, QUIET, WIDE, Visitor, serving

FOLDER = HOUSE / "docs" / "pictures"
SCENE = "3"
"""The scene of the first script that the pictures show: somebody answers."""


def visited(browser: Browser, url: str, **more: Any) -> Visitor:
    context = browser.new_context(locale="en-US", reduced_motion="reduce", **more)
    visitor = Visitor(context.new_page(), url)
    visitor.comes()
    return visitor


def main(folder: Path = FOLDER) -> None:
    """The first script as far as its third scene, at three widths."""
    folder.mkdir(exist_ok=True)
    with (
        TemporaryDirectory() as temporary,
        serving(Path(temporary), pace="1") as served,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        wide = visited(browser, served.url, viewport=WIDE)
        wide.begins("first-conversation")
        wide.stage_is_set()
        wide.page.locator(f"[data-scene='{SCENE}']").wait_for(timeout=120_000)
        wide.page.wait_for_timeout(2500)
        wide.page.click("#pause")
        wide.page.screenshot(path=folder / "phones.png")
        narrow = visited(browser, served.url, viewport=NARROW, device_scale_factor=2)
        narrow.page.screenshot(path=folder / "phone.png")
        wide.menu("Sam", "lock")
        dark = visited(browser, served.url, viewport=WIDE, color_scheme="dark")
        dark.page.screenshot(path=folder / "dark.png")
        browser.close()


if __name__ == "__main__":
    main()
