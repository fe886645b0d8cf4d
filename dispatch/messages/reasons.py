"""
Why a carer stands where they stand, and why others were left out, in words for a tired operator.

The sentences are data. They may use the names of `PLACEHOLDERS` and no others, without attributes or formats.
"""

import math
from collections.abc import Mapping
from typing import overload

from dispatch.rules.nearest import Choice, Ranked, Reason

LANGUAGES = ("zh", "en")

PLACEHOLDERS = frozenset({"added", "count", "distance", "language", "means", "minutes", "skills"})

REASONS: Mapping[str, Mapping[str, str]] = {
    "travel": {"zh": "{means}约{minutes}分钟，{distance}", "en": "about {minutes} min {means}, {distance}"},
    "no_place": {
        "zh": "老人位置不明，路程按{minutes}分钟计",
        "en": "resident's place unknown, reckoned as {minutes} min",
    },
    "no_position": {
        "zh": "护理员位置不明，路程按{minutes}分钟计",
        "en": "carer's position unknown, reckoned as {minutes} min",
    },
    "engaged": {"zh": "正忙（另一告警）{added}", "en": "busy with another alarm ({added})"},
    "engaged_many": {"zh": "正忙（另有{count}个告警）{added}", "en": "busy with {count} other alarms ({added})"},
    "unreached": {"zh": "上次通讯测试没有回{added}", "en": "did not answer the last test message ({added})"},
    "skill": {"zh": "缺所需技能（{skills}）{added}", "en": "lacks a needed skill: {skills} ({added})"},
    "skill_many": {
        "zh": "缺{count}项所需技能（{skills}）{added}",
        "en": "lacks {count} needed skills: {skills} ({added})",
    },
    "language": {"zh": "不会老人的语言（{language}）{added}", "en": "does not speak {language} ({added})"},
    "shift_end": {"zh": "{minutes}分钟后下班{added}", "en": "shift ends in {minutes} min ({added})"},
    "ring_0": {"zh": "本站{added}", "en": "own station ({added})"},
    "ring_1": {"zh": "支援站点{added}", "en": "from a lending station ({added})"},
    "ring_2": {"zh": "区内其他站点{added}", "en": "from elsewhere in the district ({added})"},
    "base_position": {"zh": "无最新位置，按驻点计{added}", "en": "no recent position, reckoned from base ({added})"},
    "stale": {"zh": "位置是{minutes}分钟前的{added}", "en": "position is {minutes} min old ({added})"},
    "unrested": {"zh": "{minutes}分钟前刚出过警{added}", "en": "called out {minutes} min ago ({added})"},
}
"""A sentence for each reason, by its code; `_many` and the number of the ring tell apart what reads differently."""

EXCLUDED: Mapping[str, Mapping[str, str]] = {
    "no_phone": {"zh": "无电话{count}人", "en": "no phone: {count}"},
    "suspended": {"zh": "已停用{count}人", "en": "suspended: {count}"},
    "opted_out": {"zh": "已退订{count}人", "en": "opted out: {count}"},
    "shift_over": {"zh": "已下班{count}人", "en": "shift over: {count}"},
    "declined": {"zh": "已拒绝{count}人", "en": "declined: {count}"},
    "asked_already": {"zh": "已询问{count}人", "en": "asked already: {count}"},
}

MEANS: Mapping[str, Mapping[str, str]] = {
    "foot": {"zh": "步行", "en": "on foot"},
    "ebike": {"zh": "骑电动车", "en": "by e-bike"},
    "car": {"zh": "开车", "en": "by car"},
}

WORDS: Mapping[str, Mapping[str, str]] = {
    "nurse": {"zh": "护士", "en": "nurse"},
    "lifting": {"zh": "搬抬", "en": "lifting"},
    "dementia": {"zh": "失智照护", "en": "dementia care"},
    "first_aid": {"zh": "急救", "en": "first aid"},
    "zh": {"zh": "普通话", "en": "Mandarin"},
    "en": {"zh": "英语", "en": "English"},
    "yue": {"zh": "粤语", "en": "Cantonese"},
    "wuu": {"zh": "吴语", "en": "Wu"},
    "nan": {"zh": "闽南语", "en": "Hokkien"},
    "hak": {"zh": "客家话", "en": "Hakka"},
    "ug": {"zh": "维吾尔语", "en": "Uyghur"},
    "bo": {"zh": "藏语", "en": "Tibetan"},
    "mn": {"zh": "蒙古语", "en": "Mongolian"},
}
"""Skills, and languages by ISO 639; what is not here is shown as it was registered."""

_PAUSE = {"zh": "；", "en": "; "}
_COMMA = {"zh": "、", "en": ", "}
_SECONDS = {"zh": "+{count}秒", "en": "+{count} s"}
_MINUTES = {"zh": "+{count}分钟", "en": "+{count} min"}
_METRES = {"zh": "{count}米", "en": "{count} m"}
_KILOMETRES = {"zh": "{count}公里", "en": "{count} km"}
_LEFT_OUT = {"zh": "未列入：", "en": "left out: "}
_NOBODY = {"zh": "没有可派的护理员", "en": "nobody can be asked"}


@overload
def explain(told: Ranked, lang: str) -> str: ...


@overload
def explain(told: Choice, lang: str) -> list[str]: ...


def explain(told: Ranked | Choice, lang: str) -> str | list[str]:
    """
    One line about a carer; or the lines about a whole choice, a carer a line, at last who was left out.

    `lang` is one of `LANGUAGES`. No names and no numbers of phones are in it: a carer appears by code.
    """
    assert lang in LANGUAGES
    return _line(told, lang) if isinstance(told, Ranked) else _lines(told, lang)


def _lines(choice: Choice, lang: str) -> list[str]:
    lines = [f"{place}. {ranked.code} {_line(ranked, lang)}" for place, ranked in enumerate(choice.ranked, start=1)]
    left_out = [EXCLUDED[code][lang].format(count=count) for code, count in choice.excluded.items()]
    if left_out:
        lines.append(_LEFT_OUT[lang] + _PAUSE[lang].join(left_out))
    return lines if choice.ranked else [_NOBODY[lang], *lines]


def _line(ranked: Ranked, lang: str) -> str:
    return _PAUSE[lang].join(_sentence(reason, ranked, lang) for reason in ranked.reasons)


def _sentence(reason: Reason, ranked: Ranked, lang: str) -> str:
    figures = reason.figures
    return REASONS[_key(reason)][lang].format(
        added=_added(reason.seconds, lang),
        count=figures.get("count", 0),
        distance=_distance(ranked.distance_m, lang),
        language=_words(figures.get("language", ""), lang),
        means=MEANS[str(figures["means"])][lang] if "means" in figures else "",
        minutes=figures.get("minutes", max(1, math.ceil(ranked.eta_s / 60))),
        skills=_words(figures.get("skills", ""), lang),
    )


def _key(reason: Reason) -> str:
    if reason.code == "ring":
        return f"ring_{reason.figures['ring']}"
    return f"{reason.code}_many" if int(reason.figures.get("count", 1)) > 1 else reason.code


def _added(seconds: int, lang: str) -> str:
    """Seconds below a minute, else whole minutes: what an operator can compare at a glance."""
    if seconds < 60:
        return _SECONDS[lang].format(count=seconds)
    return _MINUTES[lang].format(count=round(seconds / 60))


def _distance(metres: float | None, lang: str) -> str:
    """Tens of metres below a kilometre, else kilometres with one decimal."""
    if metres is None:
        return ""
    if metres < 995:
        return _METRES[lang].format(count=round(metres / 10) * 10)
    return _KILOMETRES[lang].format(count=f"{metres / 1000:.1f}")


def _words(codes: int | str, lang: str) -> str:
    return _COMMA[lang].join(WORDS[code][lang] if code in WORDS else code for code in str(codes).split())
