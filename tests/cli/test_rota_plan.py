"""`greenroom rota` on a line: what a change opens and drops, the past as it was, cover, swap, balance, history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import rotafile
from bot.config import load
from bot.covers import Cover, Deal
from bot.messages import Address
from bot.opening import line as line_of
from bot.people import ContactId, Medium, Role, Standing
from bot.redact import Secret
from bot.rota import Status
from handlers import serving
from handlers.cli.asked import narrow
from handlers.cli.rota_gaps import Row, folded
from storage.work import Work
from tests.cli.conftest import OURS, ROTA, Think, Type

NOW = datetime.now(UTC)
TOMORROW = NOW.replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
DAYS = """
[[schedule]]
name = "on call"
zone = "UTC"

[[schedule.layer]]
name = "days"
zone = "UTC"
start = {start:%Y-%m-%dT%H:%M:%S}
unit = "day"
participants = ["Alma", "Bo"]
"""
"""Alma from noon tomorrow, Bo the day after, and so on."""


def shown(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def counselors(think: Think, **languages: tuple[str, ...]) -> None:
    """These people have joined."""

    def joined(work: Work) -> None:
        for n, (name, spoken) in enumerate(languages.items()):
            staff = work.staff.add(name, roles=frozenset({Role.COUNSELOR}), languages=spoken)
            assert staff is not None
            phone = Address(Medium.SMS, Secret(f"+1202555015{n}"), OURS)
            added = work.staff.add_contact(staff.id, Medium.SMS, phone, token_until=None)
            assert added is not None
            work.staff.set_standing(added[0].id, Standing.JOINED)

    think(joined)


@pytest.fixture
def planned(line: Type, think: Think, tmp_path: Path) -> Path:
    """A line with Alma and Bo in turns from tomorrow noon; the file."""
    counselors(think, Alma=("en", "es"), Bo=("en", "uk"), Cleo=("en",))
    path = tmp_path / "rota.toml"
    path.write_text(DAYS.format(start=TOMORROW))
    assert line("rota", "apply", str(path)).code == 0
    return path


def test_a_sheet_is_applied_by_the_line_s_clock(line: Type, think: Think, tmp_path: Path) -> None:
    """A row without a zone is New York's here; a bad one saves nothing, and a workbook is not CSV."""
    counselors(think, Alma=("en",))
    path = tmp_path / "january.csv"
    path.write_text("\ufeffdate;from;to;name;role\n05.01.2026;21:00;06:00;alma;on call\n", encoding="utf-8")
    assert line("rota", "apply", str(path), "--json").json["saved"]
    at = ("2026-01-06T01:59Z", "2026-01-06T02:00Z")
    assert [one["on call"] for one in line("rota", "at", *at, "--json").json] == [[], ["Alma"]]
    assert line("rota", "apply", str(path)).out.endswith("Nothing changes.\n")
    path.write_text("date;from;to;name;role\n05.01.2026;21:00;27:00;alma;on call\n")
    bad = line("rota", "apply", str(path))
    assert (bad.code, bad.out, bad.err) == (2, "", "greenroom: row 2, to: there is no such time.\n")
    path.write_text(
        "date;from;to;name;role\n05.01.2026;21:00;06:00;Alma;on call\n06.01.2026;1:00;2:00;Zoe;backup\n"
    )
    stranger = line("rota", "apply", str(path))
    assert (stranger.code, stranger.out) == (1, "")
    assert stranger.err.startswith('greenroom: row 3, name: nobody on this line is called "Zoe". Invite her')
    path.write_text(f"{path.read_text()}07.01.2026;1:00;2:00;zoe;backup\n")
    assert 'is called "Zoe" (and once more). Invite her' in line("rota", "apply", str(path)).err
    path.write_text(path.read_text().replace("Zoe", "+1 202 555 0147"))
    assert "0147" not in line("rota", "apply", str(path)).err
    path.write_bytes(b"PK\x03\x04")
    assert "Save it as CSV" in line("rota", "apply", str(path)).err
    path.write_bytes("date\tfrom\tto\tname\trole\n2026-01-05\t21:00\t06:00\tAlma\ton call\n".encode("utf-16"))
    of_file = line("rota", "at", at[1], "--file", str(path), "--zone", "America/New_York", "--json")
    assert of_file.json[0]["on call"] == ["Alma"]
    assert "row 2, zone: missing" in line("rota", "at", "--file", str(path)).err


def test_a_change_tells_what_it_opens_and_what_it_drops(line: Type, planned: Path) -> None:
    """The gap that a shorter file makes, the agreement that it forgets, and the trail with before and after."""
    cover = ("rota", "cover", "Cleo", "--for", "alma", "--from", shown(TOMORROW))
    assert line(*cover).code == 0
    until = TOMORROW + timedelta(days=3)
    whole = planned.read_text()
    planned.write_text(whole.replace('"on call"', '"nights"'))
    said = line("rota", "apply", str(planned), "--dry-run")
    assert 'Careful: this rota has no schedule "on call"' in said.out
    planned.write_text(whole + f"until = {until:%Y-%m-%dT%H:%M:%S}\n")
    found = line("rota", "apply", str(planned), "--dry-run", "--json").json
    assert found["opens"]["on call"][0][0] == shown(until)
    assert len(found["drops"]) == 1
    assert "Alma to Cleo" in found["drops"][0]
    said = line("rota", "apply", str(planned)).out
    assert "Note: an agreement is dropped" in said
    assert "Note: a gap opens" in said
    trail = line("audit", "--json").json["entries"]
    assert [one["what"] for one in trail][-3:] == ["rota applied", "cover planned", "rota applied"]
    assert "until for ever → " in trail[-1]["detail"]
    assert "swap: Alma to" in " ".join(line("audit").out.split())


def test_the_trail_has_each_of_two_hundred_shifts(line: Type, think: Think, tmp_path: Path) -> None:
    """A sheet of a year: none is left out, and none is cut in the middle."""
    counselors(think, Alma=("en",))
    days = [datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(200)]
    sheet = tmp_path / "year.csv"
    rows = [f"{day:%Y-%m-%d},21:00,06:00,UTC,Alma,on call" for day in days]
    sheet.write_text("\n".join(["date,from,to,zone,name,role", *rows]))
    line("rota", "apply", str(sheet), "--json")
    told = line("audit", "--json").json["entries"][-1]["detail"]
    assert all(f"{day:%a} {day.day} {day:%b} {day.year} 21:00-06:00" in told for day in days)


def _heard(work: Work) -> list[str]:
    """To whom letters wait to leave."""
    names = {contact.id: one.name for one in work.staff.everyone() for contact in one.contacts}
    claimed = work.outbox.claim(
        {(Medium.SMS, OURS): 9}, holder=b"a process .....1", lease=timedelta(seconds=9)
    )
    return [names[ContactId(one.letter.to)] for one in claimed if one.letter]


def test_a_change_says_how_many_are_told(line: Type, think: Think, tmp_path: Path) -> None:
    """Nobody of the first rota; who has another shift in two hours, once it is saved."""
    counselors(think, Alma=("en",), Bo=("en",), Cleo=("en",))
    path = tmp_path / "rota.toml"
    path.write_text(DAYS.format(start=NOW + timedelta(hours=2)))
    assert "old of shifts" not in line("rota", "apply", str(path)).out
    path.write_text(path.read_text().replace('"Alma", "Bo"', '"Bo", "Alma"'))
    dry = line("rota", "apply", str(path), "--dry-run").out
    assert "To be told of shifts in the next 24 hours: 2.\n" in dry
    assert think(_heard) == []
    assert "\nTold of shifts in the next 24 hours: 2.\n" in line("rota", "apply", str(path)).out
    assert sorted(think(_heard)) == ["Alma", "Bo"]


def _given_back(work: Work) -> None:
    (cover,) = work.covers.standing()
    bo = work.staff.by_name("Bo")
    assert bo is not None
    serving.give_back(work, line_of(load(Path("config.toml"))), cover.number, bo)


def test_cover_and_swap_are_checked_and_shown_before_they_count(
    line: Type, think: Think, planned: Path
) -> None:
    """Who is not on call, who is already, what is over, and with oneself: the answer is no, and nothing is saved."""
    start, later = shown(TOMORROW), shown(TOMORROW + timedelta(days=1))
    dry = line("rota", "cover", "Cleo", "--for", "Alma", "--from", start, "--dry-run", "--json").json
    assert not dry["saved"]
    assert "Alma to Cleo" in dry["changes"][0]
    assert dry["unreachable"] == []
    think(lambda work: work.staff.add("Dora", roles=frozenset({Role.COUNSELOR}), languages=("en",)))
    dora = line("rota", "cover", "Dora", "--for", "Alma", "--from", start, "--dry-run").out
    assert "Note: Dora cannot be reached yet, so her shifts count as gaps." in dora
    for words, code, why in (
        (("Cleo", "--for", "Bo", "--from", start), 1, "not on call"),
        (
            ("Cleo", "--for", "Alma", "--from", start, "--to", shown(TOMORROW + timedelta(hours=25))),
            1,
            "not on",
        ),
        (("Zoe", "--for", "Alma", "--from", start), 1, "Nobody on this line has that name"),
        (("Alma", "--for", "Alma", "--from", start), 2, "Name two people"),
        (("Cleo", "--for", "Alma", "--from", start, "--to", start), 2, "later than --from"),
        (("Cleo", "--for", "Alma", "--from", "2020-01-01T00:00Z", "--to", "2020-01-02T00:00Z"), 1, "is over"),
        (("Cleo", "--for", "Alma", "--from", start, "--schedule", "nights"), 1, "no schedule"),
    ):
        answer = line("rota", "cover", *words)
        assert (answer.code, answer.out) == (code, ""), words
        assert why in answer.err
    assert len(line("rota", "history", "--json").json) == 1
    done = line("rota", "swap", "Alma", "Bo", "--from", start, "--back-from", later, "--json").json
    assert (done["saved"], done["version"]) == (True, 2)
    on = line("rota", "at", start, later, shown(TOMORROW + timedelta(days=2)), "--json").json
    assert [one["on call"] for one in on] == [["Bo"], ["Alma"], ["Alma"]]
    # Both hear of it, and Bo can give it back with CAN'T: the swap of the rota is that of the request.
    assert sorted(think(_heard)) == ["Alma", "Bo"]
    think(_given_back)
    on = line("rota", "at", start, later, "--json").json
    assert [one["on call"] for one in on] == [["Alma"], ["Bo"]]


def test_a_file_is_changed_without_a_line(types: Type, rota_file: Path) -> None:
    """What would be saved is printed as a file again; turn after turn of one person needs an end."""
    alone = rota_file.with_name("alone.toml")
    alone.write_text(ROTA.replace('["Alma", "Bo"]', '["Alma"]'))
    words = ("rota", "cover", "Cleo", "--for", "Alma", "--file", str(alone), "--from", "2026-02-01T00:00Z")
    endless = types(*words)
    assert (endless.code, endless.out) == (2, "")
    assert "--to: say until when, for she is on call for more than 62 days" in endless.err
    alone.write_text(alone.read_text() + "until = 2026-02-04T00:00:00\n")
    assert "until 2026-02-04T05:00:00Z without a break" in types(*words).err
    assert types(*words, "--to", "2026-02-04T05:00Z").code == 0
    start = ("--from", "2026-01-05T21:00", "--zone", "America/New_York")
    printed = types("rota", "cover", "Cleo", "--for", "Alma", *start, "--file", str(rota_file)).out
    (swap,) = rotafile.parse(printed).schedules[0].swaps
    assert (swap.giver, swap.taker, swap.end - swap.start) == ("Alma", "Cleo", timedelta(days=1))
    assert rota_file.read_text() == ROTA


def test_the_past_is_shown_as_it_was(line: Type, think: Think, tmp_path: Path) -> None:
    """Bo replaced Alma in the file; yesterday was Alma's all the same."""
    counselors(think, Alma=("en",), Bo=("en",))
    path = tmp_path / "rota.toml"
    alone = DAYS.format(start=NOW - timedelta(days=9)).replace('["Alma", "Bo"]', '["Alma"]')
    path.write_text(alone)
    line("rota", "apply", str(path))
    begun = datetime.now(UTC)
    path.write_text(alone.replace("Alma", "Bo"))
    line("rota", "apply", str(path))
    day = ("--from", begun.isoformat(), "--to", shown(begun + timedelta(days=1)))
    whole = line("rota", "show", *day, "--json").json["on call"]
    assert whole[-1]["people"] == ["Bo"]
    assert whole[-1]["end"] == day[-1]
    at = line("rota", "at", begun.isoformat(), shown(begun + timedelta(hours=1)), "--json").json
    assert [one["on call"] for one in at] == [["Alma"], ["Bo"]]
    mine = line("rota", "show", *day, "--person", "bo", "--json").json["on call"]
    assert [one["people"] for one in mine] == [["Bo"]]
    assert line("rota", "show", "--person", "Zoe").code == 1


def test_the_time_before_the_first_rota_is_that_rota_s(line: Type, think: Think, tmp_path: Path) -> None:
    """What a script asks about it is answered alike for ever, whatever is applied later."""
    assert "No rota has been applied" in line("rota", "history").err
    assert line("rota", "history", "--json").code == 1
    counselors(think, Alma=("en",), Bo=("en",))
    path = tmp_path / "rota.toml"
    alone = DAYS.format(start=NOW - timedelta(days=99)).replace('["Alma", "Bo"]', '["Alma"]')
    ago = NOW.replace(microsecond=0) - timedelta(days=9)
    day = ("--from", shown(ago), "--to", shown(ago + timedelta(days=1)), "--json")
    path.write_text(alone)
    line("rota", "apply", str(path))
    first = line("rota", "at", shown(ago), "--json").json, line("rota", "show", *day).json
    path.write_text(alone.replace("Alma", "Bo").replace('"on call"', '"nights"'))
    line("rota", "apply", str(path))
    assert first[0][0]["on call"] == ["Alma"]
    assert first[1]["on call"] == [{"start": day[1], "end": day[3], "people": ["Alma"]}]
    assert line("rota", "at", shown(ago), "--json").json == first[0]
    assert line("rota", "show", *day).json["on call"] == first[1]["on call"]
    assert "Before" in line("rota", "fair", "--help").out


def test_gaps_of_the_saved_rota_are_of_people_and_of_languages(
    line: Type, think: Think, planned: Path
) -> None:
    """Before the first turn nobody; Alma speaks no Ukrainian; and when Bo's phone opts out her days are gaps."""
    span = ("--from", shown(TOMORROW - timedelta(hours=1)), "--to", shown(TOMORROW + timedelta(days=2)))
    found = line("rota", "gaps", *span, "--json").json
    first, second, third = (shown(TOMORROW + timedelta(days=n)) for n in range(3))
    assert found["on call"] == [[span[1], first]]
    assert found["unreachable"] == {"on call": []}
    assert found["languages"] == {"uk": [[first, second]], "es": [[second, third]]}

    def opts_out(work: Work) -> None:
        bo = work.staff.by_name("Bo")
        assert bo is not None
        work.staff.set_standing(bo.contacts[0].id, Standing.OPTED_OUT)

    think(opts_out)
    assert line("rota", "gaps", *span, "--json").json["unreachable"] == {"on call": [[second, third]]}
    table = line("rota", "gaps", *span, "--zone", "Europe/Kyiv").out
    assert "nobody reachable" in table
    assert "from (Europe/Kyiv)" in table


def test_a_language_that_is_missing_each_night_is_one_line() -> None:
    """For people; nobody at all is told each time, and one time is told as it is."""
    clocks = {"on call": ZoneInfo("America/New_York")}
    # Over the night on which the clock goes back.
    nights = [
        (datetime(2026, 10, 30 + n, 2, tzinfo=UTC), datetime(2026, 10, 30 + n, 10, tzinfo=UTC))
        for n in (0, 1)
    ]
    nights.append((datetime(2026, 11, 2, 3, tzinfo=UTC), datetime(2026, 11, 2, 11, tzinfo=UTC)))
    rows: list[Row] = [("on call", what, one) for one in nights for what in ("no Spanish speaker", "nobody")]
    rows.append(("on call", "no Ukrainian speaker", nights[0]))
    told = [(what, end) for _, what, _, end in folded(rows, clocks)]
    first = "Fri 2026-10-30 06:00"
    assert told[0] == ("no Spanish speaker", f"{first}, and so 2 times more, the last on Sun 2026-11-01")
    assert [what for what, _ in told].count("nobody") == 3
    assert told[-1] == ("no Ukrainian speaker", first)


def test_an_answer_of_before_the_first_rota_says_so(line: Type, planned: Path) -> None:
    """To a person; a program's answer keeps its shape."""
    ago = shown(NOW - timedelta(days=90))
    for words in (("at", ago), ("fair", "--from", ago, "--to", shown(NOW + timedelta(days=9)))):
        assert "This line's first rota was saved" in line("rota", *words).out
    assert "first rota" not in line("rota", "at", shown(NOW + timedelta(days=1))).out
    assert [*line("rota", "at", ago, "--json").json[0]] == ["at", "on call", "backup"]


@pytest.mark.parametrize("columns", ["40", "60", "80", "160"])
def test_no_cell_is_cut_howevernarrow_the_terminal(
    types: Type, rota_file: Path, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the table does not fit, a row goes on below; lengths are read at a glance."""
    monkeypatch.setenv("COLUMNS", columns)
    span = ("--from", "2026-01-06T02:30:00Z", "--to", "2026-01-07T12:00:00Z")
    out = types("rota", "show", "--file", str(rota_file), *span).out
    assert "Mon 2026-01-05 21:30" in out
    assert "23 h 30 min" in out
    assert "…" not in out
    assert all(len(one) <= int(columns) for one in out.splitlines())
    long = ["1", "Bo", "schedule: new, " * 9 + "\nswap: Alma to Bo"]
    told = list(narrow([long], int(columns)))
    assert told[-1].strip() == "swap: Alma to Bo"
    assert all(len(one) <= int(columns) for one in told)
    assert " ".join(" ".join(told).split()) == " ".join(" ".join(long).split())


def test_balance_names_who_is_asked_next(line: Type, planned: Path) -> None:
    """Cleo serves nothing, so she is first; the past before there was a rota burdens nobody."""
    to = ("--to", shown(TOMORROW + timedelta(days=3)))
    found = line("rota", "fair", *to, "--json").json
    assert found["next"] == ["Cleo", "Bo", "Alma"]
    people = {one["name"]: one for one in found["people"]}
    assert people["Alma"]["planned"]["hours"] == 48
    assert people["Bo"]["planned"]["nights"] == 1
    assert people["Cleo"]["past"] == {"hours": 0.0, "nights": 0, "weekends": 0, "holidays": 0}
    assert "asked next: Cleo" in line("rota", "fair", *to).out
    assert "No public holidays are known for XX" in line("rota", "fair", "--country", "XX").out


def test_who_was_removed_covers_nothing_and_is_served_for(line: Type, planned: Path, think: Think) -> None:
    """Alma's days stay hers and are nobody's: no share of what is planned, until Cleo has one by the word there."""
    assert line("staff", "remove", "Alma").code == 0
    to = ("--to", shown(TOMORROW + timedelta(days=2)), "--from", shown(TOMORROW))
    found = line("rota", "fair", *to, "--json").json
    assert found["coverage"]["on call"] == {"past": None, "planned": 50.0}
    (gone,) = line("rota", "at", shown(TOMORROW), "--json").json[0]["on call"]
    cover = ("rota", "cover", "--from", shown(TOMORROW), "--for")
    assert "removed from the staff serves no shift" in line(*cover, "Bo", gone).err
    assert line(*cover, gone, "Cleo", "--json").json["saved"]
    assert line("rota", "fair", *to, "--json").json["coverage"]["on call"]["planned"] == 100.0
    assert think(_heard) == ["Cleo"]


def test_a_file_s_balance_counts_the_holidays_of_a_country(types: Type, rota_file: Path) -> None:
    """1 January 2027 in the United States, by New York's clock: the night into it is Bo's or Alma's."""
    span = ("--from", "2026-12-31T12:00:00Z", "--to", "2027-01-01T12:00:00Z")
    found = types("rota", "fair", "--file", str(rota_file), *span, "--country", "US", "--json").json
    assert sum(one["planned"]["holidays"] for one in found["people"]) == 1
    assert found["coverage"]["on call"]["planned"] == 100


def test_an_export_is_the_rota_and_what_is_still_asked(
    line: Type, think: Think, planned: Path, tmp_path: Path
) -> None:
    """Applied again it changes nothing, who has left included; a file that is there is not written over."""

    def asks(work: Work) -> None:
        alma = work.staff.by_name("Alma")
        assert alma is not None
        work.covers.add(
            Cover(
                number=0,
                deal=Deal.COVER,
                giver=alma.id,
                schedule="on call",
                start=TOMORROW,
                end=TOMORROW + timedelta(hours=1),
                status=Status.OPEN,
                due_at=TOMORROW,
            )
        )

    think(asks)
    printed = rotafile.parse(line("rota", "export").out)
    assert [swap.status for swap in printed.schedules[0].swaps] == [Status.OPEN]
    line("staff", "remove", "Bo")
    out = tmp_path / "out.toml"
    assert line("rota", "export", str(out)).code == 0
    assert line("rota", "export", str(out)).code == 2
    assert line("rota", "apply", str(out)).out.endswith("Nothing changes.\n")


def test_history_tells_each_version(line: Type, planned: Path) -> None:
    """The newest first, with what it changed and by whom."""
    line("staff", "add", "Charlie", "--role", "admin", "--sms", "+12025550149")
    covering = ("rota", "cover", "Cleo", "--for", "Alma", "--from", shown(TOMORROW))
    assert "no admin" in line(*covering, "--by", "Bo").err
    assert line(*covering, "--by", "charlie").code == 0
    found = line("rota", "history", "--json").json
    assert [(one["version"], one["by"]) for one in found] == [(2, "Charlie"), (1, "command line")]
    assert "swap: Alma to Cleo" in found[0]["changes"][0]
    assert [one["version"] for one in line("rota", "history", "--last", "1", "--json").json] == [2]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("show", "--to", "2199-01-01T00:00:00Z"), "within 366 days"),
        (("show", "--zone", "Mars/Base"), "unknown zone"),
        (("at", "2026-01-06T03:00:00"), "or say --zone"),
        (("fair", "--to", "2199-01-01T00:00:00Z"), "within 1100 days"),
        (("gaps", "--to", "2199-01-01T00:00:00Z"), "within 3660 days"),
    ],
)
def test_wrong_use_is_told(types: Type, rota_file: Path, words: tuple[str, ...], why: str) -> None:
    """Exit 2, one sentence."""
    answer = types("rota", *words, "--file", str(rota_file))
    assert (answer.code, answer.out) == (2, "")
    assert why in answer.err


def test_a_wall_time_is_read_by_the_zone_that_is_named(types: Type, rota_file: Path) -> None:
    """The first of two, after a gap its end; a date alone is its midnight."""
    zone = ("--zone", "America/New_York", "--file", str(rota_file), "--json")
    walls = ("2026-11-01T01:30", "2026-03-08T02:30", "2026-02-01")
    found = [one["at"] for one in types("rota", "at", *walls, *zone).json]
    assert found == ["2026-11-01T05:30:00Z", "2026-03-08T07:00:00Z", "2026-02-01T05:00:00Z"]
