"""What was found about public money, in words. `telling` tells the rest."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

KINDS: Mapping[str, str] = {
    "money_finding": N_("Something remarkable was found in public money"),
    "money_finding_judged": N_("%(by)s decided about a finding in public money"),
    "money_checks_drawn": N_("The checks on site of %(month)s were drawn"),
    "money_check_done": N_("%(by)s entered a check on site"),
}
