"""Check-up of clock and public address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from bot.checkup_house import carriers_call_us, rehearsed
from bot.facts import Facts, Page
from bot.findings import Finding, fail, ok, reminder, warning

TOLERANCE: Final = timedelta(seconds=60)
"""Shifts begin and deadlines pass by the minute; a Date header is exact to a second, and travels for one more."""

URL: Final = "web.public_url"
ELSE: Final = {
    Page.NO_NAME: (
        "Its name leads nowhere.",
        "See the domain's DNS: it must lead to the machine on which the proxy listens.",
    ),
    Page.NO_TLS: (
        "Its certificate is not accepted.",
        "Renew it, and let the proxy send the whole chain: carriers refuse what a browser forgives.",
    ),
    Page.ELSEWHERE: (
        "It answers with a redirection, and carriers sign the address that they were given.",
        "Write the address that it leads to, or let the proxy answer without redirecting.",
    ),
    Page.SOMETHING_ELSE: (
        "Something else than this line answers there (asked: /healthz).",
        "Let the proxy hand /healthz, /sms/ and /telegram/ to web.listen.",
    ),
}


def looked_outside(facts: Facts) -> Iterator[Finding]:
    """Whoever asked to stay offline is told what was left out."""
    if facts.outside is None:
        yield reminder(
            "network",
            "Not looked at (--offline): the clock, the public address, Twilio, Telegram.",
            "Check again without --offline.",
        )


def clock(facts: Facts) -> Iterator[Finding]:
    """Our clock agrees with the carriers'; the one that is nearest to ours counts."""
    if facts.outside is None:
        return
    if not facts.outside.ahead:
        if facts.config.sms is not None or facts.config.telegram is not None:
            yield reminder("clock", "No carrier told the time to compare with.", "See: timedatectl")
        return
    off = min(facts.outside.ahead, key=abs)
    if abs(off) <= TOLERANCE:
        yield ok("clock", "It agrees with the carriers'.")
        return
    way = "ahead of" if off > timedelta() else "behind"
    yield fail(
        "clock",
        f"It is {_roughly(abs(off))} {way} the carriers': shifts and deadlines are off by as much.",
        "Let the machine set its clock by itself: timedatectl set-ntp true",
    )


def reachable_at_all(facts: Facts) -> Iterator[Finding]:
    """An address of this machine only looks well from here, and from nowhere else."""
    config = facts.config
    if not carriers_call_us(config) or not rehearsed(config.web.public_url):
        return
    apis = [config.sms.api_url] if config.sms else []
    if config.telegram is not None and config.telegram.updates == "webhook":
        apis += [config.telegram.texters.api_url, config.telegram.staff.api_url]
    if not all(map(rehearsed, apis)):
        yield fail(
            URL,
            "It leads to this machine itself: no carrier can reach it.",
            "Write the address at which this line can be reached from outside.",
        )


def public_url(facts: Facts) -> Iterator[Finding]:
    """Carriers reach this line, and nothing else, at the public address."""
    if facts.outside is None or facts.outside.public is None:
        return
    page, here = facts.outside.public, facts.outside.local
    if page is Page.LINE:
        yield ok(URL, "This line answers there.")
    elif page is Page.NOT_READY:
        yield warning(URL, "This line answers there, and is not ready.", "See its log; check again.")
    elif page in ELSE:
        yield fail(URL, *ELSE[page])
    elif here in {Page.LINE, Page.NOT_READY}:
        yield fail(
            URL,
            "The line runs here, and nobody answers there.",
            "See that the proxy runs and hands on to web.listen, and that the firewall lets it be reached.",
        )
    else:
        yield warning(
            URL, "Nobody answers there, and no line runs here now.", "Start greenroom run, then check again."
        )


def _roughly(span: timedelta) -> str:
    minutes = span / timedelta(minutes=1)
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
