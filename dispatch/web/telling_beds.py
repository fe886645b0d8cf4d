"""What happened to home-care beds, in words. `telling_house` tells the rest."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

KINDS: Mapping[str, str] = {
    "bed_applied": N_("A home-care bed was asked for"),
    "bed_assessed": N_("A resident was assessed for a home-care bed"),
    "bed_reviewed": N_("%(by)s reviewed a home-care bed for the town"),
    "bed_sent_back": N_("%(by)s sent a home-care bed back"),
    "bed_approved": N_("%(by)s approved a home-care bed"),
    "bed_built": N_("A home-care bed was built"),
    "bed_accepted": N_("A home-care bed was accepted"),
    "bed_activated": N_("A home-care bed is in service"),
    "bed_suspended": N_("A home-care bed was suspended"),
    "bed_resumed": N_("A home-care bed is in service again"),
    "bed_ended": N_("A home-care bed has ended"),
    "bed_reopened": N_("The ending of a home-care bed was taken back"),
    "bed_paper_added": N_("A paper was added to a home-care bed"),
    "bed_behind": N_("The month of a home-care bed will not reach its duty as planned"),
    "hours_exported": N_("%(by)s exported the hours of %(month)s"),
    "care_plan_changed": N_("A care plan was changed"),
    "assessment_ends_soon": N_("An assessment runs out soon"),
    "assessment_ended": N_("An assessment has run out"),
}
