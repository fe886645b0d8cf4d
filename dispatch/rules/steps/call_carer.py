"""Calls, by voice, the carers who have been asked and have not answered."""

from collections.abc import Mapping, Sequence

from dispatch.rules import letters
from dispatch.rules.alarm import OfferState
from dispatch.rules.escalation import Planned, Situation, StepSpec
from dispatch.rules.message import NO_FACTS, Fact
from dispatch.rules.people import carer_id
from dispatch.rules.steps.offer_nearest import called


class CallCarer:
    """No parameters: whoever holds an open offer is called."""

    params: Mapping[str, Fact] = NO_FACTS
    words: Mapping[str, Sequence[str]] = {}

    def plan(self, situation: Situation, spec: StepSpec) -> Planned:
        waiting = [
            (offer, situation.reach[offer.person])
            for offer in situation.offers
            if offer.state is OfferState.OPEN and carer_id(offer.person) and offer.person in situation.reach
        ]
        if not waiting:
            return Planned(skipped="nobody_asked")
        return Planned(
            drafts=tuple(letters.offer_call(situation, offer, reach) for offer, reach in waiting),
            lines=tuple(called(situation, offer.person) for offer, _ in waiting),
        )
