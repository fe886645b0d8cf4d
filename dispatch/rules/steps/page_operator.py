"""Pages the operator: the board rings in any case, and every duty number gets a text."""

from collections.abc import Mapping, Sequence

from dispatch.rules import letters
from dispatch.rules.escalation import Planned, Situation, StepSpec
from dispatch.rules.message import NO_FACTS, Fact
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line


class PageOperator:
    """No parameters. Never empty: the board rings even where no duty number is set."""

    params: Mapping[str, Fact] = NO_FACTS
    words: Mapping[str, Sequence[str]] = {}

    def plan(self, situation: Situation, spec: StepSpec) -> Planned:
        return Planned(drafts=letters.page(situation, "nobody_coming"), lines=(paged(situation, "nobody_coming"),))


def paged(situation: Situation, why: str) -> Line:
    facts: dict[str, Fact] = {"why": why, "numbers": len(situation.operators)}
    return Line(kind="operator_paged", by=SERVICE, alarm_id=situation.alarm.id, facts=facts)
