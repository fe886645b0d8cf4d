"""
What people do to an alarm: accept, decline, arrive, close; and what a further press does.

Each function takes the situation and returns the decision, letters included. Who may do it is the caller's question.
"""

from dataclasses import replace

from dispatch.errors import AlarmClosed, AlreadyTaken, NotFound
from dispatch.rules import alarm as life
from dispatch.rules import arrival, calling_back, letters, offers
from dispatch.rules.alarm import Offer, OfferState, Outcome, Proof, Role, State
from dispatch.rules.escalation import Decision, Situation, soon, swap
from dispatch.rules.message import Draft, Fact
from dispatch.rules.people import SERVICE, Person, carer, carer_id
from dispatch.rules.place import Position
from dispatch.rules.signal import Cause
from dispatch.rules.steps.offer_nearest import asking, called, fresh
from dispatch.rules.steps.page_operator import paged

DOUBT_S = 30
"""The next step follows within this time when delivery is unknown; PROMISES, section 2 (W_unk)."""


def accept(situation: Situation, person: Person, *, by: Person) -> Decision:
    """
    Somebody is coming: they get door and entry, the others are told, the arrival clock starts.

    Accepting again what one leads already changes nothing but sends the door once more.

    Raises:
        NotFound: this person was never asked. AlarmClosed, AlreadyTaken, OfferGone: see `rules.alarm.accept`.
    """
    offer = _offer(situation, person)
    if offer.role is Role.LEAD and situation.alarm.open:
        return Decision(alarm=situation.alarm, drafts=_door(situation, offer, again=True))
    wanted = situation.policy.responders
    also = situation.elsewhere.get(person, 0)
    alarm, taken, line = life.accept(
        situation.alarm, situation.offers, offer, wanted=wanted, also=also, by=by, now=situation.now
    )
    enough = sum(each.state is OfferState.ACCEPTED for each in swap(situation.offers, (taken,))) >= wanted
    others = _waiting(situation, taken) if enough else ()
    after = replace(situation, alarm=alarm)
    told, told_line = calling_back.call_back(after, taken)
    return Decision(
        alarm=alarm,
        offers=(taken, *(offers.withdraw(other) for other in others)),
        drafts=(*_door(after, taken), *letters.to_people(after, others, "taken"), *_relieved(after, taken), *told),
        lines=(line, *told_line),
    )


def decline(situation: Situation, person: Person, *, by: Person) -> Decision:
    """
    Somebody cannot come. The next nearest is asked in their place at once, within the same step, so that a carer who
    says no never costs more than one who is silent; with nobody left the next step comes at once. Whoever stands in
    the room already cannot decline any more.

    Raises:
        NotFound: this person was never asked. AlarmClosed: it is over.
    """
    offer = _offer(situation, person)
    if offer.state is OfferState.DECLINED or offer.attended_at is not None:
        return Decision(alarm=situation.alarm)
    alarm, gone, line = life.decline(situation.alarm, situation.offers, offer, by=by, now=situation.now)
    return _in_their_place(situation, Decision(alarm=alarm, offers=(gone,), lines=(line,)))


def unreachable(situation: Situation, person: Person, *, code: str) -> Decision:
    """
    A letter to this person could not be delivered: no answer is to be hoped for, so another is asked in their place.
    """
    offer = _offer(situation, person)
    if offer.state is not OfferState.OPEN or not situation.alarm.open:
        return Decision(alarm=situation.alarm)
    lapsed, line = offers.lapse(offer)
    others = any(each.state is OfferState.OPEN and each.id != offer.id for each in situation.offers)
    facts: dict[str, Fact] = {"person": person, "offer": offer.id, "code": code}
    due_at = situation.alarm.due_at if others or not situation.alarm.needs_asking else situation.now
    alarm, told = life.change(situation.alarm, "undeliverable", SERVICE, facts, due_at=due_at)
    return _in_their_place(situation, Decision(alarm=alarm, offers=(lapsed,), lines=(told, line)))


def doubtful(situation: Situation, person: Person) -> Decision:
    """
    Nobody knows whether the letter to this person left: unknown counts as not received, so the next step comes sooner.
    """
    alarm = situation.alarm
    soonest = soon(situation.now, DOUBT_S)
    if not alarm.needs_asking or alarm.due_at is None or alarm.due_at <= soonest:
        return Decision(alarm=alarm)
    after, line = life.change(alarm, "delivery_unknown", SERVICE, {"person": person}, due_at=soonest)
    return Decision(alarm=after, lines=(line,))


def unheard(situation: Situation, person: Person, *, not_by: str) -> Decision:
    """
    A provider took the text to this person, and no receipt came in its time: they are called at once. Whoever has
    answered is left alone. `not_by` is the provider whose silence this is.
    """
    offer, reach, alarm = situation.offer_of(person), situation.reach.get(person), situation.alarm
    if offer is None or reach is None or offer.state is not OfferState.OPEN or not alarm.needs_asking:
        return Decision(alarm=alarm)
    facts: dict[str, Fact] = {"person": person, "offer": offer.id, "provider": not_by}
    after, line = life.change(alarm, "receipt_missing", SERVICE, facts)
    sentence = "offer_call" if carer_id(person) else "offer_family_call"
    draft = letters.offer_call(replace(situation, alarm=after), offer, reach, sentence)
    call = replace(draft, facts={**draft.facts, "not_by": not_by})
    return Decision(alarm=after, drafts=(call,), lines=(line, called(situation, person)))


def _in_their_place(before: Situation, decision: Decision) -> Decision:
    """
    If the alarm would have to take its next step now for want of anybody asked, the next nearest is asked instead.
    """
    waiting = before.alarm.state is State.OFFERED and decision.alarm.state is State.OFFERED
    if not waiting or decision.alarm.due_at == before.alarm.due_at:
        return decision
    after = replace(before, alarm=decision.alarm, offers=swap(before.offers, decision.offers))
    others = [each for each in fresh(after) if carer(each.carer_id) in after.reach][:1]
    if not others:
        return decision
    planned = asking(after, others)
    return Decision(
        alarm=replace(decision.alarm, due_at=before.alarm.due_at),
        offers=(*decision.offers, *planned.offers),
        drafts=planned.drafts,
        lines=(*decision.lines, *planned.lines),
        choice=after.choice,
    )


def attend(situation: Situation, person: Person, *, proof: Proof, by: Person, at: Position | None = None) -> Decision:
    """
    Somebody stands in the room. Who arrives without having accepted has accepted by coming.

    Raises:
        NotFound: this person was never asked. AlarmClosed: it is over.
    """
    offer = _offer(situation, person)
    before = Decision(alarm=situation.alarm)
    if offer.state is not OfferState.ACCEPTED:
        before = _accept_by_coming(situation, offer, by)
        offer = next(each for each in before.offers if each.id == offer.id)
    if before.alarm.needs_asking:
        before, offer = _lead_again(situation, before, offer, by)
    return _arrived(situation, before, offer, proof, by, at)


def close(situation: Situation, *, outcome: Outcome, by: Person, note: str | None = None) -> Decision:
    """
    A named human ends the alarm; whoever was asked or is on the way is told.

    Raises:
        AlarmClosed: it is over already.
    """
    alarm, line = life.close(situation.alarm, outcome=outcome, by=by, now=situation.now, note=note)
    after = replace(situation, alarm=alarm)
    waiting = tuple(each for each in situation.offers if each.state is OfferState.OPEN)
    coming = tuple(each for each in situation.offers if each.state is OfferState.ACCEPTED and each.attended_at is None)
    return Decision(
        alarm=alarm,
        offers=(*(offers.withdraw(each) for each in waiting), *_done(situation)),
        drafts=letters.to_people(after, (*waiting, *coming), "stand_down"),
        lines=(line,),
    )


def _done(situation: Situation) -> tuple[Offer, ...]:
    return tuple(replace(each, state=OfferState.DONE) for each in situation.offers if each.state is OfferState.ACCEPTED)


def reopen(situation: Situation, *, by: Person, note: str | None = None) -> Decision:
    """The closing was a mistake: the alarm is raised again with its history, those who came are asked afresh."""
    alarm, line = life.reopen(situation.alarm, by=by, now=situation.now, note=note)
    again = tuple(
        replace(each, state=OfferState.LAPSED, role=None, arrival_due_at=None, attended_at=None, proof=None)
        for each in situation.offers
        if each.state is OfferState.DONE
    )
    return Decision(alarm=alarm, offers=again, lines=(line,))


def join(situation: Situation, *, cause: Cause, by: Person) -> Decision:
    """
    A further signal of the same person: counted, next step earlier; a graver cause restarts with its policy.

    `situation.policy` is the policy of the new cause.
    """
    policy = situation.policy
    step = policy.step_to_begin_with(raised_at=situation.alarm.raised_at, now=situation.now)
    alarm, lines = life.join(situation.alarm, cause=cause, policy_id=policy.id, step=step, by=by, now=situation.now)
    graver = cause.graver_than(situation.alarm.cause) and not situation.alarm.needs_asking
    if not graver:
        return Decision(alarm=alarm, lines=lines)
    # Somebody is on the way already, so no step would tell the desk that it is worse than it was.
    after = replace(situation, alarm=alarm)
    return Decision(alarm=alarm, drafts=letters.page(after, "worsened"), lines=(*lines, paged(after, "worsened")))


def ask_by_hand(situation: Situation, person: Person, *, eta_s: int | None, by: Person) -> Decision:
    """
    The operator asks this person now, whatever the policy would do.

    Raises:
        NotFound: the person cannot be reached. AlarmClosed: it is over. AlreadyTaken: they are on the way.
    """
    reach, before = situation.reach.get(person), situation.offer_of(person)
    if not situation.alarm.open:
        raise AlarmClosed(f"alarm {situation.alarm.number} is closed")
    if reach is None:
        raise NotFound(f"{person} has no phone")
    if before is not None and before.state is OfferState.ACCEPTED:
        raise AlreadyTaken(f"{person} is on the way")
    offer, line = offers.ask(situation, person, eta_s)
    state = State.OFFERED if situation.alarm.state is State.RAISED else situation.alarm.state
    alarm, stepped = life.change(situation.alarm, "asked_by_hand", by, {"person": person}, state=state)
    drafts = [letters.offer_text(situation, offer, reach)]
    lines = [stepped, replace(line, by=by)]
    if not reach.two_way:
        drafts.append(letters.offer_call(situation, offer, reach))
        lines.append(called(situation, person))
    return Decision(alarm=alarm, offers=(offer,), drafts=tuple(drafts), lines=tuple(lines))


def with_offer(situation: Situation, person: Person, *, eta_s: int | None) -> Situation:
    """The situation with an offer for somebody the policy never asked, made by an operator who speaks for them."""
    offer, _ = offers.ask(situation, person, eta_s)
    return replace(situation, offers=(*situation.offers, offer))


def _offer(situation: Situation, person: Person) -> Offer:
    offer = situation.offer_of(person)
    if offer is None:
        raise NotFound(f"{person} was not asked about alarm {situation.alarm.number}")
    return offer


def _waiting(situation: Situation, taken: Offer) -> tuple[Offer, ...]:
    return tuple(each for each in situation.offers if each.state is OfferState.OPEN and each.id != taken.id)


def _door(situation: Situation, offer: Offer, *, again: bool = False) -> tuple[Draft, ...]:
    reach = situation.reach.get(offer.person)
    return () if reach is None else (letters.details(situation, offer, reach, again=again),)


def _relieved(situation: Situation, taken: Offer) -> tuple[Draft, ...]:
    """Whoever was late and is now backup hears that another has taken the lead."""
    if taken.role is not Role.LEAD:
        return ()
    late = tuple(each for each in situation.offers if each.role is Role.BACKUP and each.id != taken.id)
    return letters.to_people(situation, late, "now_backup")


def _accept_by_coming(situation: Situation, offer: Offer, by: Person) -> Decision:
    # With one more wanted than are coming, whoever arrives is never turned away.
    coming = sum(each.state is OfferState.ACCEPTED for each in situation.offers)
    if situation.alarm.state is State.ATTENDED:
        taken = replace(
            offer,
            state=OfferState.ACCEPTED,
            role=Role.BACKUP,
            answered_at=situation.now,
            arrival_due_at=situation.now,
        )
        return Decision(alarm=situation.alarm, offers=(taken,))
    also = situation.elsewhere.get(offer.person, 0)
    alarm, taken, line = life.accept(
        situation.alarm, situation.offers, offer, wanted=coming + 1, also=also, by=by, now=situation.now
    )
    return Decision(alarm=alarm, offers=(taken,), lines=(line,))


def _lead_again(situation: Situation, before: Decision, offer: Offer, by: Person) -> tuple[Decision, Offer]:
    """A backup who was late stands in the room while others are asked: the lead again, then attended."""
    lead = replace(offer, role=Role.LEAD)
    also = situation.elsewhere.get(lead.person, 0)
    facts: dict[str, Fact] = {"person": lead.person, "role": str(lead.role), "offer": lead.id}
    if also:
        facts["both"] = also
    alarm, line = life.change(before.alarm, "accepted", by, facts, state=State.ACCEPTED, accepted_at=situation.now)
    return replace(before, alarm=alarm, lines=(*before.lines, line)), lead


def _arrived(
    situation: Situation, before: Decision, offer: Offer, proof: Proof, by: Person, at: Position | None
) -> Decision:
    alarm, there, line = arrival.attend(before.alarm, offer, proof=proof, by=by, now=situation.now, at=at)
    others = _waiting(situation, there)
    told = replace(situation, alarm=alarm)
    return Decision(
        alarm=alarm,
        offers=swap(before.offers, (there, *(offers.withdraw(other) for other in others))),
        drafts=letters.to_people(told, others, "taken"),
        lines=(*before.lines, line),
    )
