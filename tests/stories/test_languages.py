"""Everybody in her own language: guessed at first, asked for by its name; and who speaks it is asked before others."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from handlers.rehearsal.screens import Shown
from storage.tables import conversations, texter_contacts, transcript
from tests.stories.stage import Phone, Stage, answers, new, staged, texts

CHANNELS = ("sms", "telegram")
CROSSED = pytest.mark.parametrize(("texter", "counselor"), [CHANNELS, CHANNELS[::-1]])
SWITCHED = "Добре, далі українською."
GONE = "Готово. Нашої копії вже немає. Тепер видаліть цей чат у себе."


def from_ukraine(line: Stage, name: str = "Robin") -> TelegramPhone:
    """A phone whose Telegram is set to Ukrainian."""
    return line.town.telegram_phone(name, language="uk")


def first_line(offer: str) -> str:
    return offer.splitlines()[0]


# ── The first guess ──


async def test_telegrams_language_is_answered_in_and_stands_on_the_offer(line: Stage) -> None:
    """Robin's Telegram is Ukrainian: she reads Ukrainian at once, Alma reads what to expect."""
    alma, robin = await line.on_call("Alma", "sms"), from_ukraine(line)
    await texts(robin, "доброго дня")
    offer = await alma.shows("New conversation")
    assert " · Telegram · Ukrainian · " in offer.text
    assert first_line(offer.text).endswith("no Ukrainian speaker")
    await alma.write("TAKE")
    card = await alma.shows("is yours")
    assert "Telegram, Ukrainian" in card.text
    await line.settled()
    (answer,) = new(robin)
    assert answer.startswith("Вітаємо! Людина відповість за ~5 хв. Хто ви, не бачить. Біда: 911. СТЕРТИ")
    assert answer.endswith("Далі: ІНФО")


async def test_a_language_without_texts_is_answered_in_the_lines(line: Stage) -> None:
    """Better English than silence."""
    for language in ("pl", "zz", None):
        robin = line.town.telegram_phone("Robin", language=language)
        await texts(robin, "dzień dobry")
        await robin.shows("Hi, thanks for writing.")


@pytest.mark.parametrize("counselor", CHANNELS)
async def test_who_speaks_her_language_is_asked_first(line: Stage, counselor: str) -> None:
    """Alma came first and has as little to do; Bo speaks Ukrainian."""
    alma = await line.on_call("Alma", counselor)
    bo = await line.on_call("Bo", counselor, languages=("en", "uk"))
    alma.look()
    await texts(from_ukraine(line), "доброго дня")
    offer = await bo.shows("New conversation")
    assert "Ukrainian" in offer.text
    assert "speaker" not in offer.text
    await line.settled()
    assert alma.silent
    await line.later(seconds=91)
    assert first_line((await alma.shows("New conversation")).text).endswith("no Ukrainian speaker")


# ── Another language, please ──


@CROSSED
async def test_a_languages_own_name_switches(line: Stage, texter: str, counselor: str) -> None:
    """Robin is answered in Ukrainian, Alma is told and reads her word, and it holds for the next time as well."""
    alma, robin = await line.on_call("Alma", counselor), line.texter(texter)
    code = await line.talk(robin, alma)
    await texts(robin, "Українська")
    await line.settled()
    assert new(robin) == [SWITCHED]
    said, told = new(alma)
    assert said == f"{code} Українська"
    assert told == f"{code}: the texter asked for Ukrainian. Our automatic texts are in it from now on."

    await answers(alma, code, "hello, I am here")
    await robin.shows(lambda message: message.text == "hello, I am here")
    await texts(robin, "бувай")
    await line.settled()
    assert new(robin) == ["Бувайте. Пишіть знову, коли захочете."]
    alma.look()

    await texts(robin, "hello again")
    assert " · Ukrainian · " in (await alma.shows("New conversation")).text
    await robin.shows("Вітаємо!")


@pytest.mark.parametrize("texter", CHANNELS)
async def test_a_language_as_a_first_text_opens_a_conversation(line: Stage, texter: str) -> None:
    """In that language from the first word on; what she wrote waits for the counselor."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter(texter)
    await texts(robin, "УКРАЇНСЬКОЮ!!")
    code = await line.takes(alma)
    assert f"{code} УКРАЇНСЬКОЮ!!" in alma.texts
    (answer,) = new(robin)
    assert answer.startswith("Вітаємо!")


@pytest.mark.parametrize("texter", CHANNELS)
async def test_who_speaks_it_is_asked_as_soon_as_she_asks(line: Stage, texter: str) -> None:
    """Alma has been asked and has not answered: Bo need not wait for her ninety seconds, and she may still take it."""
    alma = await line.on_call("Alma", "sms")
    bo = await line.on_call("Bo", "sms", languages=("en", "uk"))
    robin = line.texter(texter)
    await texts(robin, "hello")
    await alma.shows("New conversation")
    await line.settled()
    assert "New conversation" not in " ".join(new(bo))
    await texts(robin, "українська")
    assert " · Ukrainian · " in (await bo.shows("New conversation")).text
    await alma.write("TAKE")
    await alma.shows("is yours")


async def test_spanish_needs_no_accent(line: Stage) -> None:
    """ "espanol" is typed faster than "español"."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    await texts(robin, "espanol")
    await robin.shows(lambda message: message.text == "De acuerdo, desde ahora en español.")
    await alma.shows(f"{code}: the texter asked for Spanish.")


async def test_and_back_again(line: Stage) -> None:
    """Whoever pressed a wrong key is not caught in a language."""
    alma, robin = await line.on_call("Alma", "sms"), from_ukraine(line)
    await line.talk(robin, alma)
    await texts(robin, "English")
    await robin.shows(lambda message: message.text == "OK, in English from now on.")


@pytest.mark.parametrize("texter", CHANNELS)
async def test_a_language_that_the_line_does_not_serve_is_a_message(
    tmp_path: Path, database_url: str, texter: str
) -> None:
    """Nobody here could go on in it: the word is relayed like any other, and the counselor answers."""
    async with staged(tmp_path, database_url, languages=("en", "es")) as line:
        alma, robin = await line.on_call("Alma", "sms"), line.texter(texter)
        code = await line.talk(robin, alma)
        for word in ("Українська", "polski"):
            await texts(robin, word)
            await line.settled()
            assert new(alma) == [f"{code} {word}"]
        assert robin.silent
        kit = from_ukraine(line, "Kit")
        await texts(kit, "добрий вечір")
        await kit.shows("Hi, thanks for writing.")


# ── Words of every language, at any time ──


@pytest.mark.parametrize(
    ("texter", "asked", "word", "gone"),
    [
        ("sms", "Українська", "СТЕРТИ", GONE),
        ("telegram", "Українська", "видалити.", GONE),
        (
            "sms",
            "espanol",
            "Borrar",
            "Hecho. Nuestra copia ya no existe. Ahora borra este chat en tu teléfono.",
        ),
        ("telegram", "hello", "стерти", "Done. Our copy is gone. Please delete this chat yourself."),
        ("sms", "Українська", "DELETE", GONE),
    ],
)
async def test_erasing_in_any_language(line: Stage, texter: str, asked: str, word: str, gone: str) -> None:
    """Whatever is spoken; the answer is in her language, and nothing of her is left."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter(texter)
    code = await line.talk(robin, alma, asked)
    await texts(robin, word)
    await robin.shows(lambda message: message.text == gone)
    await alma.shows(f"{code}: the texter erased the conversation.")
    assert not any(word in text for text in alma.texts)
    assert await line.count(transcript) == 0
    assert await line.count(texter_contacts) == 0


async def test_help_in_her_language(line: Stage) -> None:
    """The word that the first answer names."""
    alma, robin = await line.on_call("Alma", "sms"), from_ukraine(line)
    code = await line.talk(robin, alma)
    await texts(robin, "ІНФО")
    await robin.shows("Пишіть, людина прочитає й відповість. Біда: 911.")
    await alma.shows(f"{code} ІНФО")


async def test_a_yes_answers_the_question_and_nothing_else(line: Stage) -> None:
    """ "Так" before anything was asked is a word like others; after "may we text you then?" it is her OK."""
    robin = from_ukraine(line)
    alma = await line.staff("Alma", "sms")
    await texts(robin, "доброго дня")
    await robin.shows("На жаль, зараз нікого немає.")
    await texts(robin, "так")
    await robin.shows("Добре, тоді ми вам напишемо.")
    await line.rota("Alma")
    await line.later(minutes=2)
    code = await line.takes(alma)
    robin.look()
    for word in ("так", "добре"):
        await texts(robin, word)
        await alma.shows(lambda message, word=word: message.text == f"{code} {word}")
    await line.settled()
    assert robin.silent


# ── What staff read ──


@pytest.mark.parametrize(
    ("medium", "languages", "welcome", "offered", "language"),
    [
        ("sms", ("uk", "en"), "Welcome to Greenroom.", "New conversation", "English"),
        ("telegram", ("uk",), "Вітаємо на лінії Greenroom.", "Нова розмова", "англійська"),
        ("sms", ("es", "uk"), "Te damos la bienvenida a Greenroom.", "Nueva conversación", "inglés"),
        ("telegram", ("pl",), "Welcome to Greenroom.", "New conversation", "English"),
    ],
)
async def test_staff_read_a_language_of_theirs(
    line: Stage, medium: str, languages: tuple[str, ...], welcome: str, offered: str, language: str
) -> None:
    """The line's own if they speak it. Commands and buttons are the same for all."""
    alma, robin = await line.on_call("Alma", medium, languages=languages), line.texter("sms")
    assert any(text.startswith(welcome) for text in alma.texts)
    await texts(robin, "hello")
    offer = await alma.shows(offered)
    code = offer.text.split()[2]
    assert f" {code} · SMS · {language} · " in offer.text
    await pressed(alma, offer, code)
    await alma.shows(lambda message: message.text == f"{code} hello")
    await answers(alma, code, "I am here")
    await robin.shows(lambda message: message.text == "I am here")
    assert await line.count(conversations) == 1


async def pressed(phone: Phone, offer: Shown, code: str) -> None:
    """She takes what is offered as everybody does: the button says Take, the text says TAKE."""
    if isinstance(phone, SmsPhone):
        assert f"TAKE {code}" in offer.text
        await phone.write(f"TAKE {code}")
    else:
        assert [key.label for key in offer.buttons] == ["Take", "Pass"]
        await phone.press("Take", on=offer)
