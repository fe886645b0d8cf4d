"""Has the desk call back whoever rang and was not answered: the board rings, and every duty number gets a text."""

from collections.abc import Mapping, Sequence

from dispatch.rules import letters
from dispatch.rules.escalation import Planned, Situation, StepSpec
from dispatch.rules.message import NO_FACTS, Fact
from dispatch.rules.steps.page_operator import paged


class CallBack:
    """No parameters. Never empty: the board rings even where no duty number is set."""

    params: Mapping[str, Fact] = NO_FACTS
    words: Mapping[str, Sequence[str]] = {}

    def plan(self, situation: Situation, spec: StepSpec) -> Planned:
        return Planned(drafts=letters.page(situation, "missed_call"), lines=(paged(situation, "missed_call"),))
