"""What people text, and what it is: a texter's bare words, and the staff's one grammar."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot import casecode, grammar
from bot.grammar import (
    Agreement,
    Ask,
    CodeAlone,
    CodeText,
    Command,
    Held,
    Plain,
    Refusal,
    Said,
    Word,
    WrongCode,
    bare,
    staff_said,
    texter_word,
)

CARRIER_OUT = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
CARRIER_IN = {"start", "yes", "unstop"}
GREETINGS = [
    "hi", "hello", "hey", "yo", "hiya", "hola", "buenas", "oi", "olá",
    "salut", "coucou", "bonjour", "ciao", "salve", "hallo", "moin", "servus", "вітаю",
    "привіт", "привет", "здравствуйте", "cześć", "hej", "siema", "bună", "salutare", "ahoj",
    "čau", "nazdar", "szia", "helló", "sziasztok",
]  # fmt: skip


# ── The texter ──


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("HELP", Word.HELP),
        ("info", Word.HELP),
        ("Delete", Word.DELETE),
        ("erase.", Word.DELETE),
        ("  bye  ", Word.BYE),
        ("Bye!!!", Word.BYE),
        ("bye 😭😭", Word.BYE),
        ("bye ❤️", Word.BYE),
        ("/delete", Word.DELETE),
        ("/ delete", Word.DELETE),
        ("ＳＴＯＰ", Word.STOP),
        ("st\u200bop", Word.STOP),
        ("\u2066stop\u2069", Word.STOP),
        ("Stop…", Word.STOP),
        ("stóp", Word.STOP),
        ("STOPALL", Word.STOP),
        ("Unstop", Word.START),
        ("YES", Word.YES),
        ("ok 👍", Word.OK),
        ("Okay", Word.OK),
        ("ОК", Word.OK),
        ("СТЕРТИ!", Word.DELETE),
        ("інфо", Word.HELP),
        ("Adios", Word.BYE),
        ("adiós", Word.BYE),
        ("стерти все", None),
        ("borrar todo", None),
        ("stop it, he is here", None),
        ("help me", None),
        ("please stop", None),
        ("delete everything", None),
        ("he said stop", None),
        ("stop?? please", None),
        ("стоп", None),
        ("hi", None),
        ("", None),
        ("...", None),
        ("/", None),
    ],
)
def test_a_bare_word_is_a_command_and_a_word_with_others_is_a_message(text: str, word: Word | None) -> None:
    """ "Stop it, he is here" must reach a person; "STOP" must end everything."""
    assert texter_word(text) is word


def test_what_stands_far_behind_a_word_still_counts() -> None:
    """A text that is only cut off after its first screen is no opt-out."""
    assert texter_word("stop" + " " * 300 + "it, he is here") is None
    assert texter_word("delete" + "!" * 300 + " his number") is None
    assert texter_word("bye" + " 😭" * 300) is Word.BYE


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("СТЕРТИ", "стерти"),
        ("йо", "йо"),
        ("її", "її"),
        ("Ёж", "ёж"),
        ("naïve", "naive"),
        ("Ação", "acao"),
        ("ὥρα", "ὥρα"),
    ],
)
def test_accents_go_from_latin_letters_only(written: str, read: str) -> None:
    """й is another letter than и; é is an e that somebody typed with care."""
    assert bare(written) == unicodedata.normalize("NFC", read)


@settings(max_examples=300)
@given(st.text(max_size=40))
@example("//stop")
@example("/ /stop")
@example("stop!\u0301")
@example("\u0345stop")
def test_a_bare_word_stays_what_it_is(text: str) -> None:
    """What has been made bare is bare."""
    assert bare(bare(text)) == bare(text)


@settings(max_examples=150)
@given(st.sampled_from(sorted(grammar.TEXTER_WORDS)), st.text(alphabet=" .!?…❤😭👍\u200b\ufe0f", max_size=9))
def test_dressing_does_not_change_a_word(word: str, tail: str) -> None:
    """However many dots, hearts and spaces follow, and in whatever case it is written."""
    expected = grammar.TEXTER_WORDS[word]
    assert texter_word(word.upper() + tail) is expected
    assert texter_word(" /" + word.title() + tail) is expected


@settings(max_examples=150)
@given(
    st.sampled_from(sorted(grammar.TEXTER_WORDS)),
    st.text(alphabet=st.characters(categories=["Ll", "Lu", "Nd"]), min_size=1, max_size=8),
)
def test_a_second_word_makes_a_message(word: str, other: str) -> None:
    """No command has an argument here."""
    assert texter_word(f"{word} {other}") is None
    assert texter_word(f"{other} {word}") is None


def test_the_carriers_words_are_all_known_and_none_is_ours() -> None:
    """The carrier acts on its words before we see them: a command of ours among them would never work."""
    ours = {
        word for word, what in grammar.TEXTER_WORDS.items() if what not in (Word.STOP, Word.START, Word.YES)
    }
    carriers = CARRIER_OUT | CARRIER_IN
    assert {w for w, what in grammar.TEXTER_WORDS.items() if what is Word.STOP} == CARRIER_OUT
    assert set(grammar.TEXTER_WORDS) - ours == carriers
    assert not ours & carriers
    assert not {ask.value for ask in Ask} & carriers
    assert not set(grammar.ABBREVIATIONS) & carriers


def test_no_greeting_is_a_command() -> None:
    """A first "ciao" opens a conversation, it does not end one."""
    for greeting in GREETINGS:
        assert texter_word(greeting) is None
        assert isinstance(staff_said(greeting), Plain)


def test_every_word_of_the_tables_is_bare() -> None:
    """A word with an accent or a capital in the table would never be found."""
    words = [*grammar.TEXTER_WORDS, *(ask.value for ask in Ask), *grammar.ABBREVIATIONS]
    assert words == [bare(word) for word in words]


@pytest.mark.parametrize(
    ("text", "it_is"),
    [
        ("/start", True),
        (" /START ", True),
        ("/start abc", True),
        ("start", False),
        ("/starting", False),
        ("/start he is here, help me", False),
        ("", False),
    ],
)
def test_telegrams_own_start_is_told_from_the_word(text: str, it_is: bool) -> None:
    """The button sends "/start", with a link's payload behind it; nobody types the slash by chance."""
    assert grammar.is_slash_start(text) is it_is


# ── The staff ──


STAFF = [
    # complete commands
    ("TAKE", Command(Ask.TAKE)),
    ("take", Command(Ask.TAKE)),
    ("Take.", Command(Ask.TAKE)),
    ("#take", Command(Ask.TAKE)),
    ("/take", Command(Ask.TAKE)),
    ("TAKE K7R2", Command(Ask.TAKE, "K7R2")),
    ("take k7r2", Command(Ask.TAKE, "K7R2")),
    ("take #k7 r2", Command(Ask.TAKE, "K7R2")),
    ("TAKE: K7R2", Command(Ask.TAKE, "K7R2")),
    ("TAKE,K7R2", Command(Ask.TAKE, "K7R2")),
    ("done/K7R2", Command(Ask.DONE, "K7R2")),
    ("DONE K7R2!", Command(Ask.DONE, "K7R2")),
    ("done K7R2 👍", Command(Ask.DONE, "K7R2")),
    ("“DONE K7R2”", Command(Ask.DONE, "K7R2")),
    ("K7R2 DONE", Command(Ask.DONE, "K7R2")),
    ("K7R2 done.", Command(Ask.DONE, "K7R2")),
    ("К7R2 done", Command(Ask.DONE, "K7R2")),  # a Cyrillic К
    ("pass K7R2 know", Command(Ask.PASS, "K7R2", "know")),
    ("K7R2 PASS KNOW", Command(Ask.PASS, "K7R2", "know")),
    ("#t K7R2", Command(Ask.TAKE, "K7R2")),
    ("/d", Command(Ask.DONE)),
    ("K7R2 d", Command(Ask.DONE, "K7R2")),
    ("NOTE K7R2 He lies about his age", Command(Ask.NOTE, "K7R2", "He lies about his age")),
    ("NOTE:K7R2: She is 15", Command(Ask.NOTE, "K7R2", "She is 15")),
    ("HISTORY K7R2", Command(Ask.HISTORY, "K7R2")),
    ("ON", Command(Ask.ON)),
    ("off", Command(Ask.OFF)),
    ("Who?", Command(Ask.WHO)),
    ("SEND", Command(Ask.SEND)),
    ("send K7R2", Command(Ask.SEND, "K7R2")),
    ("drop", Command(Ask.DROP)),
    # recognised and not built yet: answered, never relayed
    ("DANGER K7R2", Command(Ask.DANGER, "K7R2")),
    ("HAND K7R2 Bo", Command(Ask.HAND, "K7R2", "Bo")),
    # an answer to a request by its number, a key that is lost, an address that is asked for
    ("APPROVE 48213", Command(Ask.APPROVE, rest="48213")),
    ("approve #48213!", Command(Ask.APPROVE, rest="48213")),
    ("/refuse: 48213", Command(Ask.REFUSE, rest="48213")),
    ("Refuse ４８２１３", Command(Ask.REFUSE, rest="48213")),
    ("K7R2 approve 48213", Command(Ask.APPROVE, rest="48213")),
    ("APPROVE K7R2", Command(Ask.APPROVE, "K7R2")),
    ("KEY LOST", Command(Ask.KEY, rest="lost")),
    ("key lost  4821.", Command(Ask.KEY, rest="lost 4821")),
    ("K7R2 key lost", Command(Ask.KEY, rest="lost")),
    ("REVEAL K7R2 she is in danger", Command(Ask.REVEAL, "K7R2", "she is in danger")),
    ("REVEAL K7R2", Command(Ask.REVEAL, "K7R2")),
    # words for a texter
    ("K7R2 I am here", CodeText("K7R2", "I am here")),
    ("k7r2: I am here", CodeText("K7R2", "I am here")),
    ("K7 R2, are you safe?", CodeText("K7R2", "are you safe?")),
    ("K7R2 take care", CodeText("K7R2", "take care")),
    ("K7R2 danger is near", CodeText("K7R2", "danger is near")),
    ("K7R2 ok", CodeText("K7R2", "ok")),
    ("K7R2", CodeAlone("K7R2")),
    ("#K7R2", CodeAlone("K7R2")),
    ("K7R3 hello", WrongCode("K7R3")),
    ("take K7R3", WrongCode("K7R3")),
    ("I am here", Plain("I am here")),
    ("  I am here\n", Plain("I am here")),
    ("p", Plain("p")),
    ("Who's with you?", Plain("Who's with you?")),
    ("Online?", Plain("Online?")),
    ("noted", Plain("noted")),
    # begins with a command, and is none: held
    ("Take care", Held(Ask.TAKE, "Take care")),
    ("take-care", Held(Ask.TAKE, "take-care")),
    ("Done with that?", Held(Ask.DONE, "Done with that?")),
    ("Help is coming", Held(Ask.HELP, "Help is coming")),
    ("On my way", Held(Ask.ON, "On my way")),
    ("NOTE: he lies", Held(Ask.NOTE, "NOTE: he lies")),
    ("note he lies", Held(Ask.NOTE, "note he lies")),
    ("NOTE K7R2", Held(Ask.NOTE, "NOTE K7R2", "K7R2")),
    ("K7R2 NOTE he lies", Held(Ask.NOTE, "NOTE he lies", "K7R2")),
    ("K7R2 n he lies", Held(Ask.NOTE, "n he lies", "K7R2")),
    ("DONE K7R2 bye dear", Held(Ask.DONE, "DONE K7R2 bye dear", "K7R2")),
    ("TAKE K7R2 and M3XA", Held(Ask.TAKE, "TAKE K7R2 and M3XA", "K7R2")),
    ("K7R2 off", Held(Ask.OFF, "off", "K7R2")),
    ("Danger", Held(Ask.DANGER, "Danger")),
    ("(take care)", Held(Ask.TAKE, "(take care)")),
    ("K7R2 reveal she is in danger", Held(Ask.REVEAL, "reveal she is in danger", "K7R2")),
    ("Reveal nothing", Held(Ask.REVEAL, "Reveal nothing")),
    ("APPROVE", Held(Ask.APPROVE, "APPROVE")),
    ("Approve 48213 and 48214", Held(Ask.APPROVE, "Approve 48213 and 48214")),
    ("Refuse to sign", Held(Ask.REFUSE, "Refuse to sign")),
    ("Key lost, call them", Held(Ask.KEY, "Key lost, call them")),
    ("// he lies", Held(Ask.NOTE, "// he lies")),
    ("/tkae K7R2", Held("/tkae", "/tkae K7R2")),
    ("/stop", Held("/stop", "/stop")),
    # an answer, if something was asked
    ("OK", Agreement("OK")),
    ("okay 👍", Agreement("okay 👍")),
    ("ОК!", Agreement("ОК!")),  # in Cyrillic: two keys of a Ukrainian keyboard
    ("так", Agreement("так")),  # and words again, where no question was the last thing
    ("can’t", Refusal("can’t")),
    ("No puedo.", Refusal("No puedo.")),
    ("I can't", Plain("I can't")),
]


@pytest.mark.parametrize(("text", "said"), STAFF)
def test_what_staff_say(text: str, said: Said) -> None:
    """Obeyed where complete, held where it begins like a command, words otherwise."""
    assert casecode.check("K7R2")
    assert staff_said(text) == said


def test_inside_a_topic_only_a_slash_commands() -> None:
    """Whatever is typed in a topic goes to its texter; "take care" needs no question there."""
    assert staff_said("take care", only_slash=True) == Plain("take care")
    assert staff_said("K7R3 hello", only_slash=True) == Plain("K7R3 hello")
    assert staff_said("/done", only_slash=True) == Command(Ask.DONE)
    assert staff_said("// he lies", only_slash=True) == Held(Ask.NOTE, "// he lies")
    assert isinstance(staff_said("/tkae", only_slash=True), Held)


ASKS = st.sampled_from([ask.value for ask in Ask])
MARKS = st.sampled_from(["", "#", "/", " ", "\u200b", "- ", "“"])
NO_LETTER = st.sampled_from([" ", ": ", ",", "-", "\n", "…", "!", "/", "=", " 👍 ", "\u200b "])


@settings(max_examples=300)
@given(MARKS, ASKS, NO_LETTER, st.text(max_size=30))
def test_a_text_that_begins_with_a_command_word_is_never_words(
    mark: str, ask: str, gap: str, rest: str
) -> None:
    """Obeyed, or held and asked about: "NOTE he lies" must never reach him because a code was forgotten."""
    text = mark + ask.upper() + gap + rest
    led = casecode.leading(text)
    assume(
        led is None or isinstance(led[0], casecode.Mistyped)
    )  # "add 4" is the code ADD4, with a slip of the thumb
    assert isinstance(staff_said(text, admin=True), Command | Held | WrongCode)


@settings(max_examples=200)
@given(ASKS, st.sampled_from(["", "?", "!!", " 👍", ".", "\u200b"]))
def test_a_code_and_only_a_command_word_is_never_words(ask: str, tail: str) -> None:
    """ "K7R2 done" closes; it does not tell the texter "done"."""
    said = staff_said(f"K7R2 {ask}{tail}", admin=True)
    assert isinstance(said, Command | Held)
    assert said.code == "K7R2"


@settings(max_examples=300)
@given(st.text(min_size=1, max_size=60), st.sampled_from(["K7R2 ", "k7r2: ", "#K7R2 ", "K7 R2, "]))
def test_what_follows_a_code_stays_word_for_word(words: str, code: str) -> None:
    """Only the code and the space around the words go; a held text keeps them too."""
    said = staff_said(code + "I say " + words)
    assert said == CodeText("K7R2", ("I say " + words).strip())


@settings(max_examples=400)
@given(st.text(max_size=80) | st.lists(st.characters(), max_size=20).map("".join), st.booleans())
@example("\ud800", False)
@example("K7R2\x00", False)
@example("/", False)
@example("//", True)
@example("#", False)
@example("'", False)
def test_nothing_that_can_be_typed_is_too_odd(text: str, only_slash: bool) -> None:
    """Every text is something, and nothing of it is lost where it may have to be sent after all."""
    said = staff_said(text, only_slash=only_slash)
    if isinstance(said, Plain | Agreement):
        assert said.text == text.strip()
    texter_word(text)
    grammar.is_slash_start(text)


@settings(max_examples=300)
@given(st.text(max_size=30))
def test_marks_and_case_of_a_plain_text_do_not_make_it_a_command(text: str) -> None:
    """What is said to a texter does not depend on how loud it is said."""
    said = staff_said("I " + text)
    assert said == Plain(("I " + text).strip())


def test_a_held_slash_word_is_not_repeated_without_end() -> None:
    """The question quotes a word, not a whole page."""
    said = staff_said("/" + "a" * 4000)
    assert isinstance(said, Held)
    assert len(said.ask) <= grammar.LONGEST + 1
    assert said.text == "/" + "a" * 4000


def test_the_tables_of_staff_commands_agree() -> None:
    """Every command is complete alone, with a code, or reserved; an abbreviation stands for one."""
    assert grammar.ALONE | grammar.CODE_OPTIONAL | grammar.RESERVED | {Ask.NOTE} == frozenset(Ask)
    assert not grammar.RESERVED & (grammar.ALONE | grammar.CODE_OPTIONAL)
    assert set(grammar.TAIL) <= grammar.CODE_OPTIONAL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("COVER Friday night", Command(Ask.COVER, rest="Friday night")),
        ("cover: 27.11. 21-06", Command(Ask.COVER, rest="27.11. 21-06")),
        ("Cover el viernes por la noche", Command(Ask.COVER, rest="el viernes por la noche")),
        ("Cover у п’ятницю вночі", Command(Ask.COVER, rest="у п’ятницю вночі")),
        ("/cover 12", Command(Ask.COVER, rest="12")),
        ("COVER 12 can’t", Command(Ask.COVER, rest="12 can’t")),
        ("COVER 12 drop", Command(Ask.COVER, rest="12 drop")),
        ("COVER", Command(Ask.COVER)),
        ("SWAP Friday night for Sunday", Command(Ask.SWAP, rest="Friday night for Sunday")),
        ("AWAY 3-10 Dec", Command(Ask.AWAY, rest="3-10 Dec")),
        ("NEXT 5", Command(Ask.NEXT, rest="5")),
        ("Cover your eyes", Held("cover", "Cover your eyes")),
        ("Cover for me", Held("cover", "Cover for me")),
        ("Swap numbers with nobody", Held("swap", "Swap numbers with nobody")),
        ("Away from him, please", Held("away", "Away from him, please")),
        ("Next, breathe", Held("next", "Next, breathe")),
        ("COVER Friday night FOR Alma", Held("cover", "COVER Friday night FOR Alma")),
        ("Add up what they owe you", Plain("Add up what they owe you")),
        ("Remove the post", Plain("Remove the post")),
        ("gaps", Plain("gaps")),
        ("Remove the post today", Plain("Remove the post today")),
    ],
)
def test_what_a_counselor_plans(text: str, said: Said) -> None:
    """A date, a number or nothing at all completes a command; other words may be for a texter, and what only admins
    plan is words."""
    assert staff_said(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("COVER Friday night FOR Alma", Command(Ask.COVER, rest="Friday night FOR Alma")),
        ("COVER Friday night for Alma by Bo", Command(Ask.COVER, rest="Friday night for Alma by Bo")),
        ("ADD Bo Friday 21-06", Command(Ask.ADD, rest="Bo Friday 21-06")),
        ("Remove Mary Ann 27 Nov", Command(Ask.REMOVE, rest="Mary Ann 27 Nov")),
        ("GAPS", Command(Ask.GAPS)),
        ("Add up what they owe you", Held("add", "Add up what they owe you")),
        ("Remove the post", Held("remove", "Remove the post")),
    ],
)
def test_what_an_admin_plans(text: str, said: Said) -> None:
    """An admin may be a counselor too: what is no complete command is asked about, as everywhere."""
    assert staff_said(text, admin=True) == said
