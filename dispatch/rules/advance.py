"""
What happens when an alarm falls due: the next step of its policy, or the end of somebody's time.

    raised, offered   the next step is taken; a step that can do nothing is skipped at once
    accepted          not arrived in time: asked again, while the first stays as backup
    attended          claimed only, or not closed in an hour: the operator is paged
"""

from dataclasses import replace

from dispatch.rules import letters, offers
from dispatch.rules.alarm import CLAIM_CHECK_S, Alarm, Offer, OfferState, Proof, State, change, leader, overdue
from dispatch.rules.escalation import FALL_BACK_S, Decision, Planned, Situation, StepSpec, soon, swap
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line
from dispatch.rules.steps import STEPS
from dispatch.rules.steps.page_operator import paged

UNCLOSED_REPEAT_S = 600
"""An attended alarm that nobody closes pages the operator again and again: the carer may need help (lone working)."""


def advance(situation: Situation) -> Decision:
    """The decision for an alarm whose time has come. A closed alarm, or one woken too early, is left as it is."""
    alarm = situation.alarm
    if not alarm.open or (alarm.due_at is not None and alarm.due_at > situation.now):
        return Decision(alarm=alarm)
    if alarm.state is State.ATTENDED:
        return _remind(situation)
    if alarm.state is State.ACCEPTED:
        return _await(situation)
    return _ask(situation)


def _remind(situation: Situation) -> Decision:
    claimed = situation.alarm.proof is Proof.CLAIMED
    why = "arrival_claimed" if claimed else "not_closed"
    wait_s = CLAIM_CHECK_S if claimed else UNCLOSED_REPEAT_S
    due_at = soon(situation.now, wait_s)
    alarm, line = change(situation.alarm, why, SERVICE, stepped_at=situation.now, due_at=due_at)
    after = replace(situation, alarm=alarm)
    there = [offer for offer in situation.offers if offer.attended_at is not None]
    drafts = letters.page(after, why) + letters.to_people(after, there, "ask_outcome")
    return Decision(alarm=alarm, drafts=drafts, lines=(line, paged(after, why)))


def _await(situation: Situation) -> Decision:
    """Somebody is on the way: late, or a second one is still wanted."""
    lead = leader(situation.offers)
    assert lead is not None
    assert lead.arrival_due_at is not None
    if situation.now < lead.arrival_due_at:
        return _ask(situation, until=lead)
    alarm, backup, line = overdue(situation.alarm, lead, by=SERVICE, now=situation.now)
    reopened = replace(situation, alarm=alarm, offers=swap(situation.offers, (backup,)))
    asked = letters.to_people(reopened, (backup,), "ask_arrival") + letters.page(reopened, "not_arrived")
    on = _ask(reopened)
    return replace(
        on,
        offers=swap((backup,), on.offers),
        drafts=asked + on.drafts,
        lines=(line, paged(reopened, "not_arrived"), *on.lines),
    )


def _ask(situation: Situation, until: Offer | None = None) -> Decision:
    """
    Takes the next step that can do something. `until` is the leader already on the way, whose arrival clock goes on.
    """
    lines: list[Line] = []
    situation = _catch_up(situation)
    if _nobody_on_duty(situation) and situation.alarm.step < situation.policy.last:
        alarm, line = change(situation.alarm, "nobody_on_duty", SERVICE, step=situation.policy.last)
        situation = replace(situation, alarm=alarm)
        lines.append(line)
    spec = _spec(situation)
    planned = STEPS[spec.step].plan(situation, spec)
    while planned.skipped and situation.alarm.step < situation.policy.last:
        alarm, line = _skip(situation.alarm, spec, planned.skipped)
        situation = replace(situation, alarm=alarm)
        lines.append(line)
        spec = _spec(situation)
        planned = STEPS[spec.step].plan(situation, spec)
    return _take(situation, spec, planned, lines, until)


def _catch_up(situation: Situation) -> Situation:
    """
    After a fall-back the steps that have no time left are passed over: it has cost the alarm two minutes, and the last
    step must come within its promised time all the same.
    """
    alarm = situation.alarm
    if alarm.stepped_at is None or alarm.due_at != soon(alarm.stepped_at, FALL_BACK_S):
        return situation
    begin = situation.policy.step_to_begin_with(raised_at=alarm.stepped_at, now=alarm.due_at)
    return replace(situation, alarm=replace(alarm, step=max(alarm.step, begin)))


def _nobody_on_duty(situation: Situation) -> bool:
    """Nobody could be asked, now or before: then waiting for the steps in between would help nobody."""
    choice = situation.choice
    if choice is None:
        return True
    asked = choice.excluded.get("asked_already", 0) + choice.excluded.get("declined", 0)
    return not choice.ranked and not asked


def _spec(situation: Situation) -> StepSpec:
    return situation.policy.steps[min(situation.alarm.step, situation.policy.last)]


def _skip(alarm: Alarm, spec: StepSpec, why: str) -> tuple[Alarm, Line]:
    return change(alarm, "step_skipped", SERVICE, {"step": spec.step, "why": why}, step=alarm.step + 1)


def _take(situation: Situation, spec: StepSpec, planned: Planned, before: list[Line], until: Offer | None) -> Decision:
    lapsed = [offers.lapse(offer) for offer in _unanswered(situation, planned)]
    changed = swap(tuple(offer for offer, _ in lapsed), planned.offers)
    alarm, line = _stepped(situation, spec, changed, until)
    asks = bool(planned.offers)
    return Decision(
        alarm=alarm,
        offers=changed,
        drafts=planned.drafts,
        lines=(*before, *(line for _, line in lapsed), line, *planned.lines),
        choice=situation.choice if asks else None,
    )


def _unanswered(situation: Situation, planned: Planned) -> list[Offer]:
    """Those asked before lapse when others are asked."""
    if not planned.asks:
        return []
    again = {offer.id for offer in planned.offers}
    return [offer for offer in situation.offers if offer.state is OfferState.OPEN and offer.id not in again]


def _stepped(
    situation: Situation, spec: StepSpec, changed: tuple[Offer, ...], until: Offer | None
) -> tuple[Alarm, Line]:
    alarm, policy = situation.alarm, situation.policy
    last = alarm.step >= policy.last
    due_at = soon(situation.now, spec.wait_s)
    if until is not None and until.arrival_due_at is not None:
        due_at = min(due_at, until.arrival_due_at)
    asked = any(offer.state is OfferState.OPEN for offer in swap(situation.offers, changed))
    state = State.OFFERED if asked and alarm.needs_asking else alarm.state
    facts: dict[str, Fact] = {"step": spec.step, "index": alarm.step, "round": alarm.rounds}
    return change(
        alarm, "step_taken", SERVICE, facts,
        state=state, due_at=due_at, stepped_at=situation.now,
        step=alarm.step if last else alarm.step + 1, rounds=alarm.rounds + 1 if last else 0,
    )  # fmt: skip
