"""Asks the nearest carer on duty who has not been asked yet; by voice at once where an SMS answer cannot come back."""

from collections.abc import Mapping, Sequence

from dispatch.rules import letters, offers
from dispatch.rules.escalation import Planned, Situation, StepSpec
from dispatch.rules.message import Draft, Fact
from dispatch.rules.nearest import Ranked
from dispatch.rules.people import SERVICE, Person, carer
from dispatch.rules.record import Line


class OfferNearest:
    """`count` is how many carers are asked side by side."""

    params: Mapping[str, Fact] = {"count": 1}
    words: Mapping[str, Sequence[str]] = {}

    def plan(self, situation: Situation, spec: StepSpec) -> Planned:
        count = int(spec.params["count"] or 1)
        chosen = [each for each in fresh(situation) if carer(each.carer_id) in situation.reach][:count]
        if not chosen:
            return Planned(skipped="nobody_left")
        return asking(situation, chosen)


def fresh(situation: Situation) -> list[Ranked]:
    """Those ranked whom this alarm has not asked yet, best first."""
    if situation.choice is None:
        return []
    asked = {offer.person for offer in situation.offers}
    return [each for each in situation.choice.ranked if carer(each.carer_id) not in asked]


def asking(situation: Situation, chosen: list[Ranked]) -> Planned:
    """Offers for these carers, each with its text, and a call where an SMS answer could not come back."""
    asked = [offers.ask(situation, carer(each.carer_id), each.eta_s) for each in chosen]
    drafts: list[Draft] = []
    lines: list[Line] = []
    for offer, line in asked:
        reach = situation.reach[offer.person]
        drafts.append(letters.offer_text(situation, offer, reach))
        lines.append(line)
        if not reach.two_way:
            drafts.append(letters.offer_call(situation, offer, reach))
            lines.append(called(situation, offer.person))
    return Planned(offers=tuple(offer for offer, _ in asked), drafts=tuple(drafts), lines=tuple(lines), asks=True)


def called(situation: Situation, person: Person) -> Line:
    return Line(kind="called", by=SERVICE, alarm_id=situation.alarm.id, facts={"person": person})
