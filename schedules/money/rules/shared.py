"""
What all rules share: which schemes exclude each other, and what categories imply. Compared with what they shared
before, because it has no version and no days of its own: a change of it holds for every day that was priced.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schedules.money.rules.exclusions import Exclusion, Implications
from schedules.money.rules.outdated import Asked, Outdated
from schedules.money.rules.policies import NoRule, Policies
from schedules.money.rules.policy import Condition, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """`exclusions` by scheme, `implied` what each category means besides itself, all of it followed to the end."""

    exclusions: tuple[tuple[str, tuple[str, ...]], ...]
    implied: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def mark(self) -> str:
        """Tells one from another."""
        return hashlib.sha256(json.dumps([self.exclusions, self.implied]).encode()).hexdigest()

    def plain(self) -> dict[str, Any]:
        """As plain values, to be kept."""
        return {"exclusions": self.exclusions, "implied": self.implied}

    @classmethod
    def of(cls, exclusions: Iterable[Exclusion], implications: Implications) -> "Shared":
        """As a book of rules says it, in an order of its own."""
        return cls(
            exclusions=tuple(sorted((each.scheme, tuple(sorted(each.not_with))) for each in exclusions)),
            implied=tuple(sorted((cat, tuple(sorted(more))) for cat, more in implications.whole.items())),
        )

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Shared":
        """From what `plain` gave."""
        return cls(**{
            name: tuple((key, tuple(words)) for key, words in told[name]) for name in ("exclusions", "implied")
        })  # fmt: skip


def reshared(
    asked: Sequence[Asked], before: Iterable[Shared], now: Shared, policies: Policies
) -> list[Outdated]:  # fmt: skip
    """
    What was asked by rules for which something else was shared before: as outdated as by a rule of other words, though
    its version is the same (`old` is `new`). A rule that is not there any more is left out.
    """
    before = list(before)
    found = []
    for each in asked:
        versions = policies.versions(each.policy)
        if any(says_otherwise(one, now, policy) for one in before for policy in versions):
            new = _version_on(each, policies)
            found += [Outdated(policy=each.policy, old=each.version, new=new, first=each.first)] if new else []
    return sorted(found, key=lambda one: (one.policy, one.first, one.old))


def says_otherwise(one: Shared, other: Shared, policy: Policy) -> bool:
    """Whether a rule could give somebody something else by the one than by the other."""
    mine = [[each for each in own.exclusions if _is_about(each, policy)] for own in (one, other)]
    if mine[0] != mine[1]:
        return True
    was, now = dict(one.implied), dict(other.implied)
    moved = {word for cat in {*was, *now} for word in set(was.get(cat, ())) ^ set(now.get(cat, ()))}
    words = {word for each in conditions(policy) for word in _words(each)}
    return not moved.isdisjoint(words | {word for _, not_with in mine[1] for word in not_with})


def conditions(policy: Policy) -> Iterator[Condition]:
    """Every condition of a rule, and those within them."""
    waiting = [policy.eligible, *(each.when for each in policy.discount), *(each.when for each in policy.tier)]
    waiting += [*(each.when for each in policy.delivery), *(each.when for each in policy.quota)]
    waiting += [each.when for each in policy.service_fee_tier]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += each.any or ()


def _words(condition: Condition) -> Iterator[str]:
    for words in (condition.cats_any, condition.cats_all, condition.cats_none):
        yield from words or ()


def _is_about(exclusion: tuple[str, tuple[str, ...]], policy: Policy) -> bool:
    scheme, not_with = exclusion
    return scheme in (policy.id, f"any_{policy.kind}") or policy.id in not_with


def _version_on(asked: Asked, policies: Policies) -> str:
    """The version that prices the first of these days now; "" where nobody can say which."""
    try:
        return policies.in_force(asked.policy, asked.first).version
    except NoRule:
        return ""
