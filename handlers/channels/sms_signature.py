"""Is this call from Twilio? The form that it signed, or Forged: there is no third answer and no switch."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from bot.errors import Forged
from bot.redact import Secret
from handlers.channels.webhook import Call

SIGNATURE: Final = "X-Twilio-Signature"
FORM: Final = "application/x-www-form-urlencoded"
MESSAGE_SID: Final = re.compile(r"(SM|MM)[0-9a-f]{32}")
MOST_FIELDS: Final = 300
"""Twilio sends 20 to 40."""


def signed_form(
    call: Call, *, url: str, tokens: Sequence[Secret[str]], required: frozenset[str]
) -> Mapping[str, str]:
    """The form of a call that Twilio signed for our own `url`, one value a name, blank ones kept.

    The signature covers URL and values without delimiters, so whatever could be read in two ways is forged: a repeated
    name, a missing required one, JSON, `bodySHA256`, any query (our URLs have none). The part of a webhook's URL after
    "#" (connection overrides) is not signed: Twilio drops it before it signs.
    https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """
    try:
        form = _form(call)
        signature = _only(call, SIGNATURE)
        if call.query or not required <= form.keys() or "bodySHA256" in form:
            raise Forged
        if not _signed(form, url=url, tokens=tokens, signature=signature):
            raise Forged
    except Exception:
        # Whatever a body does to the parser, its sender learns one thing only; and no value leaves in a traceback.
        raise Forged from None
    return form


def _form(call: Call) -> dict[str, str]:
    if _only(call, "Content-Type").partition(";")[0].strip().lower() != FORM:
        raise Forged
    pairs = parse_qsl(
        call.body.decode("utf-8"),
        keep_blank_values=True,
        strict_parsing=True,
        errors="strict",
        max_num_fields=MOST_FIELDS,
    )
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Forged
    return form


def _only(call: Call, header: str) -> str:
    """The one value of a header: none or two of it are nobody's honest call."""
    values = call.headers.getall(header, [])
    if len(values) != 1:
        raise Forged
    return values[0]


def _signed(form: dict[str, str], *, url: str, tokens: Sequence[Secret[str]], signature: str) -> bool:
    """Every candidate is computed and compared, whichever fits, so that time tells nothing of which token it was."""
    given = signature.encode("utf-8")
    fits = False
    for token in tokens:
        validator = RequestValidator(token.reveal())
        for signed_url in _spellings(url):
            expected = validator.compute_signature(signed_url, form).encode("ascii")
            fits |= hmac.compare_digest(expected, given)
    return fits


def _spellings(url: str) -> tuple[str, ...]:
    """Our URL with and without its port: Twilio's machines do not agree on it, its own validator takes both."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    bare = parts.netloc.removesuffix(f":{port}")
    return tuple(urlunsplit(parts._replace(netloc=netloc)) for netloc in (bare, f"{bare}:{port}"))
