"""How much of one contact, and of one prefix, is too much: numbers and a few pure rules. Nobody in distress is dropped.

The figures are ours: no public source says how fast a frightened person texts. product.md's own example is twenty short
texts in seconds; each limit leaves several times that.
"""

from __future__ import annotations

from typing import Final

import phonenumbers

KEPT: Final = 600
"""Texts of one contact that are stored in an hour: one every six seconds, an hour long. What comes beyond is counted,
and the counselor and the admins are told: a flood of 100,000 must not fill the disk."""

ANSWERS: Final = 2
"""Automatic answers to one contact for one cause in an hour: a machine at the other end that answers each of ours gets
no third. HELP has its own, and each kind of picture, voice …"""

ERASED: Final = 6
"""Answers to DELETE in an hour, whether there was anything to erase or not: they must look alike, and who is afraid
sends it again. Beyond, only a DELETE that has erased something is answered: it cannot do so without a new beginning."""

GREETINGS: Final = 3
"""First answers to one contact in a day: who writes, says BYE and comes back knows the words by then. Her conversation
opens without them."""

FIRST_CONTACTS: Final = 100
"""New contacts of one prefix in an hour from which on it is looked at more closely: a prefix is 100,000 numbers or
fewer. High, for behind it nobody is asked before a second text: a hundred models of one agency may write on the day
that it is in the news, and a pumper's thousand costs a hundred answers."""

SECOND_TEXTS: Final = 4
"""One in so many of them has written a second time, or nobody there is talking: SMS pumping earns by our first answer,
and does not read it."""


def is_pumped(first: int, second: int) -> bool:
    """Whether so many new contacts of a prefix, of whom so many wrote again, look like a machine's."""
    return first > FIRST_CONTACTS and second * SECOND_TEXTS < first


def prefix(number: str) -> str:
    """What pumped numbers share: the country code and the first five digits behind it."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number[:6]
    code = f"+{parsed.country_code}"
    return code + number.removeprefix(code)[:5]
