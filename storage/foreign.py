"""What an error of a database means, in our words: never its text, which quotes values."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy import exc

from bot.errors import DatabaseAway, GreenroomError, Stale, StorageError, UnknownEpoch


def translated(error: BaseException) -> BaseException:
    """The error as it leaves storage: ours and a programmer's as they are, a database's as a StorageError."""
    if isinstance(error, GreenroomError):
        return error
    if isinstance(error, exc.DBAPIError):
        return _of_driver(error.orig, cut_off=error.connection_invalidated)
    if isinstance(error, sqlite3.Error | psycopg.Error):
        return _of_driver(error, cut_off=False)
    if isinstance(error, exc.TimeoutError):
        return DatabaseAway("No connection to the database became free.")
    if isinstance(error, exc.SQLAlchemyError):
        return StorageError("The database was asked something impossible.")
    return error


def _of_driver(error: BaseException | None, *, cut_off: bool) -> StorageError:
    if isinstance(error, psycopg.Error):
        return _of_postgresql(error, cut_off=cut_off)
    if isinstance(error, sqlite3.IntegrityError):
        if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            return UnknownEpoch("A key was wrapped under an epoch that is gone.")
        return Stale("Somebody else stored the same a moment ago.")
    if isinstance(error, sqlite3.OperationalError) and _primary(error) in _AWAY:
        return DatabaseAway("The database file cannot be used now.")
    return StorageError("The database failed.")


_AWAY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})


def _primary(error: sqlite3.Error) -> int:
    """SQLite's primary result code: the low byte of the extended one."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _of_postgresql(error: psycopg.Error, *, cut_off: bool) -> StorageError:
    """By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html"""
    state = error.sqlstate or ""
    if state == "23503":  # foreign_key_violation: in a hot path only envelopes.kid has one that can fail
        return UnknownEpoch("A key was wrapped under an epoch that is gone.")
    if state in {"23505", "40001", "40P01"}:  # unique_violation, serialization_failure, deadlock_detected
        return Stale("Somebody else changed the same a moment ago.")
    if (
        cut_off
        or state[:2] in {"08", "53", "57"}
        or (state == "" and isinstance(error, psycopg.OperationalError))
    ):
        return DatabaseAway("The database does not answer.")
    return StorageError("The database failed.")
