"""What a carrier says later about a message: delivered, or not, because …"""

from __future__ import annotations

from bot.channel import Outcome, Receipt
from bot.messages import Side, Writer
from bot.phrases import phrase
from handlers import apply, outcomes
from handlers.line import Line
from storage.copies import CopyRow
from storage.work import Work


def receive(work: Work, line: Line, receipt: Receipt) -> bool:
    """Writes down one receipt; False if it was unknown, or said nothing new.

    They come twice, out of order, and when the message has been deleted already.
    """
    early = work.outbox.expecting(receipt.reference)
    if early is not None and early.letter is not None:
        # The answer to our call was lost, or is still on its way: this is the proof that the carrier took it.
        outcomes.reached(work, early)
        if work.outbox.settle(receipt.reference, receipt.message) is not None:
            outcomes.accepted(work, line, early.letter)
    row = work.copies.by_reference(receipt.reference)
    if row is None:
        return False
    work.copies.keep_twin(row, receipt.message, final=receipt.outcome != Outcome.SENT)
    if not work.copies.advance(row.id, receipt.outcome):
        return False
    if receipt.outcome == Outcome.DELIVERED and row.writer is not None and row.side is Side.TEXTER:
        apply.mark(work, line, row.writer, apply.DELIVERED)
    elif receipt.outcome == Outcome.FAILED:
        _failed(work, line, row, receipt.because)
    return True


def _failed(work: Work, line: Line, row: CopyRow, because: str) -> None:
    conversation = work.conversations.get(row.conversation) if row.conversation else None
    if row.side is Side.STAFF and row.contact is not None:
        outcomes.staff_missed(work, line, row.contact, conversation, because, offer=row.offer)
    elif conversation is not None:
        if row.writer is not None:
            _tell(work, line, conversation.code, row.writer, because)
        outcomes.texter_gone(work, line, conversation, because)


def _tell(work: Work, line: Line, code: str, writer: Writer, because: str) -> None:
    apply.mark(work, line, writer, apply.FAILED)
    found = work.staff.contact(writer.contact)
    if found is not None:
        apply.tell(work, line, found[0], phrase("not.delivered", code=code, why=because))
