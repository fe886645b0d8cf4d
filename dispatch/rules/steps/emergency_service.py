"""
Brings in 120.

Who decides is the policy's: `operator` shows the sheet to read aloud and waits for a human with the reference number;
`service` calls by itself, and only with the resident's agreement. Without the agreement it is always a human's
decision.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from dispatch.rules import letters
from dispatch.rules.escalation import Planned, Situation, StepSpec
from dispatch.rules.message import Channel, Draft, Fact, Priority
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line

AGREEMENT = "emergency_service"
"""What a resident's `agreements` must hold before the service calls 120 by itself."""


class EmergencyService:
    """`decides` is `operator` or `service`."""

    params: Mapping[str, Fact] = {"decides": "operator"}
    words: Mapping[str, Sequence[str]] = {"decides": ("operator", "service")}

    def plan(self, situation: Situation, spec: StepSpec) -> Planned:
        agreed = agreed_to(situation)
        if spec.params["decides"] == "service" and agreed and situation.emergency_number:
            return _by_itself(situation, situation.emergency_number)
        line = Line(
            kind="emergency_proposed",
            by=SERVICE,
            alarm_id=situation.alarm.id,
            facts={"agreed": "yes" if agreed else "no"},
        )
        return Planned(drafts=letters.page(situation, "emergency_decide"), lines=(line,))


def agreed_to(situation: Situation) -> bool:
    """Whether the resident meant, known for certain, has agreed that 120 is called."""
    resident = situation.household.resident(situation.alarm.resident_id) if situation.household else None
    return resident is not None and AGREEMENT in resident.agreements


def _by_itself(situation: Situation, number: str) -> Planned:
    alarm = situation.alarm
    draft = Draft(
        key=f"emergency:{alarm.id}:{alarm.version}",
        sentence="emergency_sheet",
        channel=Channel.VOICE,
        priority=Priority.EMERGENCY,
        to=number,
        person="emergency_service",
        lang="zh",
        expires_at=situation.now + timedelta(seconds=letters.EMERGENCY_VALID_S),
        alarm_id=alarm.id,
        facts=letters.emergency_sheet(situation),
    )
    line = Line(kind="emergency_called", by=SERVICE, alarm_id=alarm.id, facts={"agreed": "yes"})
    return Planned(drafts=(draft, *letters.page(situation, "emergency_called")), lines=(line,))
