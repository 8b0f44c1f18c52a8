"""Where lines and conversations are bound to: the same in the database and in what is exported from it."""

from __future__ import annotations

from storage.vault import Owner, Place


def of_line(conversation: bytes, line_id: bytes, sequence: int, direction: str) -> Place:
    """transcript.sealed"""
    return Place("transcript.sealed", Owner.CONVERSATION, conversation, line_id, sequence, direction)


def of_conversation(conversation: bytes, version: int) -> Place:
    """conversations.sealed. The version is part of it: an older state put back into the row does not open."""
    return Place("conversations.sealed", Owner.CONVERSATION, conversation, conversation, sequence=version)
