"""The page by keyboard, by touch, in other languages, in the dark, and without its script."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.page.conftest import NARROW, PLACES, WIDE, Visit, Visitor

MIDDLE = {"width": 820, "height": 1180}


def by_tab(visitor: Visitor, wanted: str, *, most: int = 80) -> None:
    """Presses Tab until the element has the focus."""
    for _ in range(most):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate(f"document.activeElement.matches({wanted!r})"):
            return
    raise AssertionError(f"{wanted} cannot be reached by Tab")


def test_a_conversation_by_the_keyboard_alone(visit: Visit) -> None:
    """Skip link, a text, the offer's button, a swipe-reply, a menu: nothing needs a mouse, and focus is never lost."""
    one = visit()
    page = one.page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    by_tab(one, "#text-p1")
    page.keyboard.type("hello")
    page.keyboard.press("Enter")
    expect(page.locator("#text-p1")).to_be_focused()
    one.shows("Alma", "New conversation")
    by_tab(one, "#log-p3 .keys button")
    page.keyboard.press("Enter")
    one.shows("Alma", "is yours")
    one.shows("Alma", "hello")
    page.locator("#log-p3").focus()
    by_tab(one, "#log-p3 .message:last-child .reply")
    page.keyboard.press("Enter")
    expect(page.locator("#text-p3")).to_be_focused()
    expect(one.phone("Alma").locator(".quoting")).to_contain_text("hello")
    page.keyboard.type("hi, I am here")
    page.keyboard.press("Enter")
    one.shows("Robin", "hi, I am here")
    by_tab(one, "#state-p4 summary")
    page.keyboard.press("Enter")
    by_tab(one, "#do-lock-p4")
    page.keyboard.press("Enter")
    expect(one.phone("Bo").locator(".lock .hour")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, MIDDLE, NARROW], ids=["1440", "820", "390"])
def test_everybody_can_use_it(visit: Visit, size: dict[str, int], scheme: str) -> None:
    """axe-core has nothing to say at any width, in the light or the dark, and nothing is wider than the window."""
    one = visit(viewport=size, color_scheme=scheme)
    one.writes("Sam", "a text that is quite long, so that it fills more than one line " * 4)
    one.shows("Sam", "quite long")
    one.opens_the_desk()
    for summary in one.page.locator(".drawers summary, .adding summary").all():
        summary.click()
    one.is_accessible()
    one.fits()


def test_one_phone_at_a_time_on_a_phone(visit: Visit) -> None:
    """The phones stand in a row that is swiped; a tab leads to each, and says where something new has come."""
    one = visit(viewport=NARROW, has_touch=True, is_mobile=True)
    expect(one.page.locator("#tab-p1")).to_have_attribute("aria-current", "true")
    box = one.phone("Alma").bounding_box()
    assert box is not None
    assert box["x"] > NARROW["width"]
    one.writes("Robin", "hello")
    expect(one.page.locator("#tab-p3 .fresh")).to_be_visible()
    one.page.tap("#tab-p3")
    expect(one.page.locator("#tab-p3")).to_have_attribute("aria-current", "true")
    expect(one.page.locator("#tab-p3 .fresh")).to_be_hidden()
    offer = one.shows("Alma", "New conversation")
    assert offer.bounding_box() is not None


def test_a_swipe_answers(visit: Visit) -> None:
    """A finger draws a message to the left, as in the app."""
    one = visit(viewport=NARROW, has_touch=True, is_mobile=True)
    one.page.tap("#tab-p5")
    bubble = one.log("Sam").locator(".got .bubble").last
    bubble.evaluate(
        """bubble => {
            const at = bubble.getBoundingClientRect();
            const by = {pointerType: "touch", bubbles: true, clientY: at.top + 10};
            bubble.dispatchEvent(new PointerEvent("pointerdown", {...by, clientX: at.left + 150}));
            bubble.dispatchEvent(new PointerEvent("pointerup", {...by, clientX: at.left + 60}));
        }"""
    )
    expect(one.phone("Sam").locator(".quoting")).to_be_visible()
    expect(one.page.locator("#text-p5")).to_be_focused()


@pytest.mark.parametrize(("language", "words"), [("es", "El programa funciona"), ("uk", "Програма працює")])
def test_the_page_speaks_every_language_of_the_line(visit: Visit, language: str, words: str) -> None:
    """What the browser reads decides, a link changes it, and the choice stays."""
    one = visit(locale=language)
    expect(one.page.locator("html")).to_have_attribute("lang", language)
    expect(one.page.locator("#bar .program")).to_have_text(words)
    one.is_accessible()
    one.page.click("nav.languages [hreflang=en]")
    expect(one.page.locator("#bar .program")).to_have_text("The program runs")
    one.comes()
    expect(one.page.locator("html")).to_have_attribute("lang", "en")


def test_without_its_script_the_page_still_works(visit: Visit, chromium: object, served: object) -> None:
    """Plain forms: a text is sent, a reload shows what has come, and a "no" is a sentence on the page."""
    one = visit()
    context = one.page.context.browser.new_context(java_script_enabled=False, locale="en-US")  # type: ignore[union-attr]
    page = context.new_page()
    page.goto(one.url)
    page.fill(f"#text-{PLACES['Robin']}", "no script here")
    page.locator("#phone-p1 .send").click()
    expect(page.locator("#log-p1")).to_contain_text("no script here")
    one.shows("Robin", "no script here")
    page.locator("#phone-p1 .send").click()
    expect(page.locator("#said")).to_contain_text("There is nothing to send")
    context.close()
