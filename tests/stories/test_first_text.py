"""The main job: a text reaches the counselor who is on call, and her answer comes back, whatever phones they have."""

from __future__ import annotations

import pytest

from bot import segments
from handlers.rehearsal.phones import SmsPhone
from tests.stories.stage import Stage, new, texts

CHANNELS = ("sms", "telegram")


@pytest.mark.parametrize("counselor", CHANNELS)
@pytest.mark.parametrize("texter", CHANNELS)
async def test_a_text_reaches_the_counselor_and_the_answer_comes_back(
    line: Stage, texter: str, counselor: str
) -> None:
    """Robin writes, Alma takes, both read each other's words and nothing around them."""
    alma = await line.on_call("Alma", counselor)
    robin = line.texter(texter)

    await texts(robin, "hi, are you there?")
    code = await line.takes(alma)
    await alma.shows(f"{code} hi, are you there?")
    if isinstance(alma, SmsPhone):
        await alma.write(f"{code} I am here")
    else:
        await alma.reply(await alma_shows_last(alma, code), "I am here")
    await robin.shows(lambda message: message.text == "I am here")

    await texts(robin, "thank you")
    await alma.shows(lambda message: message.text == f"{code} thank you")


async def alma_shows_last(alma, code):
    return next(m for m in reversed(alma.screen) if m.text.startswith(code))
