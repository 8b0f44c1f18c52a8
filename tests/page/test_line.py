"""A free line on the page: what people type, press and break, and what every phone shows of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.page.conftest import NARROW, Visit, Visitor

FIRST = "is this private?"
AT_ONCE = """() => {
    const body = new URLSearchParams({do: "start"});
    return Promise.all([1, 2, 3].map(() => fetch("/program", {method: "POST", body})));
}"""
"""Three who press the start button at the same time."""


@pytest.fixture
def trainer(visit: Visit) -> Visitor:
    """A browser on a line that has just begun."""
    visitor = visit()
    if visitor.log("Robin").locator(".message").count():
        visitor.begins()
        visitor.stage_is_set()
    return visitor


def test_a_text_goes_its_way(trainer: Visitor) -> None:
    """Robin's words reach Alma once she takes them, the answer comes back marked, and the strip shows every room."""
    trainer.writes("Robin", FIRST)
    trainer.shows("Robin", "Hi, thanks for writing.")
    trainer.takes("Alma")
    trainer.shows("Alma", FIRST)
    trainer.shows("Alma", FIRST).hover()
    trainer.shows("Alma", FIRST).locator(".reply").click()
    trainer.writes("Alma", "It is. Are you safe?")
    assert trainer.shows("Robin", "It is. Are you safe?")
    expect(trainer.shows("Alma", "It is.").locator(".mark.delivered")).to_be_visible()
    expect(trainer.page.locator(".way li.reached")).to_have_count(8)
    expect(trainer.page.locator(".way li").first).to_contain_text("Alma")
    expect(trainer.page.locator(".way li").last).to_contain_text("Robin")


def test_the_drawers_show_both_sides(trainer: Visitor) -> None:
    """Beside the words their rows, as a thief finds them; and what the carriers could read."""
    trainer.writes("Robin", FIRST)
    trainer.shows("Robin", "Hi, thanks for writing.")
    page = trainer.page
    page.get_by_text("What is on the disk", exact=True).click()
    expect(page.locator("#disk q")).to_have_text(re.compile("Hi, thanks"))
    expect(page.locator("#disk td").first).to_have_text(
        re.compile(r"^([0-9a-f]{8} ){11}[0-9a-f]{8} … \d+ B$")
    )
    page.get_by_text("What the carriers hold", exact=True).click()
    expect(page.locator("#shelves")).to_contain_text(FIRST)
    trainer.is_accessible()


def test_ten_texts_survive_a_kill(trainer: Visitor) -> None:
    """The program is killed in the middle of ten texts and started again from the page: all arrive, in order, once."""
    trainer.writes("Robin", FIRST)
    trainer.takes("Alma")
    texts = [f"number {n} of ten" for n in range(1, 11)]
    for n, text in enumerate(texts):
        trainer.writes("Robin", text)
        if n == 4:
            trainer.page.click("#kill")
    expect(trainer.page.locator(".program.killed")).to_be_visible()
    expect(trainer.log("Robin").locator(".own .mark.waits").first).to_be_visible()
    trainer.page.click("#start")
    for text in texts:
        trainer.shows("Alma", text)
    expect(trainer.log("Robin").locator(".own .mark.waits")).to_have_count(0)
    arrived = [re.sub(r"^\w{4} ", "", one) for one in trainer.texts("Alma")]
    joined = "\n".join(arrived)
    assert [joined.count(text) for text in texts] == [1] * 10
    assert [joined.index(text) for text in texts] == sorted(joined.index(text) for text in texts)


def test_a_hand_that_trembles_starts_one_program(trainer: Visitor) -> None:
    """Double clicks on kill and start, again and again: one program in the end, and it serves."""
    page = trainer.page
    for _ in range(4):
        page.locator("#kill").dblclick()
        expect(page.locator(".program.killed")).to_be_visible()
        page.evaluate(AT_ONCE)
        expect(page.locator(".program.runs")).to_be_visible()
    expect(page.locator("#said")).to_be_hidden()
    trainer.writes("Robin", FIRST)
    trainer.takes("Alma")
    trainer.shows("Alma", FIRST)


def test_a_reload_loses_nothing_and_two_browsers_see_the_same(trainer: Visitor, visit: Visit) -> None:
    """What one types, the other sees; both see it again after loading the page anew."""
    other = visit(viewport=NARROW)
    trainer.writes("Robin", FIRST)
    other.shows("Robin", FIRST)
    other.shows("Robin", "Hi, thanks for writing.")
    trainer.page.reload()
    assert trainer.texts("Robin") == other.texts("Robin")
    assert trainer.log("Robin").locator(".own .words").all_inner_texts() == [FIRST]


def test_a_lock_screen_shows_what_a_lock_screen_shows(trainer: Visitor) -> None:
    """An offer has no word of hers; an answer would be read by whoever holds the phone; previews can be hidden."""
    trainer.menu("Alma", "lock")
    trainer.menu("Robin", "lock")
    expect(trainer.phone("Alma").locator(".lock .hour")).to_be_visible()
    expect(trainer.phone("Alma").locator(".composer")).to_have_js_property("inert", True)
    trainer.phone("Robin").locator("#do-unlock-p1").click()
    trainer.writes("Robin", FIRST)
    alma = trainer.phone("Alma").locator(".lock")
    expect(alma).to_contain_text("New conversation")
    expect(alma).not_to_contain_text(FIRST)
    trainer.is_accessible()
    alma.locator("#do-previews-p3").click()
    expect(alma).to_contain_text("New message")
    expect(alma).not_to_contain_text("New conversation")
    alma.locator("#do-unlock-p3").click()
    trainer.takes("Alma")


def test_a_phone_that_is_off_gets_it_later(trainer: Visitor) -> None:
    """Texts wait at the carrier; nobody can type on a phone that is off."""
    trainer.writes("Robin", FIRST)
    trainer.takes("Alma")
    trainer.menu("Robin", "switch-off")
    expect(trainer.phone("Robin").locator(".state")).to_contain_text("Switched off")
    trainer.writes("Robin", "hello?")
    expect(trainer.page.locator("#said")).to_contain_text("Switch it on first")
    trainer.shows("Alma", FIRST).hover()
    trainer.shows("Alma", FIRST).locator(".reply").click()
    trainer.writes("Alma", "are you there?")
    expect(trainer.shows("Alma", "are you there?").locator(".mark.seen")).to_be_visible()
    trainer.menu("Robin", "switch-on")
    trainer.shows("Robin", "are you there?")
    expect(trainer.shows("Alma", "are you there?").locator(".mark.delivered")).to_be_visible()
    assert trainer.phone("Robin").locator("textarea").input_value() == "hello?"


def test_stop_and_start_and_a_blocked_bot(trainer: Visitor) -> None:
    """The counselor is told that she cannot be reached, and that she can again."""
    trainer.phone("Kit").get_by_role("button", name="START", exact=True).click()
    trainer.shows("Kit", "HELP tells you more")
    trainer.writes("Kit", FIRST)
    trainer.takes("Alma")
    trainer.menu("Kit", "block")
    trainer.shows("Alma", "blocked this line")
    code = trainer.log("Alma").locator(".got .words b").last.inner_text()
    trainer.writes("Alma", f"{code} are you there?")
    trainer.shows("Alma", "not sent, because")
    expect(trainer.shows("Alma", f"{code} are you there?").locator(".mark.failed")).to_be_visible()
    expect(trainer.phone("Kit").locator(".state")).to_contain_text("The line is blocked")
    trainer.menu("Kit", "unblock")
    trainer.shows("Alma", "can be reached again")
    trainer.menu("Kit", "stop")
    trainer.shows("Alma", "opted out")


def test_a_busy_carrier_only_delays(trainer: Visitor) -> None:
    """429 while the switch is on; afterwards what waited arrives, once."""
    trainer.page.select_option("#how-sms", "busy")
    expect(trainer.page.locator("#how-sms.broken")).to_be_visible()
    trainer.writes("Robin", FIRST)
    trainer.shows("Alma", "New conversation")
    assert trainer.texts("Robin") == []
    trainer.page.select_option("#how-sms", "none")
    trainer.shows("Robin", "Hi, thanks for writing.")
    assert len(trainer.texts("Robin")) == 1


@pytest.mark.parametrize("how", ["broken", "slow", "cut"])
def test_every_way_to_fail_ends_well(trainer: Visitor, how: str) -> None:
    """Telegram answers 500, answers late or not at all: the offer comes once it has recovered."""
    trainer.page.select_option("#how-telegram", how)
    expect(trainer.page.locator("#how-telegram.broken")).to_be_visible()
    trainer.writes("Robin", FIRST)
    trainer.shows("Robin", "Hi, thanks for writing.")
    trainer.page.select_option("#how-telegram", "none")
    trainer.takes("Alma")
    trainer.shows("Alma", FIRST)


def test_time_passes_when_told_to(trainer: Visitor) -> None:
    """To the next shift: Bo alone; and on: nobody, and a text is told so."""
    clock = trainer.page.locator("#bar .time")
    expect(clock).to_contain_text("On call: Alma, Bo · until 20:00")
    trainer.page.get_by_role("button", name="+5 min").click()
    expect(clock).to_contain_text("18:4")
    trainer.page.get_by_role("button", name="To the next shift").click()
    expect(clock).to_contain_text("20:00 On call: Bo")
    trainer.page.get_by_role("button", name="To the next shift").click()
    expect(clock).to_contain_text("Nobody is on call · until 08:00")


def test_more_phones_can_be_added(trainer: Visitor) -> None:
    """A texter and a counselor: she joins, is on call, and is asked; a name that is taken is answered."""
    page = trainer.page
    page.get_by_text("Add a phone").click()
    for name, part, channel in (
        ("Charlie", "texter", "sms"),
        ("Cleo", "counselor", "telegram"),
        ("-rf", "counselor", "sms"),
    ):
        page.fill(".adding [name=name]", name)
        page.select_option(".adding [name=part]", part)
        page.select_option(".adding [name=channel]", channel)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.locator("#bar .time")).to_contain_text("Cleo")
    trainer.shows("p7", "Welcome")
    trainer.writes("p6", "hello from a new phone")
    trainer.shows("p6", "Hi, thanks for writing.")
    page.fill(".adding [name=name]", "alma")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Somebody has that name already")
    trainer.is_accessible()


def test_a_picture_is_refused_kindly(trainer: Visitor) -> None:
    """By SMS: words only, please."""
    trainer.menu("Robin", "photo")
    trainer.shows("Robin", "Please tell us in words")
