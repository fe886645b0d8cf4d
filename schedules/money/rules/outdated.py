"""Which versions of rules were asked on days on which another one is in force now: a file was corrected backwards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from schedules.money.rules.policies import Policies
from schedules.money.rules.policy import Policy

_DAY = timedelta(days=1)
_ABOUT = {"version": "", "file": "", "title": "", "grade": "", "region": "", "source": "",
          "effective_from": None, "effective_to": None}  # fmt: skip
"""What of a policy says nothing about money: names, sources, and its days, which are looked at by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A version that was asked for meals or bills from the day `first` to the day `last`, both inclusive."""

    policy: str
    version: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """
    From the day `first` on a version is in force (`new`; "" none) that says otherwise than the one asked (`old`). With
    `who` it is the same version, and something else is known of these residents.
    """

    policy: str
    old: str
    new: str
    first: date
    who: tuple[str, ...] = ()


def same_terms(one: Policy, other: Policy) -> bool:
    """Whether two versions give the same on any day: ending the old one on the day before the new changes no price."""
    return replace(one, **_ABOUT) == replace(other, **_ABOUT)  # type: ignore[arg-type]


def outdated(asked: Iterable[Asked], policies: Policies, kept: Mapping[str, Policy]) -> list[Outdated]:
    """
    What was asked of versions that were corrected since. `kept` are the old versions, by their hashes, whose text is on
    file; of the others it is not known what they said.

    Rules that are not there, were refused, or have two versions in force on a day are left out: nothing is guessed.
    """
    unclear = {window.policy_id for window in policies.overlaps()}
    found = []
    for each in asked:
        versions = policies.versions(each.policy)
        if versions and each.policy not in unclear and not policies.is_refused(each.policy):
            found += _of(each, versions, kept.get(each.version) or policies.version(each.version))
    return sorted(found, key=lambda one: (one.policy, one.first, one.old))


def _of(asked: Asked, versions: Sequence[Policy], old: Policy | None) -> list[Outdated]:
    """One for each version (or none) in force on its days that says otherwise."""
    found, day = [], asked.first
    for policy in versions:
        first = max(day, policy.effective_from or date.min)
        last = min(asked.last, policy.effective_to or date.max)
        if day < first and day <= asked.last:
            found.append(Outdated(policy=asked.policy, old=asked.version, new="", first=day))
        if first <= last and policy.version != asked.version and (old is None or not same_terms(policy, old)):
            found.append(Outdated(policy=asked.policy, old=asked.version, new=policy.version, first=first))
        day = max(day, (last + _DAY) if first <= last else day)
    if day <= asked.last:
        found.append(Outdated(policy=asked.policy, old=asked.version, new="", first=day))
    return found
