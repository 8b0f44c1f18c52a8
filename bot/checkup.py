"""The check-up of a line: every rule, in the order in which its findings are read. Start reading here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from bot import (
    checkup_house,
    checkup_keeping,
    checkup_keys,
    checkup_rota,
    checkup_telegram,
    checkup_twilio,
    checkup_web,
)
from bot.facts import Facts
from bot.findings import Finding

Rule = Callable[[Facts], Iterator[Finding]]

RULES: Final[tuple[Rule, ...]] = (
    checkup_house.a_way_in,
    checkup_house.still_the_example,
    checkup_house.secrets_can_be_read,
    checkup_house.keys_differ,
    checkup_house.keys_lie_apart,
    checkup_house.folders_are_private,
    checkup_house.without_effect,
    checkup_house.database,
    checkup_keys.audit_trail,
    checkup_keys.epoch_keys,
    checkup_keys.silent_hosts,
    checkup_keys.two_keys,
    checkup_keys.owners_are_here,
    checkup_keys.yearly,
    checkup_keeping.policy,
    checkup_keeping.carriers_copies,
    checkup_rota.somebody_works_here,
    checkup_rota.somebody_supervises,
    checkup_rota.a_rota_is_applied,
    checkup_rota.gaps,
    checkup_rota.on_call_and_unreachable,
    checkup_rota.languages,
    checkup_web.looked_outside,
    checkup_web.clock,
    checkup_web.reachable_at_all,
    checkup_web.public_url,
    checkup_twilio.account,
    checkup_twilio.numbers,
    checkup_twilio.registration,
    checkup_twilio.opt_out_texts,
    checkup_twilio.messaging_service,
    checkup_telegram.bots_answer,
    checkup_telegram.two_bots,
    checkup_telegram.webhooks,
    checkup_telegram.discreet,
    checkup_telegram.private_chats_only,
)
"""A new finding is one function and one line here."""


def findings(facts: Facts) -> list[Finding]:
    """What every rule has to say, in order."""
    return [finding for rule in RULES for finding in rule(facts)]
