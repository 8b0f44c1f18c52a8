"""Rows, envelopes, links and labels: what opens, what never does, and that both are the same in the next release."""

from __future__ import annotations

import base64
import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot import errors
from storage.keyring import Keyring
from storage.vault import FIRST_LINK, Envelope, Key, Label, Owner, Place, Vault, canon, padded

ROOT, PEPPER, OLD_PEPPER = b"R" * 32, b"P" * 32, b"Q" * 32
NOON = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
ROBIN, KIT = b"robin's talk 16.", b"kit's talk, 16 ."
HERE = Place("transcript.sealed", Owner.CONVERSATION, ROBIN, b"a row of 16 byte", 7, "in", 0)

KEY = Key(bytes(range(32)))
SOME = settings(max_examples=60, deadline=None)
ids = st.binary(min_size=16, max_size=16)
texts = st.text(st.characters(codec=None), max_size=12)  # lone surrogates too
places = st.builds(
    Place,
    column=texts,
    owner=st.sampled_from(Owner),
    owner_id=ids,
    row_id=ids,
    sequence=st.integers(),
    direction=texts,
    segment=st.integers(),
)
instants = st.datetimes(timezones=st.just(UTC))


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring.create(tmp_path / "keyring", ROOT)


@pytest.fixture
def vault(keyring: Keyring) -> Vault:
    return Vault(roots=(ROOT,), peppers=(PEPPER, OLD_PEPPER), keyring=keyring)


def parts_of(joined: bytes) -> list[bytes]:
    parts = []
    while joined:
        end = 4 + int.from_bytes(joined[:4], "big")
        parts.append(joined[4:end])
        joined = joined[end:]
    return parts


def with_bit_flipped(sealed: bytes, bit: int) -> bytes:
    flipped = bytearray(sealed)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def stays_shut(opening: Callable[[], object]) -> bool:
    with pytest.raises(errors.SealBroken):
        opening()
    return True


# --- canonical bytes ---


@SOME
@given(st.lists(st.binary(max_size=20), max_size=6))
def test_canonical_bytes_can_be_taken_apart_again(parts: list[bytes]) -> None:
    """What can be read back in one way only was never two different lists."""
    assert parts_of(canon(*parts)) == parts


def test_moving_a_byte_over_a_border_changes_the_canonical_bytes() -> None:
    """Joining "ab", "c" is not joining "a", "bc"."""
    assert (
        len({canon(b"ab", b"c"), canon(b"a", b"bc"), canon(b"abc"), canon(b"abc", b""), canon(b"", b"abc")})
        == 5
    )


# --- rows ---


@SOME
@given(places, st.binary(max_size=5000), instants)
def test_what_was_sealed_opens_again(place: Place, body: bytes, at: datetime) -> None:
    """Body and instant come back to the byte and to the microsecond."""
    opened = Vault.open(KEY, place, Vault.seal(KEY, place, body, at))

    assert (opened.body, opened.at) == (body, at)


@SOME
@given(places, places)
def test_a_row_opens_at_its_own_place_only(place: Place, elsewhere: Place) -> None:
    """No row can be passed off as another one."""
    assume(place != elsewhere)
    sealed = Vault.seal(KEY, place, b"are you safe?", NOON)

    assert stays_shut(lambda: Vault.open(KEY, elsewhere, sealed))


@pytest.mark.parametrize(
    "moved",
    [
        replace(HERE, column="note.sealed"),
        replace(HERE, owner=Owner.CONTACT),
        replace(HERE, owner_id=KIT),
        replace(HERE, row_id=HERE.owner_id, owner_id=HERE.row_id),
        replace(HERE, row_id=b"another, 16 byte"),
        replace(HERE, sequence=8),
        replace(HERE, sequence=-7),
        replace(HERE, direction="out"),
        replace(HERE, segment=1),
        replace(HERE, segment=7, sequence=0),
        replace(HERE, column="transcript", direction=".sealedin"),
    ],
)
def test_each_part_of_a_place_counts(moved: Place) -> None:
    """A row in another table, owner, conversation, position, direction or segment stays shut."""
    assert stays_shut(lambda: Vault.open(KEY, moved, Vault.seal(KEY, HERE, b"yes", NOON)))


def test_every_single_flipped_bit_is_noticed() -> None:
    """Version, nonce, ciphertext, padding and tag: none can change."""
    sealed = Vault.seal(KEY, HERE, b"yes", NOON)

    assert all(
        stays_shut(lambda bit=bit: Vault.open(KEY, HERE, with_bit_flipped(sealed, bit)))  # type: ignore[misc]
        for bit in range(len(sealed) * 8)
    )


def test_a_row_cut_short_or_drawn_out_stays_shut() -> None:
    """Never part of a text."""
    sealed = Vault.seal(KEY, HERE, b"yes", NOON)

    assert all(stays_shut(lambda n=n: Vault.open(KEY, HERE, sealed[:n])) for n in range(len(sealed)))  # type: ignore[misc]
    assert stays_shut(lambda: Vault.open(KEY, HERE, sealed + b"\0"))


@SOME
@given(st.binary(max_size=200))
def test_rubbish_is_a_broken_seal_and_no_other_error(rubbish: bytes) -> None:
    """Whatever stands in the column, the caller meets one error."""
    assert stays_shut(lambda: Vault.open(KEY, HERE, rubbish))
    assert stays_shut(lambda: Vault.open(KEY, HERE, b"\x01" + rubbish))


def test_another_key_opens_nothing(vault: Vault) -> None:
    """Kit's key is no use with Robin's words."""
    sealed = vault.seal(vault.new_key(), HERE, b"yes", NOON)

    assert stays_shut(lambda: vault.open(vault.new_key(), HERE, sealed))


def test_the_same_words_never_look_the_same_twice() -> None:
    """Equal ciphertexts would tell that something was said again."""
    assert len({Vault.seal(KEY, HERE, b"yes", NOON) for _ in range(100)}) == 100


def test_yes_and_no_look_alike_and_so_do_early_and_late() -> None:
    """Neither length nor time can be read off the size."""
    bodies = [(b"yes", NOON), (b"no", NOON), (b"", datetime(1, 1, 1, tzinfo=UTC)), (b"x" * 52, NOON)]

    assert {len(Vault.seal(KEY, HERE, body, at)) for body, at in bodies} == {29 + 64}


@pytest.mark.parametrize(
    ("length", "size"),
    [
        *[(0, 64), (52, 64), (53, 256), (244, 256), (245, 1024), (1012, 1024), (1013, 4096), (4084, 4096)],
        *[(4085, 8192), (8180, 8192), (8181, 12288), (100_000, 102_400)],
    ],
)
def test_sizes_come_in_steps(length: int, size: int) -> None:
    """64, 256, 1024, 4096, then multiples of 4096 bytes, the head of 12 included."""
    assert padded(length) == size
    assert len(Vault.seal(KEY, HERE, b"x" * length, NOON)) == 29 + size


def test_an_instant_of_another_zone_comes_back_in_utc() -> None:
    """It is the same instant."""
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))

    opened = Vault.open(KEY, HERE, Vault.seal(KEY, HERE, b"yes", tokyo))

    assert opened.at == NOON
    assert opened.at.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused() -> None:
    """Nobody would know later when it was."""
    with pytest.raises(ValueError, match="zone"):
        Vault.seal(KEY, HERE, b"yes", datetime(2026, 3, 1))


def test_neither_a_key_nor_an_opened_row_shows_what_it_holds() -> None:
    """A log line or a traceback with one in it gives nothing away."""
    opened = Vault.open(KEY, HERE, Vault.seal(KEY, HERE, b"are you safe?", NOON))

    assert repr(KEY) == str(KEY) == f"{KEY}" == "Key(…)"
    assert "safe" not in repr(opened)
    assert "2026" not in repr(opened)


@pytest.mark.parametrize("taking", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_key_is_neither_copied_nor_pickled(taking: Callable[[Key], object]) -> None:
    """It cannot slip into a file or another process by accident."""
    with pytest.raises(TypeError):
        taking(KEY)


def test_a_key_does_not_change() -> None:
    """What is sealed with it would be lost."""
    with pytest.raises(AttributeError):
        KEY._secret = b"x" * 32  # type: ignore[misc]


# --- envelopes ---


def test_a_key_comes_back_out_of_its_envelope(vault: Vault) -> None:
    """What was sealed before opens after."""
    key = vault.new_key()
    sealed = vault.seal(key, HERE, b"are you safe?", NOON)

    envelope = vault.wrap(key, Owner.CONVERSATION, ROBIN)

    again = vault.unwrap(envelope, Owner.CONVERSATION, ROBIN)
    assert vault.open(again, HERE, sealed).body == b"are you safe?"
    assert envelope.kid == vault.active
    assert envelope.reader == "server"


@pytest.mark.parametrize(
    ("owner", "owner_id", "reader"),
    [
        (Owner.CONVERSATION, KIT, "server"),
        (Owner.CONTACT, ROBIN, "server"),
        (Owner.CONVERSATION, ROBIN, "somebody"),
        (Owner.CONVERSATION, ROBIN, ""),
        (Owner.CONVERSATION, b"", "server"),
    ],
)
def test_an_envelope_opens_for_its_own_owner_only(
    vault: Vault, owner: Owner, owner_id: bytes, reader: str
) -> None:
    """Envelopes that change places in the table stay shut."""
    envelope = vault.wrap(KEY, Owner.CONVERSATION, ROBIN)

    assert stays_shut(lambda: vault.unwrap(replace(envelope, reader=reader), owner, owner_id))


def test_every_flipped_bit_of_an_envelope_is_noticed(vault: Vault) -> None:
    """A changed envelope gives no key, and a cut one neither."""
    whole = vault.wrap(KEY, Owner.STAFF, ROBIN)
    changed = [with_bit_flipped(whole.wrapped, bit) for bit in range(len(whole.wrapped) * 8)]
    changed += [whole.wrapped[:n] for n in range(len(whole.wrapped))]

    assert all(
        stays_shut(lambda w=w: vault.unwrap(replace(whole, wrapped=w), Owner.STAFF, ROBIN))  # type: ignore[misc]
        for w in changed
    )


def test_a_row_is_no_envelope(vault: Vault) -> None:
    """What somebody else could get sealed is never taken for a key."""
    sealed = vault.seal(KEY, HERE, b"\x01" * 33, NOON)

    assert stays_shut(lambda: vault.unwrap(Envelope(vault.active, sealed), Owner.STAFF, ROBIN))


def test_a_stale_keyring_is_told_apart_from_a_broken_seal(vault: Vault) -> None:
    """Only the first is worth loading the keyring again."""
    envelope = replace(vault.wrap(KEY, Owner.LINE, ROBIN), kid=b"8 others")

    with pytest.raises(errors.UnknownEpoch):
        vault.unwrap(envelope, Owner.LINE, ROBIN)
    assert not issubclass(errors.UnknownEpoch, errors.SealBroken)


def test_a_change_of_epoch_keeps_every_key_readable(vault: Vault, keyring: Keyring) -> None:
    """Old and rewrapped envelopes open side by side; once the old epoch is dropped, only the new ones do."""
    old = vault.wrap(KEY, Owner.CONVERSATION, ROBIN)
    sealed = vault.seal(KEY, HERE, b"yes", NOON)
    keyring.activate(keyring.add_epoch())

    new = vault.rewrap(old, Owner.CONVERSATION, ROBIN)

    assert new.kid == vault.active != old.kid
    for envelope in (old, new):
        key = vault.unwrap(envelope, Owner.CONVERSATION, ROBIN)
        assert vault.open(key, HERE, sealed).body == b"yes"
    keyring.drop(old.kid)
    vault.unwrap(new, Owner.CONVERSATION, ROBIN)
    with pytest.raises(errors.UnknownEpoch):
        vault.unwrap(old, Owner.CONVERSATION, ROBIN)


def test_rewrapping_somebody_elses_envelope_fails(vault: Vault) -> None:
    """Moving a row first and waiting for the rotation does not help."""
    envelope = vault.wrap(KEY, Owner.CONVERSATION, ROBIN)

    assert stays_shut(lambda: vault.rewrap(envelope, Owner.CONVERSATION, KIT))


@pytest.mark.parametrize("short", [(), (b"",), (b"x" * 31,), (PEPPER, b"x" * 33)])
def test_keys_of_the_wrong_length_are_refused_at_start(keyring: Keyring, short: tuple[bytes, ...]) -> None:
    """The operator is told which setting it is."""
    with pytest.raises(errors.SettingsError, match=r"keys\.root"):
        Vault(roots=short, peppers=(PEPPER,), keyring=keyring)
    with pytest.raises(errors.SettingsError, match=r"keys\.pepper"):
        Vault(roots=(ROOT,), peppers=short, keyring=keyring)


# --- the chain ---


def chained(rows: list[tuple[bytes, bytes]], key: Key = KEY) -> list[bytes]:
    links, link = [], FIRST_LINK
    for row_id, sealed in rows:
        link = Vault.link(key, link, row_id, sealed)
        links.append(link)
    return links


def test_a_row_that_is_missing_moved_changed_or_put_back_breaks_the_chain() -> None:
    """The head differs, whatever was done to the rows before it."""
    one, two, three = [(bytes([n]) * 16, Vault.seal(KEY, HERE, b"yes", NOON)) for n in range(3)]
    head = chained([one, two, three])[-1]

    tampered = [
        [one, three],
        [two, three],
        [one, two],
        [one, three, two],
        [one, two, two, three],
        [one, (two[0], with_bit_flipped(two[1], 100)), three],
        [one, (three[0], two[1]), (two[0], three[1])],
    ]
    assert len(head) == 32
    assert head not in {chained(rows)[-1] for rows in tampered}


def test_a_stored_link_lets_the_end_of_a_chain_be_checked_alone() -> None:
    """HISTORY shows the last rows without reading the first ones."""
    rows = [(bytes([n]) * 16, b"sealed %d" % n) for n in range(5)]
    links = chained(rows)

    assert Vault.link(KEY, links[3], *rows[4]) == links[4]


def test_nobody_without_the_key_can_make_a_link() -> None:
    """Rows of two conversations are chained apart."""
    rows = [(b"r" * 16, b"sealed")]

    assert chained(rows) != chained(rows, Key(b"k" * 32))


# --- labels ---


def test_the_same_address_is_found_again_and_another_is_not(vault: Vault) -> None:
    """A label stands for one value of one channel and one purpose."""
    values = [
        vault.label(purpose, medium, value)
        for purpose in Label
        for medium in ("sms", "telegram", "")
        for value in ("+12025550101", "+12025550102", "")
    ]

    assert len(set(values)) == len(values)
    assert {len(value) for value in values} == {32}
    assert vault.label(Label.ROUTE, "sms", "+12025550101") == vault.label(Label.ROUTE, "sms", b"+12025550101")


def test_a_text_that_is_not_even_unicode_has_a_label(vault: Vault) -> None:
    """An encoding error would carry the text into the log."""
    assert vault.label(Label.NAME, "", "\ud800") != vault.label(Label.NAME, "", "\ud801")


def test_both_peppers_are_looked_up_while_they_change(vault: Vault, keyring: Keyring) -> None:
    """A block made before the incident still holds after it."""
    before = Vault(roots=(ROOT,), peppers=(OLD_PEPPER,), keyring=keyring)
    value = (Label.BLOCK, "sms", "+447700900123")

    assert vault.labels(*value) == (vault.label(*value), before.label(*value))
    assert before.labels(*value) == (before.label(*value),)


# --- the formats stay ---

FIRST_RELEASE = Place("transcript.sealed", Owner.CONVERSATION, b"c" * 16, b"r" * 16, 7, "in")
SEALED_BY_IT = base64.b64decode(
    "AQKfCNcML+Ev5gvDnpcCLC4LLHqqVt6aZ1ySg2gyEdzPHneX0o54WozzgUscNmylJdPzNnz0ITukBWDTCZd+GLRlpLrygJ2h"
    "OxZbaxF+aQNK81b3f0H8uonUtxtK"
)


def test_a_row_of_the_first_release_still_opens() -> None:
    """A change of format would make every stored conversation unreadable."""
    opened = Vault.open(KEY, FIRST_RELEASE, SEALED_BY_IT)

    assert (opened.at, opened.body) == (NOON, b"are you safe?")
    assert Vault.link(KEY, FIRST_LINK, b"r" * 16, SEALED_BY_IT) == bytes.fromhex(
        "3e3a7059e0c78e8e1077ccfd364af99b298df25444c812ad9e2659012e89c35b"
    )


def test_labels_of_the_first_release_are_still_found(vault: Vault) -> None:
    """Blocks and opt-outs outlive an update."""
    assert vault.label(Label.OPTOUT, "sms", "+12025550101") == bytes.fromhex(
        "96011a7d9fa442c81ff6932a2a51c737825faf80d2048e865b55a7787211d014"
    )
