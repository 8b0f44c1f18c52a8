"""A look at one of our bots as people see it, for `greenroom check`."""

from __future__ import annotations

from collections.abc import Sequence

from telegram import Bot as Api

from bot import facts
from bot.errors import DeliveryError, Unreachable
from bot.facts import Seen
from bot.redact import Secret
from handlers.channels.telegram import Telegram
from handlers.channels.telegram_wire import answered


async def look(bot: Telegram, languages: Sequence[str]) -> facts.Bot:
    """Its flags, its webhook, and what it says in each language. Nothing is changed; raises nothing."""
    try:
        return await _look(bot.api, languages)
    except Unreachable as error:
        if error.code == "401":
            return facts.Bot(seen=Seen.REFUSED)
        return facts.Bot(seen=Seen.STRANGELY if error.ours else Seen.NOT_AT_ALL)
    except DeliveryError:
        return facts.Bot(seen=Seen.STRANGELY)


async def _look(api: Api, languages: Sequence[str]) -> facts.Bot:
    me = await answered(api.get_me())
    hook = await answered(api.get_webhook_info())
    words = [("user name", me.username or "")]
    for language in ("", *languages):
        words += [
            ("name", (await answered(api.get_my_name(language))).name),
            ("description", (await answered(api.get_my_description(language))).description),
            (
                "short description",
                (await answered(api.get_my_short_description(language))).short_description,
            ),
        ]
    return facts.Bot(
        seen=Seen.WELL,
        id=me.id,
        joins_groups=bool(me.can_join_groups),
        reads_groups=bool(me.can_read_all_group_messages),
        webhook=Secret(hook.url or ""),
        words=tuple((place, Secret(text)) for place, text in dict.fromkeys(words) if text),
    )
