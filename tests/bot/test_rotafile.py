"""The rota file: what an operator may write, what is refused and how, and that nothing is lost on the way."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import rota, rotafile
from bot.errors import RotaError
from bot.people import StaffId
from bot.rota import (
    EVERYONE,
    Advance,
    Kind,
    Layer,
    Order,
    Override,
    Rota,
    Schedule,
    Status,
    Swap,
    Unit,
    Window,
)
from bot.rotarules import printable

FILE = """
[[schedule]]
name = "on call"
zone = "America/New_York"

[[schedule.layer]]
name = "weekday nights"
priority = 0
zone = "America/New_York"
start = 2026-01-05T21:00:00
unit = "day"
count = 1
participants = ["Alma", "Bo", ["Cleo", "Dana"]]
days = ["mo", "tu", "we", "th", "fr"]
from = "21:00"
to = "06:00"
advance = "active"
until = 2027-01-04T21:00:00

[[schedule.layer.revision]]
at = 2026-03-02T12:00:00Z
participants = ["Alma", "Cleo"]
current = "Alma"

[[schedule.override]]
kind = "replace"
start = 2026-02-01T00:00:00Z
end = 2026-02-04T00:00:00Z
remove = "Alma"
add = "Bo"

[[schedule.swap]]
start = 2026-02-08T00:00:00Z
end = 2026-02-10T12:00:00Z
from = "Alma"
to = "Bo"
status = "taken"

[[schedule]]
name = "backup"
zone = "Europe/Kyiv"

[[schedule.layer]]
name = "always"
zone = "Europe/Kyiv"
start = 2026-01-05T00:00:00
unit = "week"
participants = ["Sam"]
"""


def z(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_file_of_the_contract_is_read() -> None:
    """Every key lands where it belongs."""
    on_call, backup = rotafile.parse(FILE).schedules
    assert on_call.layers[0] == Layer(
        name="weekday nights",
        zone="America/New_York",
        start=datetime(2026, 1, 5, 21),
        unit=Unit.DAY,
        participants=(("Alma",), ("Bo",), ("Cleo", "Dana")),
        window=Window((0, 1, 2, 3, 4), 21 * 60, 6 * 60),
        advance=Advance.ACTIVE,
        until=datetime(2027, 1, 4, 21),
        revisions=(Order(z("2026-03-02T12:00"), (("Alma",), ("Cleo",)), ("Alma",)),),
    )
    assert on_call.overrides == (
        Override(
            kind=Kind.REPLACE, start=z("2026-02-01T00:00"), end=z("2026-02-04T00:00"), remove="Alma", add="Bo"
        ),
    )
    assert on_call.swaps == (
        Swap(
            giver="Alma",
            taker="Bo",
            start=z("2026-02-08T00:00"),
            end=z("2026-02-10T12:00"),
            status=Status.TAKEN,
        ),
    )
    assert (backup.name, backup.zone, backup.layers[0].window, backup.layers[0].priority) == (
        "backup",
        "Europe/Kyiv",
        None,
        0,
    )


def test_the_file_of_the_contract_says_who_is_on_call() -> None:
    """Windows counted by hand: the first, Monday 5 January, is Alma's."""
    on_call = rotafile.parse(FILE).schedules[0]
    answers = {
        "2026-01-06T02:00": {"Alma"},
        "2026-01-07T02:00": {"Bo"},
        "2026-01-08T02:00": {"Cleo", "Dana"},
        "2026-01-11T02:00": set(),  # Saturday night
        "2026-02-03T02:00": {"Cleo", "Dana"},  # the 21st window, Monday 2 February
        "2026-02-04T02:00": {"Alma"},  # the override ended two hours ago
        "2026-02-10T02:00": {"Bo"},  # the 26th window, Bo's own
        "2026-03-03T02:00": {"Cleo"},  # the first after the revision
        "2026-03-04T02:00": {"Alma"},
        "2027-01-05T02:00": set(),  # until is exclusive
    }
    assert {at: rota.on_call(on_call, z(at)) for at in answers} == answers


def refused(*swaps: tuple[str, str], text: str = FILE) -> str:
    """What the file is refused with after some words of it were changed."""
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(RotaError) as error:
        rotafile.parse(text)
    assert "\n" not in str(error.value)
    return str(error.value)


LAYER = 'schedule "on call", layer "weekday nights"'


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('zone = "America', 'zone = "Mars/Base"\n#', 'schedule "on call": unknown zone "Mars/Base".'),
        ("0\nzone =", '0\nzone = "Mars/Base"\n#', f'{LAYER}: unknown zone "Mars/Base".'),
        ("0\nzone =", '0\nzone = "../UTC"\n#', f'{LAYER}: unknown zone "../UTC".'),
        ("0\nzone =", '0\nzone = "America"\n#', f'{LAYER}: unknown zone "America".'),
        ("0\nzone =", '0\nzone = ""\n#', f'{LAYER}: unknown zone "".'),
        *(
            ("0\nzone =", f'0\nzone = "{zone}"\n#', f'{LAYER}: unknown zone "{zone}"{cure}.')
            for zone, cure in (
                ("localtime", ""),
                ("Factory", ""),
                ("right/Europe/Kyiv", ', the nearest known one is "Europe/Kyiv"'),
                ("america/new_york", ', the nearest known one is "America/New_York"'),
                ("Europe/Kiyv", ', the nearest known one is "Europe/Kyiv"'),
            )
        ),
        *(
            (old, new, f"{place}: the name has a character in it that cannot be seen, such as a line break.")
            for old, new, place in (
                ('"Bo", [', '"B\\u001bo", [', f"{LAYER}, participant 2"),
                ('"Bo", [', '"B\\u202eo", [', f"{LAYER}, participant 2"),
                ('"backup"', '"back\\nup"', 'schedule "back\\nup"'),
                ('"always"', '"al\\u0000ways"', 'schedule "backup", layer "al\\u0000ways"'),
            )
        ),
        ("count = 1", "count = 0", f'{LAYER}: "count" must be 1 or more (at most 1000000).'),
        ("count = 1", "count = -3", f'{LAYER}: "count" must be 1 or more (at most 1000000).'),
        ("count = 1", "count = true", f'{LAYER}: "count" must be a whole number.'),
        ("count = 1", "count = 1.5", f'{LAYER}: "count" must be a whole number.'),
        ("count = 1", "count = 99999999999999999999", f'{LAYER}: "count" must be 1 or more (at most 1000000).'),
        ("= 0", "= 1000001", f'{LAYER}: "priority" must lie between -1000000 and 1000000.'),
        ('["Alma", "Bo", ["Cleo", "Dana"]]', "[]", f'{LAYER}: "participants" is empty.'),
        ('["Cleo", "Dana"]', "[]", f"{LAYER}, participant 3: the group is empty."),
        ('["Cleo", "Dana"]', '["Cleo", "Cleo"]', f"{LAYER}, participant 3: the group names somebody twice."),
        (
            '["Cleo", "Dana"]',
            "7",
            f'{LAYER}: "participants" holds something that is neither a name nor a group of names.',
        ),
        ('"Bo", [', '"*", [', f'{LAYER}, participant 2: a person needs a name, which cannot be "*".'),
        ('"Bo", [', '" ", [', f'{LAYER}, participant 2: a person needs a name, which cannot be "*".'),
        ("until = 2027", "until = 2026", f'{LAYER}: "until" must come after "start".'),
        ('"day"', '"week"', f'{LAYER}: "active" goes with the unit "day" only.'),
        ('"day"', '"fortnight"', f'{LAYER}: "unit" must be one of hour, day, week, month.'),
        (
            "start = 2026-01-05T21:00:00",
            "start = 2026-01-05T21:00:00Z",
            f'{LAYER}: "start" is a wall time of the layer\'s zone and takes no offset.',
        ),
        (
            "until = 2027-01-04T21:00:00",
            "until = 2027-01-04T21:00:00-05:00",
            f'{LAYER}: "until" is a wall time of the layer\'s zone and takes no offset.',
        ),
        (
            "start = 2026-01-05T21:00:00",
            "start = 2026-01-05",
            f'{LAYER}: "start" must be a date and time, such as 2026-01-05T21:00:00.',
        ),
        *(
            ("start = 2026-01-05", f"start = {year}-01-05", f'{LAYER}: "start" needs a year from 1900 to 2200.')
            for year in ("0206", "1899", "2201")
        ),
        ("until = 2027", "until = 9999", f'{LAYER}: "until" needs a year from 1900 to 2200.'),
        ("end = 2026-02-04", "end = 2201-02-04",
         'schedule "on call", override 1: "end" needs a year from 1900 to 2200.'),
        ('"Bo", [', '"Bo\u200b", [', f"{LAYER}, participant 2: the name has a character in it that cannot be seen, "
         "such as a line break."),
        ("0\nzone =", f'0\nzone = "{"x" * 5000}"\n#', f'{LAYER}: unknown zone "{"x" * 79}…".'),
        ('days = ["mo", "tu", "we", "th", "fr"]', "days = []", f'{LAYER}: "days" is empty.'),
        ('"mo"', '"monday"', f'{LAYER}: "days" must be a list of mo, tu, we, th, fr, sa, su.'),
        ('"mo"', '"tu"', f'{LAYER}: "days" names a day twice.'),
        ('"21:00"', '"9 pm"', f'{LAYER}: "from" must be a time of day from "00:00" to "24:00".'),
        ('"06:00"', '"24:01"', f'{LAYER}: "to" must be a time of day from "00:00" to "24:00".'),
        ('to = "06:00"', "", f'{LAYER}: "from" and "to" go together.'),
        ("participants", "particpants", 'schedule "on call", layer 1: unknown key "particpants", '
         'the nearest known one is "participants".'),
        ('unit = "day"', "", f'{LAYER}: "unit" is missing.'),
        (
            "12:00:00Z",
            "12:00:00",
            f'{LAYER}, revision 1: "at" is an instant and needs an offset, such as Z at its end.',
        ),
        ('current = "Alma"', 'current = "Bo"', f'{LAYER}, revision 1: "current" must be one of "participants".'),
        ('current = "Alma"', "", f'{LAYER}, revision 1: "current" is missing.'),
        (
            "end = 2026-02-04T00:00:00Z",
            "end = 2026-02-04T00:00:00",
            'schedule "on call", override 1: "end" is an instant and needs an offset, such as Z at its end.',
        ),
        ("end = 2026-02-04", "end = 2026-02-01", 'schedule "on call", override 1: "end" must come after "start".'),
        ('add = "Bo"', 'add = "Alma"', 'schedule "on call", override 1: it replaces somebody with themselves.'),
        (
            'remove = "Alma"\nadd = "Bo"',
            'remove = "*"\nadd = "*"',
            'schedule "on call", override 1, add: a person needs a name, which cannot be "*".',
        ),
        ('add = "Bo"', "", 'schedule "on call", override 1: "add" is missing.'),
        ('remove = "Alma"', "", 'schedule "on call", override 1: "remove" is missing.'),
        ('"replace"', '"add"', 'schedule "on call", override 1: the kind "add" takes no "remove".'),
        ('"replace"', '"remove"', 'schedule "on call", override 1: the kind "remove" takes no "add".'),
        ('"replace"', '"swap"', 'schedule "on call", override 1: "kind" must be one of add, remove, replace.'),
        ('to = "Bo"', 'to = "Alma"', 'schedule "on call", swap 1: it swaps somebody with themselves.'),
        ('to = "Bo"', "", 'schedule "on call", swap 1: it is taken, so "to" must name by whom.'),
        ("end = 2026-02-10", "end = 2026-02-07", 'schedule "on call", swap 1: "end" must come after "start".'),
        ('"taken"', '"agreed"', 'schedule "on call", swap 1: "status" must be one of open, taken, expired, cancelled.'),
        ('"backup"', '"on call"', 'schedule "on call": there are two schedules of this name.'),
        ('name = "backup"', "name = 7", 'schedule 2: "name" must be a text in quotes.'),
        ("[[schedule]]", "[[shedule]]\n[[schedule]]", 'rota file: unknown key "shedule", the nearest known one is '
         '"schedule".'),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(old: str, new: str, sentence: str) -> None:
    """One sentence each."""
    assert refused((old, new)) == sentence


def test_more_than_a_hundred_at_once_are_refused() -> None:
    """Layers, or changes: a calendar would cost minutes. However many come one after the other."""
    day = datetime(2026, 3, 1)
    layer = '\n[[schedule.layer]]\nname = "{0}"\nzone = "UTC"\nstart = {1}\nuntil = {2}\nunit = "day"\n'
    layer += 'participants = ["Alma"]\n'
    change = '\n[[schedule.override]]\nkind = "add"\nstart = {1}Z\nend = {2}Z\nadd = "Bo"\n'
    head = '[[schedule]]\nname = "on call"\nzone = "UTC"\n'
    always = (
        head + '[[schedule.layer]]\nname = "a"\nzone = "UTC"\nstart = 2026-01-01T00:00:00\nunit = "day"\n'
    )
    always += 'participants = ["Alma"]\n'
    for part, what, beyond in ((layer, "layers", 100), (change, "overrides and swaps", 101)):
        days = [day + timedelta(days=n) for n in range(202)]
        one_by_one = [part.format(n, a.isoformat(), b.isoformat()) for n, (a, b) in enumerate(pairwise(days))]
        rotafile.parse(always + "".join(one_by_one))
        together = [part.format(n, day.isoformat(), days[n + 1].isoformat()) for n in range(beyond)]
        rotafile.parse(always + "".join(together[1:]))
        assert refused(text=always + "".join(together)) == (
            f'schedule "on call": more than 100 {what} stand over one another; take out those that are over.'
        )


def test_a_file_out_of_windows_editor_is_read() -> None:
    """It begins with a mark that nobody sees."""
    assert rotafile.parse("\ufeff" + FILE) == rotafile.parse(FILE)


def test_a_schedule_without_layers_and_a_file_without_schedules_are_refused() -> None:
    """An empty file is more likely a mistake than a wish for no rota."""
    bare = '[[schedule]]\nname = "on call"\nzone = "UTC"\n'
    assert refused(text=bare) == 'schedule "on call": a schedule needs at least one layer.'
    assert refused(text="") == "rota file: it has no [[schedule]]."
    assert refused(text="schedule = 1") == 'rota file: "schedule" must be written as [[…schedule]].'


def test_revisions_stand_in_order() -> None:
    """A later line cannot be an earlier time."""
    earlier = (
        '\n[[schedule.layer.revision]]\nat = 2026-03-01T12:00:00Z\nparticipants = ["Bo"]\ncurrent = "Bo"\n'
    )
    assert refused(('current = "Alma"\n', f'current = "Alma"\n{earlier}')).startswith(
        f"{LAYER}, revision 2: "
    )


@pytest.mark.parametrize("text", ["a =", "[[schedule]\n", 'name = "on call', "x = 2026-02-30T00:00:00Z"])
def test_broken_toml_is_refused_with_the_place(text: str) -> None:
    """The reader's own words, with the line."""
    assert refused(text=text).startswith("The rota file is not TOML: ")
    assert refused(text="\n\nname = on call\n").endswith("(at line 3, column 8).")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "[" * 5000, "The rota file is nested too deeply."),
        ("x = 1" + "0" * 5000, "rota file: a number in it has too many digits."),
        ("\n" + "a." * 300_000 + "a = 1", "rota file, line 2: a key has too many parts."),
        ('why = """\n.\n"""\n[' + '"." . ' * 300_000 + "a]", "rota file, line 4: a key has too many parts."),
    ],
    ids=["deep", "long", "dotted", "dotted in quotes"],
)
def test_a_hostile_file_is_refused_too(text: str, said: str) -> None:
    """At once, in a sentence that quotes no words of the reader's own."""
    before = time.process_time()
    assert refused(text=text) == said
    assert time.process_time() - before < 2


def test_dots_in_texts_and_remarks_part_nothing() -> None:
    """However many."""
    dots = "." * 100
    swap = "[[schedule.swap]]\n"
    text = FILE.replace(swap, f"# \"{dots}\n{swap}note = '{dots} # {dots}'  # {dots}\n")
    assert rotafile.parse(text).schedules[0].swaps[0].note == f"{dots} # {dots}"


def test_an_unknown_person_is_refused_by_place_not_by_name() -> None:
    """Applied to a line whose staff is smaller."""
    parsed = rotafile.parse(FILE)
    rota.validate(parsed, known={"Alma", "Bo", "Cleo", "Dana", "Sam"})
    with pytest.raises(RotaError) as error:
        rota.validate(parsed, known={"Alma", "Bo", "Cleo", "Sam"})
    assert str(error.value) == f"{LAYER}, participant 3: unknown person."


def test_weekday_rotations_are_active_unless_it_is_said() -> None:
    """Else people whose turn falls on days off never serve."""
    silent = FILE.replace('advance = "active"\n', "")
    assert rotafile.parse(silent).schedules[0].layers[0].advance is Advance.ACTIVE
    weekly = silent.replace('unit = "day"', 'unit = "week"')
    assert rotafile.parse(weekly).schedules[0].layers[0].advance is Advance.CALENDAR
    said = FILE.replace('"active"', '"calendar"')
    assert rotafile.parse(said).schedules[0].layers[0].advance is Advance.CALENDAR


NAMES = st.text(min_size=1, max_size=6).filter(lambda name: name.strip() not in {"", "*"} and printable(name))
INSTANTS = st.datetimes(
    min_value=datetime(2000, 1, 1), max_value=datetime(2070, 1, 1), timezones=st.just(UTC)
)
SPANS = st.tuples(
    INSTANTS, st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=9000))
)


def rotas(people: st.SearchStrategy[object]) -> st.SearchStrategy[Rota[object]]:
    """Valid rotas of these people."""
    groups = st.lists(
        st.lists(people, min_size=1, max_size=2, unique=True).map(tuple), min_size=1, max_size=3
    ).map(tuple)
    days = st.sets(st.integers(0, 6), min_size=1).map(lambda found: tuple(sorted(found)))
    orders = st.tuples(INSTANTS, groups).map(lambda pair: Order(pair[0], pair[1], pair[1][-1]))
    starts = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1))
    layers = st.builds(
        Layer,
        name=st.text(max_size=6).filter(printable),
        zone=st.sampled_from(["UTC", "Europe/Kyiv", "America/Argentina/Buenos_Aires"]),
        start=starts,
        unit=st.just(Unit.DAY),
        participants=groups,
        count=st.integers(1, 1_000_000),
        priority=st.integers(-1_000_000, 1_000_000),
        window=st.none() | st.builds(Window, days, st.integers(0, 1440), st.integers(0, 1440)),
        advance=st.sampled_from(Advance),
        until=st.none() | st.just(datetime(2100, 12, 31, 23, 59, 59, 999999)),
        revisions=st.lists(orders, max_size=2).map(lambda some: tuple(sorted(some, key=lambda one: one.at))),
    )
    facts = st.tuples(
        SPANS, people | st.just(EVERYONE), people, st.none() | people, st.text(), st.none() | INSTANTS
    )
    overrides = (
        st.tuples(st.sampled_from(Kind), facts)
        .filter(lambda pair: pair[1][1] != pair[1][2])
        .map(
            lambda pair: Override(
                kind=pair[0],
                start=pair[1][0][0],
                end=sum(pair[1][0][1:], pair[1][0][0]),
                remove=None if pair[0] is Kind.ADD else pair[1][1],
                add=None if pair[0] is Kind.REMOVE else pair[1][2],
                by=pair[1][3],
                why=pair[1][4],
                cancelled=pair[1][5],
            )
        )
    )
    swaps = (
        st.tuples(SPANS, people, people, st.sampled_from(Status), st.text(), st.none() | INSTANTS)
        .filter(lambda drawn: drawn[1] != drawn[2])
        .map(
            lambda drawn: Swap(
                giver=drawn[1],
                taker=None if drawn[3] is Status.OPEN else drawn[2],
                start=drawn[0][0],
                end=drawn[0][0] + drawn[0][1],
                status=drawn[3],
                note=drawn[4],
                decided=drawn[5],
            )
        )
    )
    schedules = st.builds(
        Schedule,
        name=st.text(max_size=6).filter(printable),
        zone=st.just("UTC"),
        layers=st.lists(layers, min_size=1, max_size=2).map(tuple),
        overrides=st.lists(overrides, max_size=2).map(tuple),
        swaps=st.lists(swaps, max_size=2).map(tuple),
        gap_alarm=st.booleans(),
    )
    some = st.lists(schedules, min_size=1, max_size=2, unique_by=lambda schedule: schedule.name)
    return some.map(lambda found: Rota(tuple(found)))


@settings(max_examples=60, deadline=None)
@given(rotas(NAMES))
def test_what_is_written_is_read_back(made: Rota[str]) -> None:
    """Whatever stands in the names: quotes, line ends, other alphabets."""
    assert rotafile.parse(rotafile.write(made)) == made


@settings(max_examples=60, deadline=None)
@given(rotas(st.integers(1, 2**40)))
def test_what_storage_seals_is_opened_again(made: Rota[StaffId]) -> None:
    """With staff ids for people."""
    assert rotafile.decode(rotafile.encode(made)) == made


def test_the_example_survives_both_ways() -> None:
    """File, ids, document, ids, file."""
    parsed = rotafile.parse(FILE)
    ids = {name: StaffId(n) for n, name in enumerate(["Alma", "Bo", "Cleo", "Dana", "Sam"], 1)}
    numbered = rotafile.decode(rotafile.encode(rota.rename_all(parsed, ids)))
    named = rota.rename_all(numbered, {number: name for name, number in ids.items()})
    assert rotafile.parse(rotafile.write(named)) == parsed


def differences(*swaps: tuple[str, str]) -> list[str]:
    text = FILE
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    names = {name: name for name in ("Alma", "Bo", "Cleo", "Dana")}
    return rotafile.difference(rotafile.parse(FILE), rotafile.parse(text), names)


def test_the_difference_is_told_in_lines() -> None:
    """What an operator reads before she applies."""
    assert differences() == []
    assert differences(("count = 1", "count = 2"), ("priority = 0", "priority = 3")) == [
        f"{LAYER}: priority 0 → 3",
        f"{LAYER}: turn 1 day → 2 day",
    ]
    assert differences(('["Alma", "Bo", [', '["Alma", ['), ('"06:00"', '"07:00"')) == [
        f"{LAYER}: participants Alma, Bo, Cleo + Dana → Alma, Cleo + Dana",
        f"{LAYER}: window mo tu we th fr 21:00–06:00 → mo tu we th fr 21:00–07:00",
        f"{LAYER}: the list changes from the first turn on, so turns may move; a revision keeps them",
    ]
    assert differences(
        ('remove = "Alma"', 'remove = "*"'), ("T12:00:00Z", "T13:00:00Z"), ('"taken"', '"open"')
    ) == [
        f"{LAYER}: − revision at 2026-03-02 12:00Z: Alma, Cleo; Alma holds the turn",
        f"{LAYER}: + revision at 2026-03-02 13:00Z: Alma, Cleo; Alma holds the turn",
        'schedule "on call": − override: replace Alma by Bo, 2026-02-01 00:00Z to 2026-02-04 00:00Z',
        'schedule "on call": + override: replace everybody by Bo, 2026-02-01 00:00Z to 2026-02-04 00:00Z',
        'schedule "on call": − swap: Alma to Bo, 2026-02-08 00:00Z to 2026-02-10 12:00Z, taken',
        'schedule "on call": + swap: Alma to Bo, 2026-02-08 00:00Z to 2026-02-10 12:00Z, open',
    ]


def test_a_first_and_a_last_rota_are_told_whole() -> None:
    """New schedules with their layers, removed ones as such, and who is no longer on the staff without a name."""
    parsed = rotafile.parse(FILE)
    backup = Rota(parsed.schedules[1:])
    assert rotafile.difference(Rota(), backup, {}) == [
        'schedule "backup": new',
        'schedule "backup", layer "always": new, priority 0, zone Europe/Kyiv, start 2026-01-05 00:00, turn 1 week, '
        "participants a removed person, window always, advance calendar, until for ever",
    ]
    assert rotafile.difference(backup, Rota(), {"Sam": "Sam"}) == [
        'schedule "backup": removed',
        'schedule "backup", layer "always": removed',
    ]
    turned = Rota(parsed.schedules[::-1])
    assert rotafile.difference(parsed, turned, {}) == ["the order of entries changed"]
