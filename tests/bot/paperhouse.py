"""A house of paper: it does with a `Decision` what handlers/apply does, in dictionaries, and keeps its own count.

What must never happen is judged from that count (`told`, `ended`, `opted_out`), never from what the rules believe.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import ladder, relay
from bot.conversation import Conversation, Offer, OfferState, State, Step
from bot.decision import Decision, Said, ToStaff, ToTexter
from bot.messages import Direction
from bot.people import ContactId, ConversationId, Staff, StaffId
from bot.phrases import phrase
from bot.redact import Secret
from tests.bot.cast import ALMA, BO, NOON, PACE, SAM, contact, talk, watch

TEXTERS = ("robin", "kit", "lou")
STAFF = (ALMA, BO, SAM)
CODES = tuple(f"C{n:03d}" for n in range(10_000))
LATELY = timedelta(minutes=15)
Near = Iterable[tuple[datetime, ConversationId]]
"""When which conversation was offered to somebody, passed by her, or ended with her."""


@dataclass(frozen=True)
class Told:
    """One thing that went to a staff contact: from which conversation, whose words, whether it was an offer."""

    at: datetime
    about: ConversationId | None
    offer: bool


@dataclass
class PaperHouse:
    """Texters, staff, their conversations, and everything that was ever sent to anybody."""

    now: datetime = NOON
    people: dict[StaffId, Staff] = field(default_factory=lambda: {one.id: one for one in STAFF})
    on_call: frozenset[StaffId] = frozenset()
    changed_at: datetime | None = None
    conversations: dict[ConversationId, Conversation] = field(default_factory=dict)
    writers: dict[ConversationId, str] = field(default_factory=dict)
    lines: dict[ConversationId, list[Said]] = field(default_factory=dict)
    offers: dict[tuple[ConversationId, StaffId], Offer] = field(default_factory=dict)
    told: dict[StaffId, list[Told]] = field(default_factory=lambda: {one.id: [] for one in STAFF})
    opted_out: set[str] = field(default_factory=set)
    known: dict[ConversationId, list[Secret[str]]] = field(default_factory=dict)
    """What the counselor who has it has read, or will, of the texter's words."""
    moved: dict[StaffId, datetime] = field(default_factory=dict)
    """When somebody else last ended or moved a conversation of hers, until her next relayed text."""

    # ── Looking up ──

    def open_of(self, texter: str) -> Conversation | None:
        mine = [c for c in self.conversations.values() if self.writers[c.id] == texter and c.is_open]
        assert len(mine) <= 1, "one open conversation a texter"
        return mine[0] if mine else None

    def talking(self, staff: StaffId) -> tuple[Conversation, ...]:
        return tuple(
            c for c in self.conversations.values() if c.state is State.TALKING and c.counselor == staff
        )

    def watch(self) -> ladder.Watch:
        loads = {one: len(self.talking(one)) for one in self.people}
        there = watch(self.now, people=tuple(self.people.values()), loads=loads, changed_at=self.changed_at)
        return replace(there, on_call=self.on_call)

    def desk(self, staff: StaffId) -> relay.Desk:
        """As handlers/desk lays it out."""
        told = self.told[staff]
        ended = (State.CLOSED, State.ERASED)
        return relay.Desk(
            staff=self.people[staff],
            talking=self.talking(staff),
            offers=tuple(o for (_, who), o in self.offers.items() if who == staff),
            closed=tuple(c for c in self.conversations.values() if c.state in ended and c.counselor == staff),
            last_from=frozenset({told[-1].about if told else None}),
        )

    # ── Doing what a rule wants ──

    def begin(self, texter: str, text: Secret[str]) -> Conversation:
        number = len(self.conversations)
        name = f"{texter}{number}"
        made = talk(name, code=CODES[number], opened_at=self.now, texter_at=self.now)
        made = replace(relay.changed(made, muted=texter in self.opted_out, before=None), due_at=self.now)
        self.writers[made.id], self.lines[made.id], self.known[made.id] = texter, [], []
        self.conversations[made.id] = made
        hello = phrase("first.answer", wait="wait.none")
        return self.climb(self.apply(made, relay.opened(made, Said(Direction.IN, text), hello)))

    def climb(self, conversation: Conversation) -> Conversation:
        offers = tuple(o for (which, _), o in self.offers.items() if which == conversation.id)
        decision = ladder.climb(conversation, offers, self.watch(), PACE)
        self._judge_offers(conversation, offers, decision)
        return self.apply(conversation, decision)

    def apply(self, before: Conversation, decision: Decision) -> Conversation:
        now = replace(decision.conversation, version=before.version + 1)
        assert self.conversations[before.id] == before, (
            "nobody decides about a conversation that has moved on"
        )
        if decision.play is not None:
            # All she wrote so far is played to whoever takes it.
            self.known[now.id] = [one.words for one in self.lines[now.id] if one.direction is Direction.IN]  # type: ignore[misc]
        if decision.end_offers:
            for key in [k for k in self.offers if k[0] == now.id]:
                self.offers[key] = replace(self.offers[key], state=OfferState.ENDED)
        for offer in decision.offers:
            self.offers[offer.conversation, offer.staff] = offer
        self.conversations[now.id] = now
        if decision.erase:
            self._burn(now.id)
        else:
            self.lines[now.id] += decision.said
        for letter in decision.letters:
            if isinstance(letter, ToTexter):
                self._judge_to_texter(now, letter)
            else:
                self._post_to_staff(before, now, letter)
        self._judge_moved(before, now, decision)
        return now

    def _burn(self, which: ConversationId) -> None:
        self.lines[which], self.known[which] = [], []
        for key in [k for k in self.offers if k[0] == which]:
            del self.offers[key]

    def _post_to_staff(self, before: Conversation, now: Conversation, letter: ToStaff) -> None:
        staff = self.at(letter.contact)
        if isinstance(letter.what, Secret):
            assert not letter.offer, "an offer holds nothing that she wrote"
            assert before.counselor_contact == letter.contact, "words go to whoever has the conversation"
            assert now.is_open, "nothing of an ended conversation is sent"
            if now.state is State.TALKING:
                self.known[now.id].append(letter.what)
        else:
            carried = " ".join(letter.what.arguments.values())
            assert "says" not in carried, "no notice of ours quotes her"
        if letter.offer:
            assert now.state is State.WAITING
        about = now.id if letter.about else None
        if now.state is State.ERASED:
            assert about is None, "what is left about an erased conversation holds nothing of it"
        self.told[staff].append(Told(self.now, about, letter.offer))

    def at(self, place: ContactId) -> StaffId:
        [found] = [one.id for one in self.people.values() if contact(one).id == place]
        return found

    # ── Judging ──

    def _judge_to_texter(self, now: Conversation, letter: ToTexter) -> None:
        muted = now.private.muted
        if muted:
            return  # handlers/apply posts nothing
        assert self.writers[now.id] not in self.opted_out, "nothing to who has opted out"
        if not now.is_open:
            assert letter.farewell, "a closed or erased conversation gets nothing but its farewell"
        if isinstance(letter.what, Secret):
            late = self.now > now.private.texter_at + PACE.window
            assert not late or letter.sure, "nothing arrives late unless somebody said so"

    def _judge_offers(
        self, conversation: Conversation, before: tuple[Offer, ...], decision: Decision
    ) -> None:
        made = [o for o in decision.offers if o.state is OfferState.OPEN]
        since = decision.conversation.private.round_at
        counted = [o for o in before if o.state is not OfferState.ENDED and (since is None or o.at >= since)]
        waiting = [o for o in counted if o.state is OfferState.OPEN and o.due_at > self.now]
        for offer in made:
            person = self.people[offer.staff]
            assert person.available
            assert len(self.talking(offer.staff)) < PACE.most
            assert offer.staff not in {o.staff for o in counted}, "nobody is asked twice in a round"
            assert not waiting or person.is_supervisor, "one by one, but for supervisors"
            assert not conversation.private.muted or person.is_supervisor
        assert len(made) <= 1 or all(self.people[o.staff].is_supervisor for o in made)

    def _judge_moved(self, before: Conversation, now: Conversation, decision: Decision) -> None:
        if decision.unsettle is not None:
            self._set(decision.unsettle, unsettled=True)
        if decision.settle is not None:
            self._set(decision.settle, unsettled=False)
            self.moved.pop(decision.settle, None)

    def _set(self, who: StaffId, *, unsettled: bool) -> None:
        self.people[who] = replace(self.people[who], unsettled=unsettled)

    def ended_by_another(self, conversation: Conversation) -> None:
        """To be called before somebody else ends or moves what a counselor has."""
        if conversation.state is State.TALKING and conversation.counselor is not None:
            self.moved[conversation.counselor] = self.now

    def judge_guess(
        self, staff: StaffId, chosen: Conversation, lately: Iterable[tuple[datetime, ConversationId]]
    ) -> None:
        """A text without a code went through: whoever else it could have been for was nowhere near."""
        assert self.talking(staff) == (chosen,)
        assert self.told[staff], "she has been sent something"
        assert self.told[staff][-1].about == chosen.id, "the last thing she got came from it"
        assert staff not in self.moved, "nobody else ended or moved one of hers since she last wrote"
        for when, which in lately:
            gone = self.conversations[which].state is State.ERASED
            assert which == chosen.id or gone or when <= self.now - LATELY, "another was close by"

    def judge(self) -> None:
        """What holds after every step."""
        for one in self.conversations.values():
            assert (one.state is State.WAITING) <= (one.counselor is None)
            assert (one.state is State.TALKING) <= (one.counselor in self.people)
            assert (one.counselor is None) == (one.counselor_contact is None)
            assert (one.due_at is not None) == (one.state is State.WAITING), "who waits has a clock"
            if one.state is State.ERASED:
                assert not self.lines[one.id]
                assert not any(which == one.id for which, _ in self.offers)
            if one.state is State.CLOSED:
                assert one.private.closed_at is not None
                assert one.private.ended_by in (Step.DONE, Step.BYE, Step.STOP)
            if one.state is State.TALKING:
                written = [x.words for x in self.lines[one.id] if x.direction is Direction.IN]
                assert self.known[one.id] == written, "every word is with her, once, in order"
        for staff in self.people:
            assert len(self.talking(staff)) <= PACE.most
        for texter in TEXTERS:
            self.open_of(texter)
