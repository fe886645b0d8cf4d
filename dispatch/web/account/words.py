"""What roles and scopes are called on pages."""

from collections.abc import Mapping

from dispatch.errors import Invalid
from dispatch.rules.rights import Role
from dispatch.web.i18n import N_

ROLES: Mapping[str, str] = {
    Role.OPERATOR: N_("Operator"),
    Role.REVIEWER: N_("Reviewer"),
    Role.MANAGER: N_("Manager"),
    Role.INSTALLER: N_("Installer"),
    Role.ADMINISTRATOR: N_("Administrator"),
}

SCOPES: Mapping[str, str] = {
    "signals": N_("hands in what gateways heard"),
    "read": N_("reads registers, alarms and the record, numbers masked"),
    "alarms": N_("raises alarms and acts on them"),
    "devices": N_("pairs and moves devices"),
    "registers": N_("changes homes, residents, carers, canteens and absences"),
    "import": N_("takes lists in and gives them out"),
    "shifts": N_("makes shifts and plans"),
    "visits": N_("assigns visits and signs them in and out"),
    "visits:read": N_("reads visits"),
    "visits:judge": N_("decides whether a visit counts"),
    "beds": N_("keeps home-care beds"),
    "rounds": N_("opens rounds and writes down what was found"),
    "orders": N_("takes and ends booked services"),
    "welfare": N_("says who was missed, and sets thresholds"),
    "welfare:read": N_("reads signs of welfare"),
    "surveys:read": N_("reads what people answered to surveys"),
    "till": N_("sends meals and asks for their money"),
    "money": N_("keeps bills, vouchers and corrections, closes months"),
    "money:read": N_("reads bills and vouchers"),
    "money:settle": N_("settles bills and those who serve"),
    "roads": N_("starts exercises and switches streets over"),
    "webhooks": N_("sets up webhooks to other programs"),
}
"""What a key may be good for: every scope that some address asks for, and no other."""


def unknown(scope: str) -> str:
    """The words of a scope that no address asks for, between spaces; empty where all are known."""
    return " ".join(each for each in scope.split() if each not in SCOPES)


def refuse_unknown(scope: str) -> None:
    """
    Looks at the words of a scope before a key is made for them.

    Raises:
        Invalid: no address asks for one of them; such a key would be refused at its first use only.
    """
    if strange := unknown(scope):
        raise Invalid("A key is good for nothing of that name.", {"scope": [strange]})
