"""What codes of meals are called on pages: message ids."""

from collections.abc import Mapping

from dispatch.web.i18n import N_
from schedules.meals.rules.canteen import Kind
from schedules.meals.rules.handover import OrderState, Proof, Stage
from schedules.meals.rules.serving import By, MealType, Why
from schedules.money.rules.reasons import Outcome

MEALS: Mapping[str, str] = {
    MealType.BREAKFAST: N_("breakfast"), MealType.LUNCH: N_("lunch"), MealType.DINNER: N_("dinner"),
}  # fmt: skip
BYS: Mapping[str, str] = {By.CARD: N_("card"), By.ID: N_("ID number"), By.PHONE: N_("telephone")}
KINDS: Mapping[str, str] = {Kind.KITCHEN: N_("kitchen"), Kind.CANTEEN: N_("canteen"), Kind.POINT: N_("meal point")}
STAGES: Mapping[str, str] = {
    Stage.SENT: N_("sent by the kitchen"), Stage.RECEIVED: N_("received at the point"),
    Stage.HANDED_OUT: N_("handed out"),
}  # fmt: skip
STATES: Mapping[str, str] = {
    OrderState.ORDERED: N_("ordered"), OrderState.HANDED_OUT: N_("handed out"), OrderState.MISSED: N_("nobody took it"),
    OrderState.CANCELLED: N_("cancelled"),
}  # fmt: skip
PROOFS: Mapping[str, str] = {
    Proof.CODE: N_("the diner's code"), Proof.NAME: N_("name of who took it"), Proof.PHOTO: N_("photo (SHA-256)"),
}  # fmt: skip
REASONS: Mapping[str, str] = {
    Outcome.OK: N_("subsidised"), Outcome.NOT_ELIGIBLE: N_("not for this person"),
    Outcome.MEAL_TYPE: N_("not for this meal"), Outcome.NOT_WORKDAY: N_("on workdays only"),
    Outcome.LIMIT_MEAL_TYPE: N_("had this meal today"), Outcome.LIMIT_DAY: N_("had the meals of this day"),
    Outcome.LIMIT_WEEK: N_("had the meals of this week"), Outcome.BELOW_MIN_PRICE: N_("below the least price"),
    Outcome.NO_TIER: N_("no step of the rule fits"), Outcome.PRICE_NOT_ABOVE_SUBSIDY: N_("price not above the subsidy"),
    Outcome.NOT_IN_FORCE: N_("rule not in force"), Why.UNKNOWN_DINER: N_("nobody has this number"),
    Why.SEVERAL_DINERS: N_("several have this telephone"), Why.DIED: N_("has died by the register"),
    Why.LEFT: N_("is not served any more"), Why.HOSPITAL: N_("is in hospital by the register"),
    Why.INSTITUTION: N_("lives in an institution by the register"), Why.NO_RULE: N_("no rule at this canteen"),
    Why.TWO_RULES: N_("two rules at once"), Why.NO_AGE: N_("no date of birth"), Why.TOO_LATE: N_("sent too late"),
    Why.CANCELLED: N_("cancelled before it came in"),
}  # fmt: skip
