"""Why public money was not given where no rule was asked: a sentence for the diner, Chinese first."""

from collections.abc import Mapping

from dispatch.errors import Refusal
from dispatch.web.i18n import read_texts, words
from schedules.meals.rules.serving import Why
from schedules.money.rules.reasons import Outcome

SENTENCES: Mapping[str, tuple[str, str]] = {
    Why.UNKNOWN_DINER: ("没有查到这个号码登记的老人，按原价收费。", "Nobody on file has this number: no subsidy."),
    Why.SEVERAL_DINERS: (
        "这个电话登记了不止一位老人，请改用卡或身份证；这一餐按原价收费。",
        "More than one resident has this telephone number, please use the card or the ID; this meal is paid whole.",
    ),
    Why.DIED: (
        "档案登记这位老人已去世，不能发补贴，按原价收费，并已转人工核对。",
        "By the register this resident has died; no subsidy, somebody looks into it.",
    ),
    Why.LEFT: ("这位老人已不在服务名册，不能发补贴，按原价收费。", "This resident is not served any more; no subsidy."),
    Why.HOSPITAL: (
        "档案登记这位老人正在住院，不能发补贴，按原价收费，并已转人工核对。",
        "By the register this resident is in hospital; no subsidy, somebody looks into it.",
    ),
    Why.INSTITUTION: (
        "档案登记这位老人住在机构，不能发补贴，按原价收费，并已转人工核对。",
        "By the register this resident lives in an institution; no subsidy, somebody looks into it.",
    ),
    Why.NO_RULE: (
        "这个食堂当天没有适用的补贴规则，按原价收费，并已转人工核对。",
        "No rule is in force at this canteen on this day; no subsidy, somebody looks into it.",
    ),
    Why.TWO_RULES: (
        "这个食堂当天有两条补贴规则，无法判断，按原价收费，并已转人工核对。",
        "Two rules are in force at this canteen on this day; no subsidy, somebody looks into it.",
    ),
    Why.NO_AGE: (
        "档案里没有出生日期，无法判断补贴，按原价收费，并已转人工核对。",
        "The register has no date of birth; no subsidy, somebody looks into it.",
    ),
    Why.TOO_LATE: (
        "就餐机上传超过规定天数，不发补贴，已转人工核对。",
        "The till sent this meal too late: no subsidy, and somebody looks into it.",
    ),
    Why.CANCELLED: ("这一餐在上传前已取消。", "This meal was cancelled before it came in."),
    Outcome.NOT_IN_FORCE: (
        "补贴规则当天不在有效期，按原价收费，并已转人工核对。",
        "The rule is not in force on this day; no subsidy, somebody looks into it.",
    ),
}


def told(why: str, more: Refusal | None = None) -> dict[str, tuple[str, ...]]:
    """The sentence in each language; `more` is for whoever looks into it."""
    found: dict[str, tuple[str, ...]] = {lang: (said,) for lang, said in zip(("zh", "en"), SENTENCES[why], strict=True)}
    if more is None:
        return found
    return {lang: (*said, more.told(words(lang=lang, texts=read_texts()).gettext)) for lang, said in found.items()}
