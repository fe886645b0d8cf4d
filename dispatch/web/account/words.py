"""What roles and scopes are called on pages."""

from collections.abc import Mapping

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
    "till": N_("sends meals and asks for their money"),
}
