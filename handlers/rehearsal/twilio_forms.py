"""What Twilio posts to a program: the form of an inbound text and of a status report."""

from __future__ import annotations

from handlers.rehearsal import twilio_tables as tables
from handlers.rehearsal.twilio_messages import Message, segments


def report(message: Message) -> dict[str, str]:
    """A status callback, as the message stands now."""
    form = {
        "AccountSid": message.account,
        "ApiVersion": tables.VERSION,
        "From": message.sender or "",
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
    if message.service:
        form["MessagingServiceSid"] = message.service
    if message.error is not None:
        form["ErrorCode"] = str(message.error)
    if message.status in ("delivered", "undelivered"):
        form["RawDlrDoneDate"] = message.updated.strftime("%y%m%d%H%M")
    return form


def inbound(message: Message, *, api_url: str, opt_out: str | None) -> dict[str, str]:
    """An inbound text. `opt_out`: STOP, START or HELP where OptOutType is sent."""
    form = {
        "AccountSid": message.account,
        "ApiVersion": tables.VERSION,
        "Body": message.body,
        "From": message.sender or "",
        "MessageSid": message.sid,
        "NumMedia": str(len(message.media)),
        "NumSegments": str(segments(message.body)),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.to,
    }
    for side, number in (("From", message.sender or ""), ("To", message.to)):
        for name, value in zip(("City", "State", "Zip", "Country"), tables.place(number), strict=True):
            form[side + name] = value
    if message.service:
        form["MessagingServiceSid"] = message.service
    if opt_out:
        form["OptOutType"] = opt_out
    for i, (sid, kind) in enumerate(message.media.items()):
        form[f"MediaContentType{i}"] = kind
        form[f"MediaUrl{i}"] = f"{api_url}{message.uri.removesuffix('.json')}/Media/{sid}"
    return form
