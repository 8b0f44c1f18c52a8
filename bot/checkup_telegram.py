"""Check-up of the two bots: tokens, webhooks, and what a watched phone would show of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot import discretion
from bot.facts import Bot, Facts, Seen
from bot.findings import Finding, fail, ok, warning

TEXTERS: Final = "texters"
STAFF: Final = "staff"
LOCK_SCREEN: Final = "name"
USER_NAME: Final = "user name"
FATHER: Final = "Tell @BotFather:"
EDIT: Final = {
    "name": f"{FATHER} /setname, and choose bland words.",
    USER_NAME: "It cannot be changed: make a new bot with a bland one, and use its token.",
    "description": f"{FATHER} /setdescription, and choose bland words.",
    "short description": f"{FATHER} /setabouttext, and choose bland words.",
}


def bots_answer(facts: Facts) -> Iterator[Finding]:
    """Telegram takes each token."""
    for via, bot in _bots(facts):
        if bot.seen is Seen.REFUSED:
            yield fail(
                f"telegram.{via}.token",
                "Telegram refuses it.",
                f"{FATHER} /token, and write what it answers to the file that telegram.{via}.token names.",
            )
        elif bot.seen is Seen.STRANGELY:
            yield fail(
                f"telegram.{via}",
                "Whoever answers there is not Telegram.",
                f"See telegram.{via}.api_url; left out, it is right.",
            )
        elif bot.seen is Seen.NOT_AT_ALL:
            yield fail(
                f"telegram.{via}",
                "Telegram cannot be reached.",
                "See that this machine reaches the internet; or check with --offline.",
            )
        else:
            yield ok(f"telegram.{via}", "Telegram takes the token.")


def two_bots(facts: Facts) -> Iterator[Finding]:
    """A leaked staff token must not open texters' chats."""
    seen = [bot.id for _, bot in _bots(facts) if bot.seen is Seen.WELL]
    told_apart = len(seen) == len(set(seen))
    if not told_apart or ("telegram.texters.token", "telegram.staff.token") in facts.alike:
        yield fail(
            "telegram",
            "Texters and staff have the same bot: one leaked token would open the texters' chats.",
            "Make a second one with @BotFather, and write its token to where telegram.staff.token says.",
        )


def webhooks(facts: Facts) -> Iterator[Finding]:
    """Nobody else is told what people write."""
    telegram = facts.config.telegram
    if telegram is None:
        return
    for via, bot in _bots(facts):
        url = bot.webhook.reveal()
        if bot.seen is not Seen.WELL or not url:
            continue
        ours = bool(facts.config.web.public_url) and url == f"{facts.config.web.public_url}/telegram/{via}"
        if not ours:
            yield fail(
                f"telegram.{via}",
                "What is written to this bot is sent to an address that is not this line's.",
                f"If it was not you: {FATHER[0].lower()}{FATHER[1:]} /revoke, and use the new token. greenroom run "
                "takes the address away.",
            )
        elif telegram.updates == "polling":
            yield warning(
                f"telegram.{via}",
                "A webhook of this line is still set, and the line polls.",
                "greenroom run takes it away; if one runs already, see that it uses this configuration.",
            )


def discreet(facts: Facts) -> Iterator[Finding]:
    """A bot's public words name neither topic nor organisation. Staff know both: only their bot's name is looked at."""
    for via, bot in _bots(facts):
        for place, text in dict.fromkeys(bot.words):
            if via == STAFF and place != LOCK_SCREEN:
                continue
            told = _told(facts, via, place, text.reveal())
            if told is None:
                continue
            subject = f"telegram.{via}, {place}"
            if via == TEXTERS and place == LOCK_SCREEN:
                yield fail(subject, f"It {told}, and a lock screen shows it.", EDIT[place])
            else:
                yield warning(subject, f"It {told}.", EDIT[place])


def _told(facts: Facts, via: str, place: str, text: str) -> str | None:
    word = discretion.telling_inside(text) if place == USER_NAME else discretion.telling(text)
    if word is not None:
        return f'says "{word}"'
    if via == TEXTERS and discretion.names(text, facts.config.line.name):
        return "names the organisation"
    return None


def private_chats_only(facts: Facts) -> Iterator[Finding]:
    """In a group others read along."""
    for via, bot in _bots(facts):
        if bot.seen is not Seen.WELL:
            continue
        if bot.joins_groups:
            yield warning(
                f"telegram.{via}", "It can be added to groups.", f"{FATHER} /setjoingroups, Disable."
            )
        if bot.reads_groups:
            yield warning(
                f"telegram.{via}", "It reads all messages of groups.", f"{FATHER} /setprivacy, Enable."
            )


def _bots(facts: Facts) -> Iterator[tuple[str, Bot]]:
    if facts.outside is not None:
        yield from facts.outside.bots.items()
