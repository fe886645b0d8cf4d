"""The words of settlement, as message ids by code."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

STATES: Mapping[str, str] = {
    "draft": N_("draft"),
    "review": N_("under review"),
    "published": N_("published for objections"),
    "approved": N_("approved"),
    "paid": N_("paid"),
}
SHAPES: Mapping[str, str] = {"draft": "○", "review": "◔", "published": "◑", "approved": "◕", "paid": "●"}
"""Beside the word, so that nothing is told by colour alone."""

KINDS: Mapping[str, str] = {"payee": N_("canteen or station"), "fund": N_("fund")}
DEEDS: Mapping[str, str] = {
    "draw": N_("drawn from the closed month"),
    "submit": N_("Submit"),
    "send_back": N_("Send back"),
    "publish": N_("Publish for objections"),
    "withdraw": N_("Withdraw"),
    "approve": N_("Approve"),
    "pay": N_("Write the payment down"),
}
SOURCES: Mapping[str, str] = {
    "meal": N_("meal"),
    "visit": N_("visit"),
    "bill": N_("bill"),
    "reversal": N_("reversal of an earlier entry"),
}
LATE: Mapping[str, str] = {
    "late": N_("came late"),
    "reversal": N_("corrects an earlier month"),
    "corrected": N_("corrects a rule"),
}
