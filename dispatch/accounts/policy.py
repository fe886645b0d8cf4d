"""How strict the door is: who needs a second factor, and how long a session lasts for whom."""

from dataclasses import dataclass, field
from datetime import timedelta

from dispatch.rules.rights import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session may lie unused, and how long it may last at all."""

    idle: timedelta = timedelta(hours=12)
    absolute: timedelta = timedelta(hours=24)


OTHERS = SessionLimits(idle=timedelta(minutes=30), absolute=timedelta(hours=12))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPolicy:
    """
    `watch` holds for whoever may be at the duty console, `others` for everybody else: a console that signs itself out
    in the middle of the night is an alarm nobody hears.
    """

    second_factor: bool = False
    watch: SessionLimits = field(default_factory=SessionLimits)
    others: SessionLimits = OTHERS

    def limits(self, roles: frozenset[Role]) -> SessionLimits:
        """What holds for somebody with these roles."""
        return self.watch if Role.OPERATOR in roles else self.others


RELAXED = AccountPolicy()
"""No second factor: for a demo and for whoever says so in the settings."""
