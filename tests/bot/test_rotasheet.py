"""A rota out of a spreadsheet: what Excel, LibreOffice and Google write in America and in Europe."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot import rota, rotafile, rotasheet
from bot.errors import RotaError

HEAD = "date,from,to,zone,name,role\n"


def z(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def who(text: str, at: str, schedule: str = "on call", zone: str | None = None) -> list[str]:
    planned = rotasheet.parse(text, zone).named(schedule)
    assert planned is not None
    return sorted(rota.on_call(planned, z(at)))


def refused(rows: str, head: str = HEAD, zone: str | None = None) -> str:
    with pytest.raises(RotaError) as error:
        rotasheet.parse(head + rows, zone)
    return str(error.value)


def test_a_row_is_a_shift_by_the_clock_of_its_zone() -> None:
    """Half-open, into the next morning, by the night on which the clock jumps, two together, and a backup."""
    sheet = HEAD + (
        "2026-03-07,21:00,06:00,America/New_York,Alma,on call\n"
        "2026-03-07,21:00,06:00,America/New_York,Bo,On Call\n"
        "2026-03-08,06:00,06:00,America/New_York,Cleo,on-call\n"
        "2026-03-07,21:00,24:00,Europe/Kyiv,Dana,BACKUP\n"
    )
    asked = [
        "2026-03-08T01:59",
        "2026-03-08T02:00",
        "2026-03-08T09:59",
        "2026-03-08T10:00",
        "2026-03-09T09:59",
    ]
    assert [who(sheet, at) for at in asked] == [[], ["Alma", "Bo"], ["Alma", "Bo"], ["Cleo"], ["Cleo"]]
    assert who(sheet, "2026-03-09T10:00") == []
    assert [who(sheet, at, "backup") for at in ("2026-03-07T21:59", "2026-03-07T22:00")] == [["Dana"], []]
    parsed = rotasheet.parse(sheet)
    assert rotafile.parse(rotafile.write(parsed)) == parsed


@pytest.mark.parametrize(
    "sheet",
    [
        "\ufeffDate;From;To;Zone;Name;Role\r\n05.01.2026;21:00;06:00;UTC;Alma;on call\r\n",
        "sep=;\nROLE;NAME;ZONE;TO;FROM;DATE\non call;Alma;UTC;6:00;21:00:00;5.1.2026\n\n;;;;;\n",
        "date\tfrom\tto\tzone\tname\trole\t\n2026-01-05\t9:00 PM\t6:00 am\tUTC\tAlma\tON CALL\t\n",
        '"date","from","to","zone","name","role"\n"2026-01-05 00:00:00","21:00","06:00","UTC","Alma","on call"\n',
        "date,from,to,name,role\n2026/01/05,21:00,06:00,Alma,on call\n",
        HEAD + "1/13/2026,08:00,09:00,UTC,Bo,on call\n1/5/2026,21:00,06:00,UTC,Alma,on call\n",
        HEAD + "2026-01-05,9\u202fPM,06h,UTC,Alma,on\u00a0call\n",
        HEAD + "2026-01-05,21.00,06,UTC,Alma,on call\n",
        HEAD + "13/1/2026,08:00,09:00,UTC,Bo,on call\n5/1/2026,21:00,06:00,UTC,Alma,on call\n",
    ],
    ids=[
        "european",
        "any order",
        "tabs",
        "quoted",
        "no zone",
        "american",
        "narrow blanks",
        "dots",
        "british",
    ],
)
def test_however_a_spreadsheet_writes_it(sheet: str) -> None:
    """The same night of Alma's."""
    asked = ["2026-01-05T20:59", "2026-01-05T21:00", "2026-01-06T05:59", "2026-01-06T06:00"]
    assert [who(sheet, at, zone="UTC") for at in asked] == [[], ["Alma"], ["Alma"], []]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-02-30,21:00,06:00,UTC,Alma,on call", "row 2, date: there is no such day."),
        (
            "3/4/2026,21:00,06:00,UTC,Alma,on call",
            "row 2, date: it could be two days; write it like 2026-01-05.",
        ),
        ("3/4/26,21:00,06:00,UTC,Alma,on call", "row 2, date: write a date like 2026-01-05."),
        (",21:00,06:00,UTC,Alma,on call", "row 2, date: missing."),
        ("2026-02-03,25:00,06:00,UTC,Alma,on call", "row 2, from: there is no such time."),
        ("2026-02-03,٢١:00,06:00,UTC,Alma,on call", "row 2, from: write a time like 21:00."),
        ("2026-02-03,21:00,13 pm,UTC,Alma,on call", "row 2, to: there is no such time."),
        ("2026-02-03,0.75,06:00,UTC,Alma,on call", "row 2, from: write a time like 21:00."),
        ("2026-02-03,9,06:00,UTC,Alma,on call", "row 2, from: write a time like 21:00."),
        ("2026-02-03,21:00,13:00 pm,UTC,Alma,on call", "row 2, to: there is no such time."),
        ("2026-02-03,21:00,06:00,Mars/Base,Alma,on call", "unknown zone; write one like Europe/Paris."),
        (
            "2026-02-03,21:00,06:00,,Alma,on call",
            "row 2, zone: missing; write one like Europe/Paris, or say --zone.",
        ),
        ("2026-02-03,21:00,06:00,UTC,,on call", "row 2, name: missing; take the row out if nobody serves."),
        ("2026-02-03,21:00,06:00,UTC,*,on call", "row 2, name: write one person's name."),
        ("2026-02-03,21:00,06:00,UTC,Alma,boss", 'row 2, role: write "on call" or "backup".'),
        ("9999-12-31,21:00,06:00,UTC,Alma,on call", "row 2, date: write a year from 2000 to 2100."),
        ("1999-12-31,21:00,06:00,UTC,Alma,on call", "row 2, date: write a year from 2000 to 2100."),
        (
            "2026-02-03,21:00,06:00,america/new york,Alma,on call",
            "row 2, zone: unknown zone; the nearest known one is America/New_York.",
        ),
        ("2026-02-03,21:00,06:00,localtime,Alma,on call", "unknown zone; write one like Europe/Paris."),
        (
            "2027-03-14,02:10,02:50,America/New_York,Alma,on call",
            "row 2, from: on that day the clock of America/New_York jumps over all of it.",
        ),
        ("2026-02-03,21:00,06:00,UTC,Al\x1bma,on call", "row 2, name: write one person's name."),
        ("2026-02-03,21:00,06:00,UTC,Alma,on call,,x", "row 2: it has more cells than the head has columns."),
        ('2026-02-03,21:00,06:00,UTC,"Alma,on call', "a quote is open"),
    ],
)
def test_a_bad_cell_is_refused_with_its_row_its_column_and_the_cure(row: str, said: str) -> None:
    """As one sentence."""
    assert said in refused(row + "\n")


def test_every_bad_row_is_named_at_once_and_twice_the_same_too() -> None:
    """Whoever mends a sheet wants the whole list; blank rows count as the spreadsheet counts them."""
    rows = "2026-02-30,21:00,06:00,UTC,Alma,on call\n\n2026-02-03,21:00,06:00,UTC,Alma,on call\n"
    rows += "2026-02-03,nine,06:00,UTC,Bo,boss\n2026-02-03,21:00,06:00,UTC,alma,on call\n"
    assert refused(rows) == (
        "row 2, date: there is no such day; row 5, from: write a time like 21:00; "
        'row 5, role: write "on call" or "backup"; row 6 says the same as row 4: take one out.'
    )
    many = "".join(f"2026-02-{n + 1:02},21:00,06:00,UTC,Alma,boss\n" for n in range(28))
    assert refused(many).endswith("; and 18 more.")


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("", "missing: date, from, to, name, role"),
        ("date,from,to,zone,name\n", "missing: role"),
        ("date,from,to,zone,name,role,phone\n", 'unknown column "phone"'),
        ("date,date,from,to,zone,name,role\n", 'two columns "date"'),
    ],
)
def test_the_head_names_the_columns(head: str, said: str) -> None:
    """Else nobody knows which is which."""
    assert said in refused("", head)


def test_the_difference_says_shifts_as_people_do() -> None:
    """A row that comes, one that goes, and nothing of those that stay."""
    stays = HEAD + "2026-12-02,21:00,06:00,Europe/Kyiv,Bo,on call\n"
    old = stays + "2026-12-01,21:00,06:00,Europe/Kyiv,Alma,on call\n"
    new = stays + "".join(f"2026-12-01,21:00,06:00,Europe/Kyiv,{name},on call\n" for name in ("Bo", "Cleo"))
    names = {name: name for name in ("Alma", "Bo", "Cleo")}
    assert rotafile.difference(rotasheet.parse(old), rotasheet.parse(new), names) == [
        'schedule "on call": − Tue 1 Dec 2026 21:00-06:00 Europe/Kyiv: Alma',
        'schedule "on call": + Tue 1 Dec 2026 21:00-06:00 Europe/Kyiv: Bo + Cleo',
    ]


def test_an_empty_sheet_and_one_without_end_are_refused() -> None:
    """A plan of nobody is no plan, and a year of shifts is no hundred thousand."""
    assert refused("") == "The sheet has no row below its head."
    # The nearest zone is looked for once for every row that is told of, not for all.
    rubbish = "".join(f"2026-02-03,21:00,06:00,Mars/B{n},Alma,on call\n" for n in range(5000))
    assert refused(rubbish).endswith("; and 4990 more.")
    assert "more than 20000 rows" in refused("2026-02-03,21:00,06:00,UTC,Alma,on call\n" * 20_001)
