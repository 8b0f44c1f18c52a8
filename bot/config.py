"""Reads the operator's one TOML file and checks it to the last key; `config.example.toml` explains each key.

Every error is a `SettingsError` that names the key, what it may be and the cure, and never quotes a value.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from bot import phrases, spellings
from bot.errors import SettingsError
from bot.references import Reference, key_bytes, secret
from bot.settings import Config

__all__ = ["Config", "Reference", "key_bytes", "load", "secret"]

_LARGEST: Final = 1 << 20
_SECTIONS_ALWAYS: Final = ("database", "keys", "web")
_EXAMPLE: Final = "Compare it with config.example.toml."


def load(path: Path) -> Config:
    """The configuration in a file. SettingsError names the key and the cure, whatever the file holds."""
    table = _parsed(_text(path))
    for section in _SECTIONS_ALWAYS:
        table.setdefault(section, {})
    _refuse_unknown(table, Config, "")
    spellings.resolve(table, path.absolute().parent)
    try:
        config = msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None
    _check_together(config, table)
    return _completed(config)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise SettingsError("The configuration file is larger than a megabyte.", _EXAMPLE)
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(f"There is no configuration file {path}.", "Run: greenroom init") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"The configuration is not UTF-8 at line {line}.", "Save it as UTF-8.") from None
    except (OSError, ValueError):
        raise SettingsError(
            "The configuration file cannot be read.", "It must be a file that this user may read."
        ) from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise SettingsError("The configuration is nested too deeply.", _EXAMPLE) from None
    except ValueError as error:
        # The parser's own sentence may quote the line, and the line may hold a secret written out.
        found = re.search(r"\(at line (\d+), column \d+\)\Z", str(error))
        line = f" at line {found[1]}" if found else " at its end" if "end of document" in str(error) else ""
        raise SettingsError(f"The configuration is not valid TOML{line}.", _EXAMPLE) from None


def _struct_of(kind: object) -> type[Struct] | None:
    """The section class of a field, if it holds one."""
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, Struct):
            return one
    return None


def _known(section: type[Struct], prefix: str = "") -> Iterator[str]:
    """Every key below a section, by its full dotted name."""
    for name, kind in get_type_hints(section).items():
        yield prefix + name
        if inner := _struct_of(kind):
            yield from _known(inner, f"{prefix}{name}.")


def _refuse_unknown(table: dict[str, Any], section: type[Struct], prefix: str) -> None:
    fields = get_type_hints(section)
    for name, value in table.items():
        if name not in fields:
            raise _unknown(prefix + name)
        inner = _struct_of(fields[name])
        if inner is None:
            continue
        if not isinstance(value, dict):
            raise SettingsError(
                f"{prefix}{name} must be a table.", f"Write [{prefix}{name}] on a line of its own."
            )
        _refuse_unknown(value, inner, f"{prefix}{name}.")


def _unknown(key: str) -> SettingsError:
    """A key may be a secret that slipped in front of the equals sign: only what looks like a key is quoted."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z_.-]{0,79}", key):
        return SettingsError("There is a key that is not known, with a strange name.", _EXAMPLE)
    known = sorted(set(_known(Config)))
    last = key.rpartition(".")[2]

    def likeness(candidate: str) -> float:
        whole = difflib.SequenceMatcher(None, key, candidate).ratio()
        return max(whole, 0.99 * difflib.SequenceMatcher(None, last, candidate.rpartition(".")[2]).ratio())

    return SettingsError(
        f"{key} is not a known key.", f"The nearest known one is {max(known, key=likeness)}."
    )


def _explained(told: str) -> SettingsError:
    """msgspec's complaint in our words: from its place in the file only, for its own sentence may quote a value."""
    missing = re.match(r"Object missing required field `(\w+)`", told)
    found = re.search(r" - at `(?:key` in `)?\$\.?([\w.]*)", told)
    key = found[1].rstrip(".") if found else ""
    if missing:
        key = f"{key}.{missing[1]}" if key else missing[1]
        return SettingsError(f"{key} is missing.", f"It must be {_wanted(key)}.")
    return SettingsError(f"{key} must be {_wanted(key)}.", "Change it in the configuration file.")


def _wanted(key: str) -> str:
    """What a key may hold, in words, from its type."""
    section: type[Struct] = Config
    kind: object = Config
    for name in key.split("."):
        kind = get_type_hints(section, include_extras=True).get(name, str)
        section = _struct_of(kind) or section
    return _in_words(kind)


def _in_words(kind: object) -> str:
    if get_origin(kind) is Annotated:
        meta = next(extra for extra in get_args(kind) if isinstance(extra, Meta))
        if meta.description is not None:
            return meta.description
        whole = "a whole number" if get_args(kind)[0] is int else "a number"
        return f"{whole} from {meta.ge} to {meta.le}"
    if get_origin(kind) is Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(kind))
    inner = [one for one in get_args(kind) if one not in (type(None), Ellipsis)]
    if get_origin(kind) is tuple:
        return f"a list, each {_in_words(inner[0])}"
    if get_origin(kind) is dict:
        return f"a table, each key {_in_words(inner[0])} and each value {_in_words(inner[1])}"
    if inner:
        return _in_words(inner[0])
    plain = {bool: "true or false", str: "a text in quotes", Path: "a path in quotes"}
    return plain.get(kind, "a table") if isinstance(kind, type) else "something else"


def _check_together(config: Config, table: dict[str, Any]) -> None:
    """What no key can say alone."""
    for key, codes in (
        ("line.default_language", (config.line.default_language,)),
        ("line.languages", config.line.languages),
        ("policy.reporting", tuple(config.policy.reporting)),
    ):
        if not set(codes) <= phrases.LANGUAGE_NAMES.keys():
            raise SettingsError(
                f"{key} names an unknown language.", f"Known are {', '.join(phrases.LANGUAGE_NAMES)}."
            )
    if "languages" in table["line"] and config.line.default_language not in config.line.languages:
        raise SettingsError(
            "line.languages lacks the default language.", "Add line.default_language to the list."
        )
    if config.sms and len(set(config.sms.numbers)) < len(config.sms.numbers):
        raise SettingsError("sms.numbers has a number twice.", "Write each number once.")
    calls_us = (
        "sms"
        if config.sms
        else "telegram"
        if config.telegram and config.telegram.updates == "webhook"
        else ""
    )
    if calls_us and "public_url" not in table["web"]:
        raise SettingsError(
            f"web.public_url is missing, and [{calls_us}] needs it.",
            'Write the address by which the carrier reaches this line, such as "https://line.example.org".',
        )
    keys = config.keys
    _check_apart("keys.pepper", keys.pepper, keys.root)
    for key, previous in (
        ("keys.previous_root", keys.previous_root),
        ("keys.previous_pepper", keys.previous_pepper),
    ):
        if previous is not None:
            _check_apart(key, previous, keys.root)
            _check_apart(key, previous, keys.pepper)
    if config.telegram:
        _check_apart("telegram.staff.token", config.telegram.staff.token, config.telegram.texters.token)


def _check_apart(key: str, one: Reference, other: Reference) -> None:
    if (one.kind, one.place) == (other.kind, other.place):
        raise SettingsError(
            f"{key} and {other.key} are the same.", "They must be two different secrets: make a second one."
        )


def _completed(config: Config) -> Config:
    """With the defaults that depend on other keys."""
    line = msgspec.structs.replace(config.line, languages=config.line.languages or phrases.languages())
    limits = msgspec.structs.replace(config.limits, countries=config.limits.countries or (line.country,))
    return msgspec.structs.replace(config, line=line, limits=limits)
