"""What happened to public money, in words. `telling_house` tells the rest."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

KINDS: Mapping[str, str] = {
    "ledger_closing_begun": N_("%(month)s of the ledger takes no more entries"),
    "ledger_month_closed": N_("%(by)s closed %(month)s of the ledger: entries %(entries)s, hash %(hash)s"),
    "policy_version_kept": N_("A version of the subsidy rule %(policy)s is used from now on"),
    "statements_drawn": N_("%(by)s drew the statements of %(month)s"),
    "statement_submitted": N_("%(by)s submitted a statement"),
    "statement_sent_back": N_("%(by)s sent a statement back"),
    "statement_published": N_("%(by)s published a statement for objections"),
    "statement_withdrawn": N_("%(by)s withdrew a published statement"),
    "statement_approved": N_("%(by)s approved a statement"),
    "statement_paid": N_("%(by)s wrote down that a statement was paid"),
    "statement_objected": N_("Somebody objects to a statement"),
    "statement_objection_answered": N_("%(by)s answered an objection to a statement"),
    "statement_exported": N_("%(by)s exported a statement"),
    "operator_term_kept": N_("%(by)s wrote down by which rule somebody is paid for serving"),
    "operator_term_ended": N_("%(by)s ended the paying of somebody for serving with %(until)s"),
    "operator_money_booked": N_(
        "%(by)s booked the money for serving of %(month)s: %(entered)s entered, %(reversed)s taken back"
    ),
    "operator_money_exported": N_("%(by)s exported the money for serving of %(month)s"),
    "correction_found": N_("A rule was corrected backwards; priced otherwise from %(first)s on: %(items)s"),
    "correction_wanted": N_("%(by)s wants what a corrected rule prices otherwise priced anew"),
    "correction_approved": N_("%(by)s approved pricing anew by a corrected rule"),
    "correction_declined": N_("%(by)s left what was priced before a rule was corrected as it was"),
    "correction_done": N_("Pricing anew by a corrected rule is done"),
    "meal_repriced": N_("A meal was priced anew by a corrected rule"),
    "bill_repriced": N_("A bill was priced anew by a corrected rule"),
    "budget_set": N_("%(by)s set the budget of a fund"),
}
