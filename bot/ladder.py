"""The ladder of a waiting conversation: whom to ask next, what the texter hears meanwhile, when to look again."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.conversation import Conversation, Offer, OfferState, State
from bot.decision import Decision, Said, ToStaff, ToTexter
from bot.messages import Button, Direction, Priority
from bot.people import Role, Staff, StaffId
from bot.phrases import Phrase, moment, phrase
from bot.relay import changed

LOOK_AGAIN = timedelta(seconds=60)
"""A waiting conversation is looked at once a minute at least, so that a new rota or a new colleague is noticed."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The ladder's minutes, from the settings."""

    offer: timedelta
    looking: timedelta
    supervisors: timedelta
    nobody: timedelta
    window: timedelta
    most: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is there at this instant. `next_on`: when somebody is on call again, if the rota knows; `changed_at`: the
    last instant at which the rota's answer changed; `closed`: the line has been closed by hand, and nobody is asked."""

    now: datetime
    people: Mapping[StaffId, Staff]
    on_call: frozenset[StaffId]
    backup: frozenset[StaffId]
    loads: Mapping[StaffId, int]
    next_on: datetime | None = None
    changed_at: datetime | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: who belongs to it, whether all are asked at once, and after how long it is due although others of an
    earlier step are still to be asked (None: only once those have been)."""

    name: str
    members: Callable[[Watch, str], list[Staff]]
    together: bool = False
    after: Callable[[Pace], timedelta] | None = None


def _speakers(watch: Watch, language: str) -> list[Staff]:
    return [p for p in _heard_of(watch, watch.on_call) if language in p.languages]


def _others(watch: Watch, language: str) -> list[Staff]:
    return [p for p in _heard_of(watch, watch.on_call) if language not in p.languages]


def _backup(watch: Watch, language: str) -> list[Staff]:
    return sorted(_heard_of(watch, watch.backup), key=lambda p: language not in p.languages)


def _silent(watch: Watch, language: str) -> list[Staff]:
    """Who was asked READY? and said nothing: perhaps she only missed that."""
    silent = [p for p in _of(watch, watch.on_call | watch.backup) if p.silent]
    return sorted(silent, key=lambda p: language not in p.languages)


def _supervisors(watch: Watch, language: str) -> list[Staff]:
    return [p for p in watch.people.values() if p.is_supervisor]


def _heard_of(watch: Watch, ids: frozenset[StaffId]) -> list[Staff]:
    return [p for p in _of(watch, ids) if not p.silent]


def _of(watch: Watch, ids: frozenset[StaffId]) -> list[Staff]:
    return [watch.people[i] for i in sorted(ids) if i in watch.people]


LADDER: tuple[Rung, ...] = (
    Rung("speakers", _speakers),
    Rung("others", _others),
    Rung("backup", _backup),
    Rung("silent", _silent),
    Rung("supervisors", _supervisors, together=True, after=lambda pace: pace.supervisors),
)


CALLED: tuple[Rung, ...] = LADDER[:3]
"""The rungs of those whose turn it is; whoever talks already is handed on to nobody else."""


def climb(conversation: Conversation, offers: tuple[Offer, ...], watch: Watch, pace: Pace) -> Decision:
    """The next step for a waiting conversation: offers, honest words, and `due_at` for the next look."""
    if conversation.state is not State.WAITING or conversation.private.unproven:
        return Decision(replace(conversation, due_at=None))
    conversation = _new_round(conversation, offers, watch)
    mine = _counted(conversation, offers)
    lapsed = tuple(
        replace(o, state=OfferState.LAPSED)
        for o in mine
        if o.state is OfferState.OPEN and o.due_at <= watch.now
    )
    waiting = [o for o in mine if o.state is OfferState.OPEN and o.due_at > watch.now]
    asked = {o.staff for o in mine if not _by_another_way(o, watch)}
    made = _asks(conversation, watch, pace, asked=asked, busy=bool(waiting))
    after, texts = _words(conversation, watch, pace, asked=mine, waiting=[*waiting, *made])
    due = _next_look(after, watch, pace, [*waiting, *made])
    return Decision(
        replace(after, due_at=due),
        offers=(*lapsed, *made),
        said=tuple(Said(Direction.LINE, text.what) for text in texts),
        letters=(
            *texts,
            *(invite(after, watch, offer) for offer in made),
            *_alarms(conversation, after, watch, asked=mine, made=made),
        ),
    )


def ask(conversation: Conversation, watch: Watch, pace: Pace, staff: Staff) -> Decision:
    """Offers a waiting conversation to one person who has just said ON; not while the line is closed."""
    offer = None if watch.closed else offer_to(conversation, staff, watch, pace)
    if offer is None:
        return Decision(conversation)
    due = min(filter(None, (conversation.due_at, offer.due_at)))
    return Decision(
        replace(conversation, due_at=due), offers=(offer,), letters=(invite(conversation, watch, offer),)
    )


def _new_round(conversation: Conversation, offers: tuple[Offer, ...], watch: Watch) -> Conversation:
    """A shift that began after everybody had been asked begins the ladder again."""
    last = max((o.at for o in offers), default=conversation.private.opened_at)
    begun = watch.changed_at
    if begun is None or not conversation.private.nobody_told or not last < begun <= watch.now:
        return conversation
    if (conversation.private.round_at or last) >= begun:
        return conversation
    return changed(conversation, round_at=begun)


def _counted(conversation: Conversation, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    since = conversation.private.round_at
    return tuple(o for o in offers if o.state is not OfferState.ENDED and (since is None or o.at >= since))


def _by_another_way(offer: Offer, watch: Watch) -> bool:
    """An offer that failed on one of her phones says nothing about the other."""
    person = watch.people.get(offer.staff)
    contact = person.contact if person else None
    return offer.state is OfferState.FAILED and contact is not None and contact.id != offer.contact


def next_for(
    conversation: Conversation, watch: Watch, pace: Pace, asked: Container[StaffId | None]
) -> Staff | None:
    """Whom the ladder asks next of those who are on call or backup, and have been heard of."""
    for rung in CALLED:
        for person in able(rung.members(watch, conversation.language), watch, pace):
            if person.id not in asked:
                return person
    return None


def _asks(
    conversation: Conversation, watch: Watch, pace: Pace, *, asked: set[StaffId], busy: bool
) -> list[Offer]:
    """The offers to make now: nobody while one is waiting, unless a rung's own time has come; none while closed."""
    if watch.closed:
        return []
    elapsed = watch.now - (conversation.private.round_at or conversation.private.opened_at)
    for rung in LADDER:
        if conversation.private.muted and rung.name != "supervisors":
            continue
        early = rung.after is not None and elapsed >= rung.after(pace)
        if busy and not early:
            continue
        people = [
            p for p in able(rung.members(watch, conversation.language), watch, pace) if p.id not in asked
        ]
        if people:
            chosen = people if rung.together else people[:1]
            made = [offer_to(conversation, p, watch, pace) for p in chosen]
            return [offer for offer in made if offer is not None]
    return []


def able(people: list[Staff], watch: Watch, pace: Pace) -> list[Staff]:
    """Those who can be asked, the least loaded first."""
    able = [
        p
        for p in people
        if p.available
        and p.takes_conversations
        and p.contact is not None
        and watch.loads.get(p.id, 0) < pace.most
    ]
    return sorted(able, key=lambda p: watch.loads.get(p.id, 0))


def offer_to(conversation: Conversation, staff: Staff, watch: Watch, pace: Pace) -> Offer | None:
    """An offer of it to her, as of now; None when she cannot be written to."""
    contact = staff.contact
    if contact is None:
        return None
    return Offer(
        conversation.id, staff.id, contact.id, OfferState.OPEN, at=watch.now, due_at=watch.now + pace.offer
    )


def invite(conversation: Conversation, watch: Watch, offer: Offer) -> ToStaff:
    """The offer as she reads it: no content, it may stand on a lock screen."""
    handle = offer_handle(conversation)
    return ToStaff(
        offer.contact,
        offer_phrase(conversation, watch, offer.staff),
        priority=Priority.OFFER,
        offer=True,
        buttons=(Button("button.take", f"take:{handle}"), Button("button.pass", f"pass:{handle}")),
    )


def offer_handle(conversation: Conversation) -> str:
    """What a button carries: it grants nothing, and is looked up among what is offered to whoever presses."""
    return conversation.id.hex()


def offer_phrase(conversation: Conversation, watch: Watch, staff: StaffId) -> Phrase:
    minutes = max(0, int((watch.now - conversation.private.opened_at) / timedelta(minutes=1)))
    notes: list[str] = []
    if conversation.language not in watch.people[staff].languages:
        notes.append(f"offer.no.speaker={conversation.language}")
    if conversation.private.muted:
        notes.append("offer.opted.out")
    return phrase(
        "offer" if conversation.state is State.WAITING else "offer.handed",
        code=conversation.code,
        medium=conversation.medium.value,
        language=conversation.language,
        minutes=str(minutes),
        notes=" ".join(notes),
    )


def _words(
    conversation: Conversation, watch: Watch, pace: Pace, *, asked: tuple[Offer, ...], waiting: list[Offer]
) -> tuple[Conversation, tuple[ToTexter, ...]]:
    """What the texter hears now: "still looking" once, then the honest text once; nothing while it would come late, but
    then the honest text once she has written again."""
    private = conversation.private
    if private.asked_at is not None or private.muted:
        return conversation, ()
    late = watch.now > private.texter_at + pace.window and not private.agreed
    elapsed = watch.now - (private.round_at or private.opened_at)
    silent = [o for o in asked if o.state in (OfferState.OPEN, OfferState.LAPSED)]
    if watch.closed or elapsed >= pace.nobody or not (waiting or silent):
        if late:
            return changed(conversation, nobody_told=True), ()
        told = changed(conversation, nobody_told=True, asked_at=watch.now)
        return told, (ToTexter(nobody_phrase(watch)),)
    if elapsed >= pace.looking and not private.looking_told and not late:
        minutes = max(1, round((pace.nobody - elapsed) / timedelta(minutes=1)))
        return changed(conversation, looking_told=True), (ToTexter(phrase("looking", minutes=str(minutes))),)
    return conversation, ()


def nobody_phrase(watch: Watch) -> Phrase:
    """The honest text, with the hour at which somebody can answer if the rota knows one."""
    if watch.next_on is None:
        return phrase("nobody")
    return phrase("nobody.until", time=moment(watch.next_on, watch.now))


def _next_look(conversation: Conversation, watch: Watch, pace: Pace, waiting: list[Offer]) -> datetime:
    """The earliest of: an offer lapses, a text is due, supervisors are due, a shift starts, a minute has passed."""
    start = conversation.private.round_at or conversation.private.opened_at
    due = [watch.now + LOOK_AGAIN, *(o.due_at for o in waiting)]
    due += [start + wait for wait in (pace.looking, pace.supervisors, pace.nobody)]
    if watch.next_on is not None:
        due.append(watch.next_on)
    return min(moment for moment in due if moment > watch.now)


def _alarms(
    before: Conversation, after: Conversation, watch: Watch, *, asked: tuple[Offer, ...], made: list[Offer]
) -> tuple[ToStaff, ...]:
    """The admins hear once a round that the rota has failed: when supervisors are asked, or nobody is left to ask.
    Admins who are asked themselves know it from that."""
    supervisors = {p.id for p in _supervisors(watch, after.language)}
    reached = any(o.staff in supervisors for o in asked)
    now = any(o.staff in supervisors for o in made)
    empty = after.private.nobody_told and not before.private.nobody_told
    if reached or watch.closed or not (now or empty):
        return ()
    told = phrase("rota.failed" if now else "rota.nobody", code=after.code)
    asked_now = {o.staff for o in made}
    return tuple(
        ToStaff(p.contact.id, told)
        for p in watch.people.values()
        if Role.ADMIN in p.roles and p.contact is not None and p.id not in asked_now
    )
