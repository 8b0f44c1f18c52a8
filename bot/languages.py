"""Which language somebody is spoken to in: who decides it, and what happens when a texter asks for another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bot import phrases, relay
from bot.conversation import Conversation, Offer, OfferState
from bot.decision import Decision, Said, ToTexter
from bot.ladder import Watch
from bot.messages import Direction
from bot.phrases import phrase
from bot.redact import Secret

_SPOKEN = {
    "en": "US CA GB IE AU NZ ZA NG GH KE UG JM TT BS BB SG PH",
    "es": "ES MX AR CO CL PE VE EC BO PY UY CR PA GT HN SV NI CU DO PR GQ",
    "pt": "PT BR AO MZ CV",
    "fr": "FR BE MC SN CI CM ML BF TG BJ GA CG CD",
    "it": "IT SM VA",
    "de": "DE AT CH LI LU",
    "uk": "UA",
    "ru": "RU BY KZ KG",
    "pl": "PL",
    "ro": "RO MD",
    "cs": "CZ",
    "hu": "HU",
}
"""The language that most people of a country (ISO 3166) read easily: CIA World Factbook, Languages. It is only a guess,
until she says otherwise, so a country stands once."""

OF_COUNTRY = {country: language for language, countries in _SPOKEN.items() for country in countries.split()}


def choose(*, telegram: str | None, country: str, served: Collection[str], default: str) -> str:
    """Telegram's language code (IETF: "pt-br"), else the country of the number, else the line's default; only what the
    line serves. What she asks for comes before all of them: `switched`."""
    of_telegram = telegram.partition("-")[0].lower() if telegram else ""
    wanted = (of_telegram, OF_COUNTRY.get(country, ""))
    return next((language for language in wanted if language in served), default)


def read_by(spoken: Collection[str], *, default: str) -> str:
    """What staff with these languages read: the line's default if it is among them, else the first that has texts,
    else the default all the same."""
    return phrases.first_of((default, *spoken) if default in spoken else (*spoken, default))


def switched(
    conversation: Conversation,
    language: str,
    text: Secret[str],
    *,
    offers: Collection[Offer],
    watch: Watch,
) -> Decision:
    """She wrote a language's own name: from now on we speak it, she hears so in it, and the counselor is told.

    While nobody has it, and somebody on call speaks it, offers to people who do not count as unanswered (they may still
    take it): the next step of the ladder asks who does.
    """
    speakers = {person.id for person in watch.people.values() if language in person.languages}
    said = relay.texter_said(replace(conversation, language=language), text, watch.now)
    answer = phrase("language.switched")
    told = phrase("texter.language", code=conversation.code, language=language)
    return replace(
        said,
        conversation=_looked_at(said.conversation, watch.now),
        said=(*said.said, Said(Direction.LINE, answer)),
        letters=(ToTexter(answer), *said.letters, *relay.counselor_hears(conversation, told)),
        offers=tuple(
            replace(offer, state=OfferState.LAPSED)
            for offer in offers
            if offer.state is OfferState.OPEN and offer.staff not in speakers
        )
        if speakers & watch.on_call
        else (),
    )


def _looked_at(conversation: Conversation, now: datetime) -> Conversation:
    """Due at once where it waits; the clock has nothing to do with one that somebody has."""
    return conversation if conversation.due_at is None else replace(conversation, due_at=now)
