"""Asks the nearest carer to look in, where there is a home: nobody is sent after a number that belongs to none."""

from collections.abc import Mapping, Sequence

from dispatch.rules.escalation import Planned, Situation, StepSpec
from dispatch.rules.message import Fact
from dispatch.rules.steps.offer_nearest import OfferNearest


class LookIn:
    """`count` is how many carers are asked side by side."""

    params: Mapping[str, Fact] = OfferNearest.params
    words: Mapping[str, Sequence[str]] = OfferNearest.words

    def plan(self, situation: Situation, spec: StepSpec) -> Planned:
        if situation.household is None:
            return Planned(skipped="no_home")
        return OfferNearest().plan(situation, spec)
