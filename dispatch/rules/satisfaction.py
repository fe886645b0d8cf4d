"""
How satisfied people are: what an answer says, who may be asked and when, who is drawn for the survey, and what may be
shown of it.

    key   1 very satisfied   2 satisfied   3 so-so   4 dissatisfied   5 very dissatisfied
    score 5                  4             3         2                1

The keys are those that Chinese service lines have taught people (1 is best); the score kept is the one that figures are
made of, five points of which 4 and 5 count as satisfied (CARE-RULES, section 4.4).
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from dispatch.rules.alarm import Outcome
from dispatch.rules.people import Contact, Household, Person, Resident, Talk, contact, resident
from dispatch.rules.phrases.tidy import tidy

OF = 5
"""Points there are at most."""

SATISFIED_FROM = 4
"""4 and 5 points count as satisfied; rate = satisfied / valid answers (CARE-RULES, section 4.4)."""

SMALL = 5
"""Groups with fewer answers are never shown: whoever knows the group would know the person."""

AGREED = "satisfaction_contact"
"""A word among a resident's `agreements`: the family is asked in their place."""

REFUSED = "no_survey"
"""A word among a resident's `agreements`: they are asked nothing, neither by key nor by survey."""

_WORDS: Mapping[str, int] = MappingProxyType({
    "非常满意": 5, "很满意": 5, "特别满意": 5, "满意": 4, "比较满意": 4, "一般": 3, "还行": 3, "还可以": 3,
    "不满意": 2, "不太满意": 2, "很不满意": 1, "非常不满意": 1, "特别不满意": 1,
    "very satisfied": 5, "satisfied": 4, "so so": 3, "so-so": 3, "dissatisfied": 2, "not satisfied": 2,
    "very dissatisfied": 1,
})  # fmt: skip
_KEYS: Mapping[str, int] = MappingProxyType({key: OF + 1 - int(key) for key in "12345"})
_HEADS = ("回复", "回", "按", "选", "reply ", "press ")


def score_of(text: str) -> int | None:
    """
    The points, 1 to 5, that a key or a word gives; None where it is unclear. Never raises.

    A key and a word that say different things are unclear, and so is "5分": five points are the best, the key 5 the
    worst.
    """
    plain = tidy(text[:80]).strip(" ,.。!！")
    for head in _HEADS:
        plain = plain.removeprefix(head).strip(" ,")
    key, rest = _KEYS.get(plain[:1]), plain[1:].strip(" ,.、")
    if key is not None:
        return key if not rest or _WORDS.get(rest) == key else None
    return _WORDS.get(plain)


# ------------------------------------------------------------------------------------------------- who is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """
    How the question after an alarm is asked: so long after closing, within these local hours, each person once in
    `quota`; never after an alarm that ended in one of `never`.
    """

    after: timedelta = timedelta(hours=2)
    from_hour: int = 9
    until_hour: int = 20
    quota: timedelta = timedelta(days=30)
    never: frozenset[Outcome] = frozenset({
        Outcome.TEST, Outcome.FALSE_ALARM, Outcome.DUPLICATE, Outcome.DIED, Outcome.HOSPITAL,
    })  # fmt: skip


def wanted_after(asking: Asking, outcome: Outcome | None, *, exercise: bool) -> bool:
    """Whether anybody is asked after an alarm that ended so; never after an exercise."""
    return outcome is not None and outcome not in asking.never and not exercise


def whom_to_ask(household: Household, resident_id: str | None) -> tuple[Resident, Person, str, bool] | None:
    """
    The resident it is about, who is asked, at which number, and whether by voice alone; None where nobody may be.

    The resident, or the first contact with a telephone where that was agreed (`AGREED`). Whoever is not to be phoned is
    not called. An alarm whose resident is not known is about the only one who lives there, else about nobody.
    """
    about = household.resident(resident_id)  # type: ignore[arg-type]
    if about is None or REFUSED in about.agreements:
        return None
    if AGREED in about.agreements:
        kin = next((each for each in household.contacts if each.phone), None)
        return None if kin is None else (about, contact(kin.id), _phone(kin), True)
    if about.phone is None or Talk.DEMENTIA in about.talk:
        return None
    may_be_called = not {Talk.DO_NOT_PHONE, Talk.NO_VOICE} & set(about.talk)
    return about, resident(about.id), about.phone, may_be_called


def _phone(kin: Contact) -> str:
    assert kin.phone is not None
    return kin.phone


def is_theirs(*, asked_at: datetime, last_offer_at: datetime | None, engaged: bool) -> bool:
    """
    Whether a digit from this number may be an answer to our question rather than to an alarm.

    Alarm answers come first: while anybody with this number is asked about an open alarm, or was asked about any alarm
    later than we asked, it is the desk's.
    """
    return not engaged and (last_offer_at is None or last_offer_at < asked_at)


# ------------------------------------------------------------------------------------------------- the survey


def draw(candidates: Collection[str], seed: str, size: int) -> list[str]:
    """
    So many of these ids, drawn at random and the same for the same seed: those whose SHA-256 over seed and id is least.

    Anybody can repeat it with the seed and the list, and nobody can choose the outcome by ordering the list.
    """
    ranked = sorted(set(candidates), key=lambda id_: hashlib.sha256(f"{seed}\n{id_}".encode()).digest())
    return sorted(ranked[: max(0, size)])


def sample_size(population: int, *, share: float, least: int) -> int:
    """How many are drawn of so many: a share, at least a number, at most everybody."""
    return min(population, max(least, round(population * share)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Somebody who works here, by what tells one person from another in two registers: name and telephone."""

    name: str
    phone: str | None = None


def may_interview(interviewer: Staff, served_by: Iterable[Staff]) -> bool:
    """
    Whether this person may ask: never who served (CARE-RULES, section 4.4: the interviewer must not be the carer).

    An account and a carer are the same person where telephone or name are the same.
    """
    return not any(
        (each.phone is not None and each.phone == interviewer.phone) or each.name.strip() == interviewer.name.strip()
        for each in served_by
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of the form: its key, its words by language, and whether it is the one that counts."""

    key: str
    words: Mapping[str, str]
    overall: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The questions of the survey with the yardstick they are held to: `least` of answers satisfied, and its source."""

    version: str
    questions: tuple[Question, ...]
    least: float
    source: str

    def __post_init__(self) -> None:
        assert sum(each.overall for each in self.questions) == 1

    def overall(self, answers: Mapping[str, int]) -> int:
        """The points of the question that counts."""
        return answers[next(each.key for each in self.questions if each.overall)]

    def faults(self, answers: Mapping[str, int]) -> dict[str, str]:
        """What is missing or wrong, by question."""
        valid = range(1, OF + 1)
        wrong = {each.key: "missing" for each in self.questions if answers.get(each.key) not in valid}
        return wrong | {key: "unknown" for key in answers if key not in {each.key for each in self.questions}}


# ------------------------------------------------------------------------------------------------- what is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Answers of one group: how many there are, and of them satisfied. `n` and the rest are None where too few."""

    group: str
    n: int | None
    satisfied: int | None
    rate: float | None = None
    meets: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All groups and the whole; `held` says that some group is not shown."""

    groups: tuple[Share, ...]
    whole: Share
    least: float
    source: str
    by_means: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def held(self) -> bool:
        return any(each.n is None for each in self.groups)


def results(scores: Sequence[tuple[str, int, str]], form: Form) -> Results:
    """
    The share of satisfied answers by group, from (group, points, means) of each valid answer.

    Groups of fewer than `SMALL` are not shown; where that hides a single group, the next smallest is hidden as well,
    because the whole less the others would tell it.
    """
    found: dict[str, list[int]] = {}
    for group, score, _ in scores:
        found.setdefault(group, []).append(score)
    hidden = _hidden({group: len(each) for group, each in found.items()})
    every = [score for _, score, _ in scores]
    means: dict[str, int] = {}
    for _, _, by in scores:
        means[by] = means.get(by, 0) + 1
    groups = tuple(
        Share(group=group, n=None, satisfied=None) if group in hidden else _share(group, each, form.least)
        for group, each in sorted(found.items())
    )
    whole = _share("", every, form.least) if len(every) >= SMALL else Share(group="", n=None, satisfied=None)
    shown = means if all(count >= SMALL for count in means.values()) else {}
    return Results(groups=groups, whole=whole, least=form.least, source=form.source, by_means=shown)


def _hidden(sizes: Mapping[str, int]) -> set[str]:
    hidden = {group for group, count in sizes.items() if count < SMALL}
    # What the whole less all that is shown would tell is a group again, and must be no small one either.
    rest = sorted((count, group) for group, count in sizes.items() if group not in hidden)
    while hidden and rest and (len(hidden) == 1 or sum(sizes[each] for each in hidden) < SMALL):
        hidden.add(rest.pop(0)[1])
    return hidden


def _share(group: str, scores: Sequence[int], least: float) -> Share:
    satisfied = sum(score >= SATISFIED_FROM for score in scores)
    rate = satisfied / len(scores)
    return Share(group=group, n=len(scores), satisfied=satisfied, rate=rate, meets=rate >= least)
