"""What `greenroom check` prints of the retention policy: every sentence true, for these settings and no others."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot import notice
from bot.endings import Act
from bot.retention import NOTICE, POLICIES
from storage.sweep import SUBJECTS
from tests.bot.test_unbuilt import config


def test_everything_that_is_swept_is_told() -> None:
    """A new subject of the sweep needs its sentence, and no sentence speaks of what nobody does."""
    told = {name for subject in NOTICE for name in subject.of}
    assert told == {*SUBJECTS, *(act.value for act in Act), "silent"}
    named = {name for subject in NOTICE for name in re.findall(r"\{(\w+)", subject.sentence)}
    assert named == {*POLICIES, "unsealed"}


def test_the_sentences_follow_the_settings() -> None:
    """Its own numbers, its own channels, and what is different without supervisors' keys."""
    usual = " ".join(notice.sentences(config(), sealing=True))
    assert "sealed 2 hours after it has ended" in usual
    assert "erased 30 days after it has ended" in usual
    assert "forgotten 24 hours after" in usual
    assert "Telegram" not in usual
    assert "{" not in usual
    alone = " ".join(notice.sentences(config(), sealing=False))
    assert "erased 24 hours after it has ended" in alone
    assert "sealed" not in alone
    short = config(
        retention={"address_hours": 0, "transcript_days": 0.5}, policy={"delete_during_hold": "keep"}
    )
    other = " ".join(notice.sentences(short, sealing=False))
    assert "forgotten as soon as the conversation has ended" in other
    assert "erased 12 hours after it has ended" in other
    assert "erased when that ends" in other


@pytest.mark.parametrize(
    ("period", "said"),
    [
        (timedelta(days=30), "30 days"),
        (timedelta(days=1), "24 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(hours=1.5), "90 minutes"),
        (timedelta(seconds=36), "36 seconds"),
    ],
)
def test_a_period_in_words(period: timedelta, said: str) -> None:
    """As a person would say it, never rounded."""
    assert notice.in_words(period) == said
