"""Every script through the page: played while a wide and a narrow browser look on, paused, begun again, and by hand."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from bot.phrases import catalogue
from handlers.rehearsal.play.script import Sees, scripts
from tests.page.conftest import NARROW, PATIENCE, Visit, Visitor

DELETED = catalogue("en")["page.mark.deleted"]


def ends_well(visitor: Visitor) -> None:
    """Waits for the end of the script; what went wrong, if it does not come."""
    page = visitor.page
    page.locator("[data-ended=true], .failure").first.wait_for(timeout=2 * PATIENCE)
    assert page.locator(".failure").all_inner_texts() == []


@pytest.mark.parametrize("name", list(scripts()))
def test_a_script_plays_on_every_width(visit: Visit, name: str) -> None:
    """Both browsers see every message that the script speaks of, or that it was deleted when its conversation ended;
    axe-core is content, nothing is too wide."""
    script = scripts()[name]
    wide, narrow = visit(), visit(viewport=NARROW)
    wide.begins(name)
    expect(wide.page.locator("#course .count")).to_contain_text(script.told("en").title, timeout=PATIENCE)
    ends_well(wide)
    ends_well(narrow)
    for visitor in (wide, narrow):
        visitor.is_accessible()
        visitor.fits()
    expected = [step for scene in script.scenes for step in scene.steps if isinstance(step, Sees)]
    for step in expected:
        if "{" not in step.text:
            shown = wide.texts(step.who)
            assert DELETED in shown or any(step.text in text for text in shown), step.text
    for who in {step.who for step in expected}:
        for _ in range(50):
            if narrow.texts(who) == wide.texts(who):
                break
            wide.page.wait_for_timeout(100)  # messages are just being deleted
        assert narrow.texts(who) == wide.texts(who)


def test_a_script_can_be_paused_and_begun_again(visit: Visit) -> None:
    """Paused, nobody goes on; begun again, it is another line, and its first text is the only one."""
    one = visit()
    one.begins("tour")
    one.page.locator("#pause:not([disabled])").click(timeout=PATIENCE)
    expect(one.page.locator("#go-on")).to_be_visible()
    one.page.wait_for_timeout(700)
    # What the line itself has to say may still arrive; nobody writes.
    before = one.page.locator(".message.own").count()
    one.page.wait_for_timeout(1000)
    assert one.page.locator(".message.own").count() == before
    one.page.click("#go-on")
    one.shows("Robin", "A real person will answer")
    generation = one.generation
    one.page.click("#again")
    expect(one.page.locator("html")).not_to_have_attribute("data-generation", generation, timeout=PATIENCE)
    ends_well(one)
    assert sum("A real person will answer" in text for text in one.texts("Robin")) == 1


def test_a_volunteer_answers_in_her_own_words(visit: Visit) -> None:
    """The trainee's part is hers: she is told when it is her turn, and whatever she writes lets the script go on."""
    one = visit()
    one.begins("first-conversation", by="hand")
    expect(one.page.locator(".turn")).to_contain_text("Your turn, on Alma's phone.", timeout=PATIENCE)
    one.takes("Alma")
    said, turns = "Take", 1
    while not said.startswith("done"):
        example = one.page.locator(".turn q", has_not_text=said)
        example.wait_for(timeout=PATIENCE)
        said, turns = example.inner_text(), turns + 1
        if said.startswith("done"):
            one.writes("Alma", said)
            break
        last = one.log("Alma").locator(".got:has(b)").last
        last.hover()
        last.locator(".reply").click()
        one.writes("Alma", f"my own words, number {turns}")
        one.shows("Robin", f"my own words, number {turns}")
    ends_well(one)
    assert turns > 5


def test_a_phones_browser_follows_the_script(visit: Visit) -> None:
    """Where there is room for one phone, it is the one on which something happens; the scene's phones stand out."""
    wide, narrow = visit(), visit(viewport=NARROW)
    wide.begins("pretender")
    narrow.page.locator("#tab-p4[aria-current]").wait_for(timeout=PATIENCE)
    expect(wide.page.locator(".phone.watched").first).to_be_visible()
    expect(wide.phone("Sam")).not_to_have_class(re.compile("watched"))
    ends_well(wide)
    expect(wide.page.locator(".phone.watched")).to_have_count(0)
