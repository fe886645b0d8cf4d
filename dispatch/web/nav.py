"""
The ways from page to page: a menu under headings on every staff page, shown to each person as far as their roles go.

A new page adds a line here, under the heading it belongs to, and asks for the same right in its own view.
"""

from dataclasses import dataclass

from dispatch.rules.rights import Right
from dispatch.web.access import may
from dispatch.web.i18n import N_


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the menu: its address, its name (a message id), and what it asks of who comes."""

    path: str
    name: str
    right: Right


@dataclass(frozen=True, slots=True)
class Group:
    """Pages under one heading (a message id)."""

    name: str
    places: tuple[Place, ...]


GROUPS = (
    Group(N_("The watch"), (
        Place("/board", N_("Board"), Right.ALARMS_SEE),
        Place("/alarms", N_("All alarms"), Right.ALARMS_SEE),
        Place("/find", N_("Find"), Right.RESIDENTS_SEE),
        Place("/map", N_("Map"), Right.ALARMS_SEE),
        Place("/wall", N_("Wall"), Right.ALARMS_SEE),
        Place("/handover", N_("Handover"), Right.ALARMS_ACT),
        Place("/sheet", N_("Duty sheet"), Right.ALARMS_ACT),
        Place("/paper", N_("Type paper in"), Right.ALARMS_ACT),
    )),
    Group(N_("People"), (
        Place("/residents", N_("Residents"), Right.RESIDENTS_SEE),
        Place("/homes", N_("Homes"), Right.RESIDENTS_SEE),
        Place("/contacts", N_("Contacts"), Right.RESIDENTS_SEE),
        Place("/carers", N_("Carers"), Right.CARERS_SEE),
        Place("/stations", N_("Stations"), Right.CARERS_SEE),
        Place("/places", N_("Service points"), Right.RESIDENTS_SEE),
        Place("/coverage", N_("Coverage"), Right.CARERS_SEE),
        Place("/beds", N_("Home-care beds"), Right.BEDS_SEE),
        Place("/money/beds", N_("Money for beds and services"), Right.MONEY_SEE),
        Place("/money/bills", N_("Bills"), Right.MONEY_SEE),
        Place("/money/operators", N_("Money for serving"), Right.MONEY_SEE),
        Place("/roster", N_("Roster"), Right.SHIFTS_CHANGE),
        Place("/planning", N_("Planning"), Right.SHIFTS_CHANGE),
        Place("/visits", N_("Visits"), Right.VISITS_SEE),
        Place("/visits/findings", N_("Findings about visits"), Right.VISITS_JUDGE),
        Place("/follow-ups", N_("To do"), Right.RESIDENTS_SEE),
        Place("/rounds", N_("Rounds"), Right.RESIDENTS_SEE),
        Place("/orders", N_("Orders"), Right.RESIDENTS_SEE),
        Place("/surveys", N_("Satisfaction"), Right.SURVEY),
        Place("/welfare", N_("Welfare"), Right.RESIDENTS_SEE),
        Place("/till", N_("Till"), Right.MEALS_SERVE),
        Place("/meals", N_("Meals"), Right.MEALS_SEE),
        Place("/meals/day", N_("Meals of a day"), Right.MEALS_SEE),
        Place("/canteens", N_("Canteens"), Right.MEALS_SEE),
    )),
    Group(N_("Equipment"), (
        Place("/devices", N_("Devices"), Right.DEVICES_SEE),
        Place("/repairs", N_("Repairs"), Right.DEVICES_SEE),
        Place("/roads", N_("Roads"), Right.MESSAGES_SEE),
        Place("/alive", N_("Is it alive?"), Right.MESSAGES_SEE),
    )),
    Group(N_("Log and figures"), (
        Place("/review", N_("Response log"), Right.RECORD_SEE),
        Place("/record", N_("The record"), Right.RECORD_SEE),
        Place("/reports", N_("Reports"), Right.FIGURES_SEE),
        Place("/settlement", N_("Settlement"), Right.MONEY_SEE),
        Place("/settlement/corrections", N_("Corrected rules"), Right.MONEY_SEE),
        Place("/findings/money", N_("Findings about money"), Right.MONEY_SEE),
    )),
    Group(N_("Administration"), (
        Place("/users", N_("Accounts"), Right.ACCOUNTS),
        Place("/account", N_("My account"), Right.SIGNED_IN),
        Place("/keys", N_("Machine keys"), Right.KEYS),
        Place("/webhooks", N_("Webhooks"), Right.WEBHOOKS),
        Place("/import", N_("Import"), Right.IMPORT),
        Place("/privacy", N_("Personal data"), Right.ERASE),
    )),
)  # fmt: skip


def groups() -> list[Group]:
    """Where this request's person may go, in the order of the menu; no heading without a page."""
    seen = (Group(each.name, tuple(place for place in each.places if may(place.right))) for each in GROUPS)
    return [each for each in seen if each.places]
