"""Everything that can go wrong, by whose fault it is. An error's sentence is fixed: it never quotes a value."""

from __future__ import annotations

from datetime import timedelta


class GreenroomError(Exception):
    """Something Greenroom understands went wrong."""


class SettingsError(GreenroomError):
    """The operator's settings cannot be used; raised at start only. Names the key and the cure."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(f"{what} {cure}")
        self.what = what
        self.cure = cure


class Unusable(GreenroomError):
    """A file that somebody handed in cannot be used; says what is wrong with it and the cure."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(f"{what} {cure}")
        self.what = what
        self.cure = cure


class WrongKey(Unusable):
    """The file is sound, and this key or passphrase does not open it."""


class RotaError(GreenroomError):
    """A rota cannot be accepted. Names the place and what is wrong; nothing has been saved."""


class WriterError(GreenroomError):
    """What a person wrote cannot be done; carries the phrase to answer with and its arguments."""

    def __init__(self, phrase: str, **arguments: str) -> None:
        super().__init__(phrase)
        self.phrase = phrase
        self.arguments = arguments


class NotAllowed(WriterError):
    """The writer may not do this."""


class NotNow(WriterError):
    """This step is not possible in the conversation's present state; nothing has changed."""


class NoSuchConversation(WriterError):
    """No conversation with this code is open to the writer; "not yours" and "does not exist" look alike."""


class WhichConversation(WriterError):
    """The text could belong to several conversations, so it is held and asked about."""


class Forged(GreenroomError):
    """A webhook was not signed by the carrier: 403, nothing stored, nothing logged of its body."""


class DeliveryError(GreenroomError):
    """The carrier did not take a message; raised by channels only. `code` is the carrier's number, never its text."""

    def __init__(self, code: str = "") -> None:
        super().__init__(type(self).__doc__)
        self.code = code


class Unreachable(DeliveryError):
    """The carrier cannot take the message now; try again later.

    `ambiguous`: the message may have been accepted (the answer got lost), so a repeat may arrive twice.
    `retry_after`: the wait that the carrier asked for.
    `ours`: the fault lies in our configuration or account (token, balance, sender): alarm, keep the message.
    """

    def __init__(
        self,
        code: str = "",
        *,
        retry_after: timedelta | None = None,
        ambiguous: bool = False,
        ours: bool = False,
    ) -> None:
        super().__init__(code)
        self.retry_after = retry_after
        self.ambiguous = ambiguous
        self.ours = ours


class Refused(DeliveryError):
    """The carrier will never take this message; `because` says why in our own words."""

    def __init__(self, code: str = "", *, because: str = "refused") -> None:
        super().__init__(code)
        self.because = because


class StorageError(GreenroomError):
    """Our memory failed; the step may be run again."""


class DatabaseAway(StorageError):
    """The database does not answer: whoever asked is told to come again."""


class Stale(StorageError):
    """Somebody else changed the same row first: run the step again, it has done nothing yet."""


class SealBroken(StorageError):
    """A sealed row does not open: it was changed, moved or replayed, or its key is gone.

    `column`: where ("transcript.sealed"), `owner` and `owner_id`: whose it is, `row_id`: which row of hers; empty where
    that is not known.
    """

    def __init__(
        self, what: str, *, column: str = "", owner: str = "", owner_id: bytes = b"", row_id: bytes = b""
    ) -> None:
        super().__init__(what)
        self.column = column
        self.owner = owner
        self.owner_id = owner_id
        self.row_id = row_id

    def at(self, column: str, owner: str, owner_id: bytes, row_id: bytes = b"") -> SealBroken:
        """The same, with the place where it was met."""
        self.column, self.owner, self.owner_id, self.row_id = column, owner, owner_id, row_id
        return self


class UnknownEpoch(StorageError):
    """A key was wrapped under an epoch that this keyring does not hold: reload it and try once more."""


class TakenOver(StorageError):
    """Another process has taken this over: it had not been heard of for too long."""


class AlreadyServing(StorageError):
    """Another process serves this database; on SQLite there is one at a time. Stop it first, or use PostgreSQL."""


class SchemaTooNew(StorageError):
    """The database was made by a newer Greenroom: install that version or newer."""
