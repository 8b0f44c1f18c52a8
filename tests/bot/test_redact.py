"""What may not be shown is not shown, whichever way one tries to print it."""

import copy
import dataclasses
import json
import logging
import pickle
import pprint

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import redact
from bot.errors import Refused
from bot.redact import Secret

CANARY = "he locked the door 12025550142"


def everything_printed(value: object) -> str:
    return " ".join(
        [
            repr(value),
            str(value),
            f"{value}",
            f"{value!r:>40}",
            f"{value!a}",
            pprint.pformat(value),
        ]
    )


def test_a_secret_never_prints() -> None:
    """However Robin's words are formatted, none of them comes out."""
    secret = Secret(CANARY)

    assert CANARY not in everything_printed(secret)
    assert CANARY not in everything_printed([{"text": secret}])
    assert f"{secret:>40}" == "%s" % secret == str(secret) == "Secret(…)"  # noqa: UP031 - the old way is a way too
    assert secret.reveal() == CANARY


def test_a_dataclass_with_a_secret_does_not_print_it_either() -> None:
    """A record of Robin's text can be shown, copied and turned into a dict without the text."""

    @dataclasses.dataclass(frozen=True, slots=True)
    class Text:
        body: Secret[str]

    text = Text(Secret(CANARY))

    assert CANARY not in everything_printed(text)
    assert CANARY not in everything_printed(dataclasses.asdict(text))
    assert copy.deepcopy(text) == text


@pytest.mark.parametrize(
    "dump", [pickle.dumps, json.dumps, msgspec.json.encode, msgspec.msgpack.encode, vars]
)
def test_a_secret_cannot_be_dumped(dump) -> None:
    """Nobody writes a secret to disk by accident; the refusal does not quote it."""
    with pytest.raises(TypeError) as refusal:
        dump(Secret(CANARY))

    assert CANARY not in str(refusal.value)


@given(st.one_of(st.text(), st.binary(), st.integers()), st.one_of(st.text(), st.binary(), st.integers()))
def test_secrets_are_equal_when_their_values_are(one: object, other: object) -> None:
    """Two wraps of one address are one key in a dict; two addresses are two."""
    assert (Secret(one) == Secret(other)) == (one == other)
    assert len({Secret(one), Secret(one)}) == 1
    assert Secret(one) != one


def test_a_failed_comparison_does_not_show_the_values() -> None:
    """A failing test prints two hidden secrets."""
    robin, kit = Secret(CANARY), Secret("other")
    with pytest.raises(AssertionError) as failure:
        assert robin == kit

    assert CANARY not in str(failure.value)


def test_safe_error_walks_the_causes_and_tells_class_and_code_only() -> None:
    """A database's complaint that quotes a number becomes its class and its code."""

    class UniqueViolation(Exception):
        sqlstate = "23505"

    class DBAPIError(Exception):
        code = "gkpj"

    failure = DBAPIError(CANARY)
    failure.__cause__ = UniqueViolation(CANARY)

    assert redact.safe_error(failure) == "DBAPIError < UniqueViolation 23505"


def test_safe_error_shows_a_carriers_code() -> None:
    """Twilio's 21610 helps the operator; its sentence is not shown."""
    assert redact.safe_error(Refused("21610")) == "Refused 21610"
    assert redact.safe_error(OSError(111, CANARY)) == "ConnectionRefusedError 111"
    assert redact.safe_error(SystemExit(CANARY)) == "SystemExit"


def test_safe_error_survives_circles_groups_and_hostile_attributes() -> None:
    """Whatever is raised at us, telling its class neither loops, nor raises, nor quotes."""

    class Nasty(Exception):
        @property
        def code(self) -> str:
            raise RuntimeError(CANARY)

    one, other = ValueError(CANARY), KeyError(CANARY)
    one.__cause__, other.__cause__ = other, one

    assert redact.safe_error(one) == "ValueError < KeyError"
    assert redact.safe_error(Nasty()) == "Nasty"
    assert redact.safe_error(ExceptionGroup(CANARY, [ValueError(CANARY)])) == "ExceptionGroup(ValueError)"
    assert redact.safe_error(type("N12025550142", (Exception,), {})()) == "Exception"


def test_place_names_the_innermost_line_of_ours() -> None:
    """The operator learns which line of Greenroom failed, and nothing of the machine's folders."""
    with pytest.raises(TypeError) as failure:
        pickle.dumps(Secret(CANARY))

    found = redact.place(failure.value)
    assert found is not None
    assert found.startswith("bot/redact.py:")
    assert redact.place(ValueError()) is None


@pytest.mark.parametrize(
    "event", ["Relayed", f"relayed {CANARY}", "привіт", "a" * 61, "", "relayed 7", CANARY.encode(), None]
)
def test_an_event_that_is_no_fixed_phrase_loses_its_name(event) -> None:
    """A formatted event does not carry content into the log."""
    assert redact.event_name(event) == redact.UNNAMED


def test_only_allowed_fields_in_their_allowed_shape_are_shown() -> None:
    """A developer who logs a text by mistake finds `left_out`, not the text."""
    fields = {
        "conversation": bytes(16),
        "length": 7,
        "medium": "sms",
        "text": "hello",
        "staff": 12025550142,
        "state": "12025550142",
        "because": "Привіт",
        "count": Secret(3),
        "seconds": float("nan"),
        "row": CANARY,
    }

    assert redact.allowed(fields) == {"conversation": "0" * 32, "length": 7, "medium": "sms", "left_out": 7}


@given(
    st.dictionaries(st.sampled_from(sorted(redact.FIELDS)), st.text(st.characters(codec="utf-8")), max_size=5)
)
def test_no_field_can_hold_a_phone_number(fields: dict[str, str]) -> None:
    """Whatever the field, seven digits in a row do not get through, random ids excepted."""
    for name, value in fields.items():
        spoiled = redact.allowed({name: value + "12025550142"})
        assert name not in spoiled or redact.FIELDS[name] is redact.Shape.ID


def test_every_shape_lets_its_kind_through() -> None:
    """What we do want to log arrives."""
    fields = {
        "version": "0.1.0",
        "error": "DBAPIError < UniqueViolation 23505",
        "place": "handlers/channels/sms.py:41",
        "code": "21610",
        "seconds": 0.25,
        "reference": "ab" * 16,
        "logger": "twilio.http_client",
        "kind": None,
    }

    assert redact.allowed(fields) == {**fields, "code": 21610}


FOREIGN = [
    "httpx",
    "httpcore",
    "twilio.http_client",
    "telegram",
    "aiohttp.access",
    "sqlalchemy.engine",
    "asyncio",
    "py.warnings",
    "root",
]


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_loggers_record_keeps_only_its_logger_level_and_error_class(name: str) -> None:
    """httpx may say what it likes: the bot's token is not repeated."""
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        record = logging.LogRecord(
            name, 20, "x.py", 1, f"{CANARY} %s", (CANARY,), (ValueError, error, error.__traceback__)
        )
    record.stack_info = CANARY

    assert redact.ForeignFilter().filter(record)
    assert CANARY not in repr(vars(record))
    assert record.getMessage() == "foreign logger: ValueError"
    assert CANARY not in logging.Formatter().format(record)


def test_our_own_standard_loggers_keep_their_phrase_but_no_arguments() -> None:
    """A room of ours that uses the standard library says its phrase; what is filled in is dropped."""
    said = logging.LogRecord("handlers.outbox", 20, "x.py", 1, "lane is waiting", (), None)
    filled = logging.LogRecord("handlers.outbox", 20, "x.py", 1, "to %s", (CANARY,), None)

    assert redact.reduce(said).getMessage() == "lane is waiting"
    assert redact.reduce(filled).getMessage() == redact.UNNAMED
