"""
What each kind of person may do, and for which stations: the one table that pages, programs and tests ask.

    Role ──RIGHTS──► rights          Area: the stations somebody works for, or the whole district

Authority fails closed: what is not in the table is not allowed. Alarms fail to people: an alarm whose home is unknown,
or belongs to no station, is everybody's who may answer alarms (`Area.answers_for`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from dispatch.ids import StationId


class Role(StrEnum):
    """The kinds of people with an account. One person may be several, as in a centre with one person at night."""

    OPERATOR = "operator"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    INSTALLER = "installer"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """One thing that a view lets people do. Each view asks for exactly one (`dispatch.web.access.require`)."""

    SIGNED_IN = "signed-in"
    """Whatever everybody with an account may: their own password, language, sessions."""
    ALARMS_SEE = "alarms.see"
    ALARMS_ACT = "alarms.act"
    RESIDENTS_SEE = "residents.see"
    RESIDENTS_CHANGE = "residents.change"
    CARERS_SEE = "carers.see"
    CARERS_CHANGE = "carers.change"
    SHIFTS_CHANGE = "shifts.change"
    DEVICES_SEE = "devices.see"
    DEVICES_CHANGE = "devices.change"
    MESSAGES_SEE = "messages.see"
    ROADS_CHANGE = "roads.change"
    """Drills, listening only, quieting the siren."""
    RECORD_SEE = "record.see"
    REVIEW = "review"
    """Findings and sign-off of the response log."""
    EXPORT = "export"
    FIGURES_SEE = "figures.see"
    UNMASK = "unmask"
    """Whole ID numbers and telephone numbers, with a reason that is kept."""
    IMPORT = "import"
    ERASE = "erase"
    """One resident's data, given out or erased."""
    SURVEY = "survey"
    """Asking residents how satisfied they are."""
    VISITS_SEE = "visits.see"
    VISITS_CHANGE = "visits.change"
    """Who goes, cancelling, entries at the desk."""
    VISITS_JUDGE = "visits.judge"
    """Findings about visits, and agreeing to entries: money follows from it, so it is not everybody's on watch."""
    BEDS_SEE = "beds.see"
    BEDS_CHANGE = "beds.change"
    """Applications, assessments, building, service, care plans."""
    BEDS_APPROVE = "beds.approve"
    """The two reviews of a bed: public money follows from them, so whoever plans the care does not give them."""
    ROUNDS_CALL = "rounds.call"
    """Extra rounds, and classes of rounds by hand: many people's work, and whose turn it is."""
    MONEY_SEE = "money.see"
    """Statements with what each resident had, budgets: who checks or keeps public money, not everybody on watch."""
    MONEY_CHANGE = "money.change"
    """Drawing and submitting statements, objections, payments, budgets."""
    MONEY_APPROVE = "money.approve"
    """Publishing and approving: whoever keeps the accounts does not pass them."""
    MEALS_SEE = "meals.see"
    """Meals, what they cost, and counts at hand-overs."""
    MEALS_SERVE = "meals.serve"
    """The till, orders and counts: what public money follows from, and no more of the residents than a meal needs."""
    ACCOUNTS = "accounts"
    KEYS = "keys"
    WEBHOOKS = "webhooks"
    SETTINGS = "settings"


_SEEING = frozenset({
    Right.SIGNED_IN, Right.ALARMS_SEE, Right.RESIDENTS_SEE, Right.CARERS_SEE, Right.DEVICES_SEE, Right.MESSAGES_SEE,
})  # fmt: skip
_WATCH = _SEEING | {
    Right.ALARMS_ACT, Right.RESIDENTS_CHANGE, Right.UNMASK, Right.SURVEY, Right.VISITS_SEE, Right.VISITS_CHANGE,
    Right.BEDS_SEE, Right.MEALS_SEE, Right.MEALS_SERVE,
}  # fmt: skip

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.OPERATOR: frozenset(_WATCH),
    Role.REVIEWER: frozenset({
        Right.SIGNED_IN, Right.ALARMS_SEE, Right.RESIDENTS_SEE, Right.CARERS_SEE, Right.RECORD_SEE, Right.REVIEW,
        Right.EXPORT, Right.FIGURES_SEE, Right.SURVEY, Right.VISITS_SEE, Right.VISITS_JUDGE, Right.BEDS_SEE,
        Right.BEDS_APPROVE, Right.MONEY_SEE, Right.MONEY_APPROVE, Right.MEALS_SEE,
    }),
    Role.MANAGER: frozenset(_WATCH | {
        Right.CARERS_CHANGE, Right.SHIFTS_CHANGE, Right.DEVICES_CHANGE, Right.ROADS_CHANGE, Right.RECORD_SEE,
        Right.EXPORT, Right.FIGURES_SEE, Right.IMPORT, Right.VISITS_JUDGE, Right.BEDS_CHANGE,
        Right.ROUNDS_CALL, Right.MONEY_SEE, Right.MONEY_CHANGE,
    }),
    Role.INSTALLER: frozenset({
        Right.SIGNED_IN, Right.RESIDENTS_SEE, Right.DEVICES_SEE, Right.DEVICES_CHANGE, Right.MESSAGES_SEE,
        Right.ROADS_CHANGE,
    }),
    Role.ADMINISTRATOR: frozenset({
        Right.SIGNED_IN, Right.RECORD_SEE, Right.ERASE, Right.ACCOUNTS, Right.KEYS, Right.WEBHOOKS, Right.SETTINGS,
        Right.MESSAGES_SEE,
    }),
}  # fmt: skip


WHOLE = frozenset({Right.ACCOUNTS, Right.KEYS, Right.WEBHOOKS, Right.SETTINGS})
"""
What is the whole district's: accounts and keys may reach anywhere, webhooks and settings belong to no station. Whoever
works for some stations only finds none of it (404), or they could appoint themselves to the others.
"""


def rights_of(roles: Iterable[Role]) -> frozenset[Right]:
    """Everything that one of these roles allows."""
    return frozenset[Right]().union(*(RIGHTS[each] for each in roles))


@dataclass(frozen=True, slots=True)
class Area:
    """The stations somebody works for; `stations` None is the whole district."""

    stations: frozenset[StationId] | None = None

    @property
    def is_district(self) -> bool:
        return self.stations is None

    def covers(self, station: StationId | None) -> bool:
        """Whether what belongs to this station may be seen; what belongs to none is the district's."""
        return self.stations is None or (station is not None and station in self.stations)

    def answers_for(self, station: StationId | None) -> bool:
        """Whether an alarm from there may be seen and answered; one that belongs to nobody is everybody's."""
        return station is None or self.covers(station)


DISTRICT = Area()
