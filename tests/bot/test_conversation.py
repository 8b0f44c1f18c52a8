"""The states of a conversation, and every step between them: legal ones move, illegal ones change nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot import ladder, relay
from bot.conversation import OPEN, TABLE, Conversation, OfferState, State, Step, step
from bot.errors import NoSuchConversation, NotNow, WhichConversation, WriterError
from bot.people import ConversationId, Staff, StaffId
from bot.phrases import phrase
from bot.redact import Secret
from tests.bot.cast import ALMA, BO, PACE, WINDOW, contact, talk, writer
from tests.bot.paperhouse import STAFF, TEXTERS, PaperHouse, Told

texters = st.sampled_from(TEXTERS)
staff = st.sampled_from(STAFF)

LEGAL = """
    waiting  text      waiting
    waiting  take      talking
    waiting  done      closed
    waiting  bye       closed
    waiting  stop      closed
    waiting  silence   closed
    waiting  block     closed
    waiting  erase     erased
    talking  text      talking
    talking  answer    talking
    talking  hand      talking
    talking  put back  waiting
    talking  done      closed
    talking  bye       closed
    talking  stop      closed
    talking  silence   closed
    talking  block     closed
    talking  erase     erased
    closed   seal      sealed
    closed   erase     erased
    sealed   erase     erased
"""


def _legal() -> dict[tuple[State, Step], State]:
    rows = [line.split() for line in LEGAL.strip().splitlines()]
    return {(State(row[0]), Step(" ".join(row[1:-1]))): State(row[-1]) for row in rows}


@pytest.mark.parametrize("what", Step)
@pytest.mark.parametrize("state", State)
def test_every_step_from_every_state(state: State, what: Step) -> None:
    """What the table allows happens; everything else is "not now", and the conversation is what it was."""
    before = replace(talk(counselor=ALMA), state=state)
    expected = _legal().get((state, what))

    if expected is None:
        with pytest.raises(NotNow) as refusal:
            step(before, what)
        assert refusal.value.phrase == "not_now"
        assert before == replace(talk(counselor=ALMA), state=state)
    else:
        assert step(before, what) == replace(before, state=expected)


def test_the_table_is_this_table() -> None:
    """A step that is added to the code is added here, read aloud, and thought about."""
    assert _legal() == TABLE


def test_nothing_leads_back_from_the_end() -> None:
    """A closed conversation is never opened again, and an erased one never moves: a new text opens a new one."""
    assert {what for (state, what) in TABLE if state is State.CLOSED} == {Step.SEAL, Step.ERASE}
    assert {what for (state, what) in TABLE if state is State.SEALED} == {Step.ERASE}
    assert not [what for (state, what) in TABLE if state is State.ERASED]
    assert frozenset({State.WAITING, State.TALKING}) == OPEN


def test_whoever_waits_or_talks_can_end_it() -> None:
    """The texter's BYE, STOP and DELETE work in every open conversation."""
    for state in OPEN:
        for what in (Step.BYE, Step.STOP, Step.ERASE):
            assert (state, what) in TABLE


def test_a_conversation_does_not_print_itself() -> None:
    """Its code, language and people stay out of logs and errors."""
    assert repr(talk(counselor=ALMA)) == "Conversation(talking)"


# ── A walk through the house ──


class Walk(RuleBasedStateMachine):
    """Three texters and three staff do whatever comes to mind, in any order, while the clock goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.house = PaperHouse(on_call=frozenset({ALMA.id, BO.id}))
        self.near: dict[StaffId, list[tuple[datetime, ConversationId]]] = {one.id: [] for one in STAFF}
        self.count = 0

    def words(self) -> Secret[str]:
        self.count += 1
        return Secret(f"says {self.count}")

    # -- texters

    @rule(texter=texters)
    def she_writes(self, texter: str) -> None:
        house, text = self.house, self.words()
        conversation = house.open_of(texter)
        if conversation is None:
            house.begin(texter, text)
        else:
            house.apply(conversation, relay.texter_said(conversation, text, house.now))

    @rule(texter=texters, act=st.sampled_from(["photo", "bye", "stop", "start", "delete", "ok", "ok"]))
    def she_does_something_else(self, texter: str, act: str) -> None:
        {
            "photo": self.she_sends_a_photo,
            "bye": self.she_says_bye,
            "stop": self.she_says_stop,
            "start": self.she_says_start,
            "delete": self.she_says_delete,
            "ok": self.she_says_ok,
        }[act](texter)

    def she_sends_a_photo(self, texter: str) -> None:
        if conversation := self.house.open_of(texter):
            decision = relay.texter_sent_a_kind(conversation, "photo", self.house.now)
            self.house.apply(conversation, decision)

    def she_says_bye(self, texter: str) -> None:
        if conversation := self.house.open_of(texter):
            self._leaves(conversation, Step.BYE)

    def she_says_stop(self, texter: str) -> None:
        conversation = self.house.open_of(texter)
        self.house.opted_out.add(texter)
        if conversation and not conversation.private.muted:
            self._leaves(conversation, Step.STOP)

    def _leaves(self, conversation: Conversation, how: Step) -> None:
        self._gone(conversation)
        self.house.ended_by_another(conversation)
        self.house.apply(conversation, relay.texter_left(conversation, how, self.house.now))

    def she_says_start(self, texter: str) -> None:
        house = self.house
        house.opted_out.discard(texter)
        conversation = house.open_of(texter)
        if conversation and conversation.private.muted:
            decision = relay.texter_opted_in(conversation, phrase("first.answer"), house.now)
            house.climb(house.apply(conversation, decision))

    def she_says_delete(self, texter: str) -> None:
        for conversation in list(self.house.conversations.values()):
            if self.house.writers[conversation.id] == texter and conversation.state is not State.ERASED:
                self._gone(conversation)
                self.house.ended_by_another(conversation)
                self.house.apply(conversation, relay.texter_erased(conversation, self.house.now))

    def she_says_ok(self, texter: str) -> None:
        conversation = self.house.open_of(texter)
        agreed = relay.texter_agreed(conversation) if conversation else None
        if conversation and agreed:
            self.house.apply(conversation, agreed)

    # -- staff

    @rule(texter=texters)
    def somebody_answers_her(self, texter: str) -> None:
        """She writes, and one of those who are asked takes it: without this most walks would be about waiting."""
        self.she_writes(texter)
        conversation = self.house.open_of(texter)
        assert conversation is not None
        for (which, who), offer in list(self.house.offers.items()):
            if which == conversation.id and offer.state is OfferState.OPEN:
                self._takes(STAFF[who - 1], conversation)
                return

    @rule(staff=staff, which=st.integers(0, 8))
    def takes(self, staff: Staff, which: int) -> None:
        offered = [o for (_, who), o in self.house.offers.items() if who == staff.id]
        if offered:
            chosen = offered[which % len(offered)].conversation
            self._takes(staff, self.house.conversations[chosen])

    def _takes(self, staff: Staff, conversation: Conversation) -> None:
        house = self.house
        had = conversation.counselor if conversation.state is State.TALKING else None
        try:
            decision = relay.take(
                conversation,
                house.people[staff.id],
                contact(staff),
                open_now=len(house.talking(staff.id)),
                most=PACE.most,
                now=house.now,
                window=WINDOW,
            )
        except NotNow:
            assert had is not None or not conversation.is_open or len(house.talking(staff.id)) == PACE.most
            assert house.conversations[conversation.id] == conversation
            return
        assert had is None, "never two counselors"
        after = house.apply(conversation, decision)
        house.told[staff.id].append(Told(house.now, after.id, False))  # the card and the transcript
        assert conversation.state is State.WAITING

    @rule(staff=staff, which=st.integers(0, 8))
    def passes(self, staff: Staff, which: int) -> None:
        house = self.house
        touched = [house.conversations[k] for k, who in house.offers if who == staff.id]
        touched += house.talking(staff.id)
        if not touched:
            return
        conversation = touched[which % len(touched)]
        offer = house.offers.get((conversation.id, staff.id))
        if conversation.counselor == staff.id:
            self._gone(conversation)
        try:
            decision = relay.passed(conversation, staff, contact(staff), offer, house.now)
        except NoSuchConversation:
            assert conversation.counselor != staff.id or conversation.state is not State.TALKING
            return
        house.climb(house.apply(conversation, decision))

    @rule(staff=staff, sure=st.booleans(), hers=st.booleans(), which=st.integers(0, 8))
    def writes_with_a_code(self, staff: Staff, sure: bool, hers: bool, which: int) -> None:
        named = self.house.talking(staff.id) if hers else tuple(self.house.conversations.values())
        if named:
            self._writes(staff, named[which % len(named)], sure=sure)

    @precondition(lambda self: any(self.house.talking(one.id) for one in STAFF))
    @rule()
    def all_write_without_a_code(self) -> None:
        house = self.house
        for one in STAFF:
            try:
                chosen = relay.whose(house.desk(one.id), house.now)
            except (WhichConversation, NotNow):
                continue
            house.judge_guess(one.id, chosen, self.near[one.id])
            self._writes(one, chosen)

    def _writes(self, staff: Staff, conversation: Conversation, *, sure: bool = False) -> None:
        house, text = self.house, self.words()
        hers = conversation in house.talking(staff.id)
        try:
            decision = relay.counselor_said(
                conversation, staff, text, writer(staff), now=house.now, window=WINDOW, sure=sure
            )
        except WriterError as refusal:
            refused = refusal.phrase
        else:
            refused = ""
        if refused:
            assert (refused == "no.such") is not hers, "not hers looks like none; hers may be late"
            return
        assert hers, "nobody writes to a texter who is not hers"
        assert [one.what for one in decision.letters] == [text], "her words, and nothing around them"
        house.apply(conversation, decision)

    @rule(staff=staff, which=st.integers(0, 8))
    def closes(self, staff: Staff, which: int) -> None:
        hers = self.house.talking(staff.id)
        if hers:
            conversation = hers[which % len(hers)]
            self._gone(conversation)
            decision = relay.done(conversation, staff, contact(staff), self.house.now)
            self.house.apply(conversation, decision)

    @rule(staff=staff)
    def her_phone_dies(self, staff: Staff) -> None:
        """Something of hers could not be delivered: what she has goes to others."""
        for conversation in self.house.talking(staff.id):
            self.house.ended_by_another(conversation)
            decision = relay.put_back(conversation, contact(staff).id, by_herself=False, now=self.house.now)
            self.house.apply(conversation, decision)

    @rule(staff=staff, on=st.booleans())
    def says_on_or_off(self, staff: Staff, on: bool) -> None:
        house = self.house
        house.people[staff.id] = replace(house.people[staff.id], available=on)
        full = len(house.talking(staff.id)) >= PACE.most
        for conversation in list(house.conversations.values()) if on and not full else []:
            waits = conversation.state is State.WAITING and conversation.private.nobody_told
            if waits and (staff.is_supervisor or not conversation.private.muted):
                decision = ladder.ask(conversation, house.watch(), PACE, staff)
                house.apply(conversation, decision)

    # -- time

    @rule(who=st.frozensets(st.sampled_from([one.id for one in STAFF])))
    def the_shift_changes(self, who: frozenset[StaffId]) -> None:
        self.house.on_call, self.house.changed_at = who, self.house.now

    @rule(seconds=st.sampled_from([1, 30, 90, 150, 300, 600, 960, 1900]))
    def time_passes(self, seconds: int) -> None:
        house, end = self.house, self.house.now + timedelta(seconds=seconds)
        while due := [c for c in house.conversations.values() if c.due_at is not None and c.due_at <= end]:
            conversation = min(due, key=lambda c: c.due_at or end)
            assert conversation.due_at is not None
            house.now = max(house.now, conversation.due_at)
            after = house.climb(conversation)
            assert after.due_at is None or after.due_at > house.now, "the clock never spins"
        house.now = end

    # -- what must hold

    def _near(self, who: StaffId, conversation: Conversation) -> None:
        self.near[who].append((self.house.now, conversation.id))

    def _gone(self, conversation: Conversation) -> None:
        if conversation.state is State.TALKING and conversation.counselor is not None:
            self._near(conversation.counselor, conversation)

    @invariant()
    def the_house_stands(self) -> None:
        self.house.judge()
        for (which, who), offer in self.house.offers.items():
            if offer.state is OfferState.OPEN and (offer.at, which) not in self.near[who]:
                self.near[who].append((offer.at, which))


Walk.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestWalk = Walk.TestCase
