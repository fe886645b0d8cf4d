"""Asks the nearest carer on duty in the one way that a drill is there to try, and says that it is one."""

from collections.abc import Mapping, Sequence

from dispatch.rules import letters, offers
from dispatch.rules.escalation import Planned, Situation, StepSpec
from dispatch.rules.message import NO_FACTS, Channel, Fact
from dispatch.rules.people import carer
from dispatch.rules.steps.offer_nearest import called, fresh


class Exercise:
    """No parameters: which provider and which channel is the drill's to say."""

    params: Mapping[str, Fact] = NO_FACTS
    words: Mapping[str, Sequence[str]] = {}

    def plan(self, situation: Situation, spec: StepSpec) -> Planned:
        if situation.drill is None:
            return Planned(skipped="no_drill")
        free = [each for each in fresh(situation) if carer(each.carer_id) in situation.reach]
        if not free:
            return Planned(skipped="nobody_left")
        offer, line = offers.ask(situation, carer(free[0].carer_id), free[0].eta_s)
        reach = situation.reach[offer.person]
        if situation.drill[1] is Channel.VOICE:
            draft = letters.offer_call(situation, offer, reach)
            return Planned(offers=(offer,), drafts=(draft,), lines=(line, called(situation, offer.person)), asks=True)
        return Planned(offers=(offer,), drafts=(letters.offer_text(situation, offer, reach),), lines=(line,), asks=True)
