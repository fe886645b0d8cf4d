"""What happened to meals, in words. `telling_house` tells the rest."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

KINDS: Mapping[str, str] = {
    "canteen_kept": N_("A canteen was put in or changed"),
    "canteen_ended": N_("A canteen is closed for good"),
    "till_kept": N_("A till was put in or changed"),
    "diner_kept": N_("What rules ask about a diner was changed"),
    "meal_served": N_("A meal was served"),
    "meal_priced": N_("A meal that waited for its rule was priced"),
    "meal_cancelled": N_("A meal was cancelled"),
    "meal_ordered": N_("A meal was ordered"),
    "meal_order_settled": N_("An ordered meal was handed out, missed or cancelled"),
    "meals_counted": N_("Meals were counted at a hand-over"),
}
