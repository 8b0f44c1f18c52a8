"""One update → what it tells us; everything that is not on the list is never looked at."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import Kind, Side
from handlers.channels.telegram_updates import ALLOWED, NOT_CARRIED, Heard, Malformed, heard

NOW = datetime(2026, 2, 1, 5, 0, tzinfo=UTC)
WRITTEN = datetime(2026, 2, 1, 4, 59, 30, tzinfo=UTC)
ROBIN = 5_000_000_001
USER = {"id": ROBIN, "is_bot": False, "first_name": "Rob", "username": "rob", "language_code": "pt-br"}
CHAT = {"id": ROBIN, "type": "private", "first_name": "Rob"}
GROUP = {"id": -1001, "type": "supergroup", "title": "a group"}


def message(**content: Any) -> dict[str, Any]:
    return {"message_id": 7, "date": int(WRITTEN.timestamp()), "chat": CHAT, "from": USER, **content}


def hear(via: str = "texters", /, **update: Any) -> Heard:
    return heard({"update_id": 42, **update}, via=via, now=NOW)


def everything(one: Heard) -> str:
    """All that is kept of an update, secrets opened."""
    assert one.inbound is not None
    values = [getattr(one.inbound, name) for name in one.inbound.__slots__]
    return str([value.reveal() if hasattr(value, "reveal") else value for value in values])


@pytest.mark.parametrize(("via", "side"), [("texters", Side.TEXTER), ("staff", Side.STAFF)])
def test_a_text_says_who_when_and_where(via: str, side: Side) -> None:
    """Two bots, two sides; the time is that of writing."""
    came = hear(via, message=message(text="words")).inbound

    assert came is not None
    assert (came.kind, came.side, came.at, came.language) == (Kind.TEXT, side, WRITTEN, "pt-br")
    assert (came.text.reveal(), came.provider_id.reveal()) == ("words", "42")
    assert (came.sender.place.reveal(), came.sender.via) == (str(ROBIN), via)
    assert came.copy is not None
    assert (came.copy.via, came.copy.chat.reveal(), came.copy.message.reveal()) == (via, str(ROBIN), "7")
    assert came.replies_to is None


def test_nothing_but_the_words_is_carried() -> None:
    """No name, no link behind a word, no forwarded stranger, no quotation."""
    one = hear(
        message=message(
            text="look here",
            entities=[{"type": "text_link", "offset": 5, "length": 4, "url": "https://evil.example.org"}],
            forward_origin={"type": "hidden_user", "sender_user_name": "Stranger", "date": 1},
            quote={"text": "quoted", "position": 0},
            link_preview_options={"url": "https://preview.example.org"},
            via_bot={"id": 1, "is_bot": True, "first_name": "via"},
        )
    )

    kept = everything(one)
    assert "look here" in kept
    assert not [word for word in ("evil", "Stranger", "quoted", "preview", "Rob", "via'") if word in kept]


def test_a_swipe_reply_points_to_a_message() -> None:
    """Only its number: what stood in it is ours already."""
    came = hear(
        "staff", message=message(text="words", reply_to_message=message(message_id=3, text="old"))
    ).inbound

    assert came is not None
    assert came.replies_to is not None
    assert came.replies_to.reveal() == "3"


@pytest.mark.parametrize(("field", "what"), NOT_CARRIED.items())
def test_what_is_no_text_is_named_and_left(field: str, what: str) -> None:
    """A caption stays where it is: it belongs to what we do not take."""
    came = hear(message=message(**{field: {"file_id": "x"}}, caption="my caption")).inbound

    assert came is not None
    assert (came.kind, came.what, came.text.reveal()) == (Kind.NOT_CARRIED, what, "")
    assert came.copy is not None


@pytest.mark.parametrize("word", ["DELETE", "erase 🙏", "borrar", "Стерти!", "stop"])
def test_a_caption_that_is_a_word_to_obey_is_that_word(word: str) -> None:
    """Sent with a picture or edited in; of a counselor nothing of the kind is taken for words."""
    written = message(photo=[{"file_id": "x"}], caption=word)
    came, edited = hear(message=written).inbound, hear(edited_message=written).inbound
    staffs = hear("staff", message=written).inbound

    assert came is not None
    assert edited is not None
    assert staffs is not None
    assert (came.kind, came.what, came.text.reveal()) == (Kind.TEXT, "", word)
    assert (edited.kind, edited.text.reveal()) == (Kind.EDITED, word)
    assert (staffs.kind, staffs.text.reveal()) == (Kind.NOT_CARRIED, "")


def test_a_moving_picture_is_a_video_and_a_place_a_location() -> None:
    """Both come with a second field for older programs."""
    both = hear(message=message(document={}, animation={})), hear(message=message(location={}, venue={}))
    assert [one.inbound and one.inbound.what for one in both] == ["video", "location"]


@pytest.mark.parametrize("field", ["dice", "story", "poll", "checklist", "rich_message", "of_the_next_year"])
def test_what_nobody_knows_is_told_to_its_sender(field: str) -> None:
    """Nothing is silently dropped."""
    came = hear(message=message(**{field: {}})).inbound
    assert came is not None
    assert (came.kind, came.what) == (Kind.NOT_CARRIED, "other")


@pytest.mark.parametrize(
    "field", ["pinned_message", "message_auto_delete_timer_changed", "forum_topic_created"]
)
def test_the_apps_own_notices_are_nobodys_words(field: str) -> None:
    """She changed a setting; a refusal would puzzle her."""
    assert hear(message=message(**{field: {}})) == Heard(why="notice of the app")


def test_an_edit_is_told_as_one() -> None:
    """With the number of the message that it changes."""
    came = hear(edited_message=message(text="better", edit_date=int(NOW.timestamp()))).inbound
    assert came is not None
    assert (came.kind, came.text.reveal(), came.at) == (Kind.EDITED, "better", NOW)
    assert came.copy is not None
    assert came.copy.message.reveal() == "7"


def test_a_live_location_does_not_chatter() -> None:
    """It is edited every few seconds."""
    assert hear(edited_message=message(location={})).inbound is None


def test_a_press_is_heard_and_answered() -> None:
    """`replies_to` is the message under which the button stands."""
    one = hear(
        "staff",
        callback_query={"id": "99", "from": USER, "message": message(text="offer"), "data": "TAKE K7R2"},
    )

    assert one.press is not None
    assert one.press.reveal() == "99"
    came = one.inbound
    assert came is not None
    assert came.kind is Kind.PRESSED
    assert came.pressed is not None
    assert came.replies_to is not None
    assert (came.pressed.reveal(), came.replies_to.reveal(), came.sender.place.reveal()) == (
        "TAKE K7R2",
        "7",
        str(ROBIN),
    )
    assert "offer" not in everything(one)


@pytest.mark.parametrize(
    "press",
    [
        {"id": "99", "from": USER, "message": message(text="x")},
        {"id": "99", "from": USER, "inline_message_id": "1", "data": "x"},
        {"id": "99", "from": USER, "message": {**message(text="x"), "chat": GROUP}, "data": "x"},
    ],
)
def test_a_press_without_meaning_is_answered_all_the_same(press: dict[str, Any]) -> None:
    """Or the button would spin."""
    one = hear(callback_query=press)
    assert one.inbound is None
    assert one.press is not None


@pytest.mark.parametrize(
    ("status", "kind"), [("kicked", Kind.BLOCKED), ("member", Kind.UNBLOCKED), ("left", None)]
)
def test_blocking_the_bot_is_told(status: str, kind: Kind | None) -> None:
    """Her counselor learns that nothing arrives any more."""
    change = {
        "chat": CHAT,
        "from": USER,
        "date": int(WRITTEN.timestamp()),
        "new_chat_member": {"status": status},
    }
    came = hear(my_chat_member=change).inbound
    assert (came.kind if came else None) == kind


def test_groups_are_left_without_a_word() -> None:
    """A line in a group would be read by anybody."""
    added = {"chat": GROUP, "from": USER, "date": 1, "new_chat_member": {"status": "member"}}
    thrown_out = {"chat": GROUP, "from": USER, "date": 1, "new_chat_member": {"status": "kicked"}}

    assert hear(my_chat_member=added) == Heard(why="group", leave=-1001)
    assert hear(my_chat_member=thrown_out) == Heard(why="group")
    assert hear(message={**message(text="hello"), "chat": GROUP}) == Heard(why="group", leave=-1001)


def test_other_bots_are_not_answered() -> None:
    """Two machines would never stop."""
    assert hear(message=message(text="x", **{"from": {**USER, "is_bot": True}})) == Heard(why="bot")


@pytest.mark.parametrize("field", ["channel_post", "inline_query", "message_reaction", "business_message"])
def test_other_updates_are_dropped(field: str) -> None:
    """They are not asked for either."""
    assert field not in ALLOWED
    assert hear(**{field: message(text="x")}) == Heard(why="unknown update")


MALFORMED: dict[str, Any] = {
    "a text that is a number": {"message": message(text=5)},
    "no chat id": {"message": message(text="x", chat={"type": "private"})},
    "a chat id that is a text": {"message": message(text="x", chat={**CHAT, "id": "1"})},
    "a chat id that is true": {"message": message(text="x", chat={**CHAT, "id": True})},
    "no message number": {"message": {k: v for k, v in message(text="x").items() if k != "message_id"}},
    "a date beyond the calendar": {"message": message(text="x", date=2**52)},
    "a reply to a text": {"message": message(text="x", reply_to_message={"message_id": "3"})},
    "a press without an id": {"callback_query": {"from": USER, "data": "x"}},
    "a change without a state": {"my_chat_member": {"chat": CHAT, "from": USER, "date": 1}},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_breaks_the_promise_of_the_bot_api_is_malformed(name: str) -> None:
    """The error quotes nothing."""
    with pytest.raises(Malformed) as error:
        hear(**MALFORMED[name])
    assert not error.value.args
    assert error.value.__suppress_context__ or error.value.__context__ is None


@pytest.mark.parametrize("language", ["../../etc", "en\n", "x" * 40, 5, None, ""])
def test_a_language_that_is_none_is_left_out(language: Any) -> None:
    """It is stored in the clear, so it must be a language."""
    came = hear(message=message(text="x", **{"from": {**USER, "language_code": language}})).inbound
    assert came is not None
    assert came.language is None


@pytest.mark.parametrize("text", ["\x00", "\ud83d", "a\ud83d\x00b", "\x1b[2J", "🙂" * 4096])
def test_naughty_texts_can_be_stored(text: str) -> None:
    """JSON can spell half a surrogate pair."""
    came = hear(message=message(text=text)).inbound
    assert came is not None
    came.text.reveal().encode("utf-8")
    assert "\x00" not in came.text.reveal()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(
    [
        "chat",
        "from",
        "text",
        "message_id",
        "date",
        "data",
        "id",
        "message",
        "photo",
        "reply_to_message",
        "type",
    ]
)


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(ALLOWED), content=st.dictionaries(fields, anything), whole=st.booleans())
def test_no_update_breaks_the_reader(kind: str, content: dict[str, Any], whole: bool) -> None:
    """It is heard or malformed, never anything else."""
    with contextlib.suppress(Malformed):
        hear(**{kind: {**message(text="x"), **content} if whole else content})
