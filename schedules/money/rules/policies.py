"""All versions of all rules, and which of them is in force on a day."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from itertools import combinations

from schedules.money.rules.policy import Policy

_DAY = timedelta(days=1)


class NoRule(Exception):
    """No rule answers, or more than one does: nothing is guessed. `what` and `cure` are for people."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(f"{what}; {cure}")
        self.what, self.cure = what, cure


class NotInForce(NoRule):
    """There is such a rule, and it was not in force on the day."""


@dataclass(frozen=True, slots=True)
class Window:
    """Days (both inclusive) on which a rule has no version, or two."""

    policy_id: str
    start: date
    end: date


class Policies:
    """Versions by id. A change of a rule is another version with the same id and its own days; none is ever altered."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._versions: dict[str, list[Policy]] = {}
        for policy in sorted(policies, key=lambda each: each.effective_from or date.min):
            self._versions.setdefault(policy.id, []).append(policy)

    def __iter__(self) -> Iterator[Policy]:
        return (policy for versions in self._versions.values() for policy in versions)

    def versions(self, policy_id: str) -> Sequence[Policy]:
        """All of one rule, the oldest first; empty when there is no such rule."""
        return self._versions.get(policy_id, ())

    def version(self, version: str) -> Policy | None:
        """The one whose content has this hash."""
        return next((policy for policy in self if policy.version == version), None)

    def in_force(self, policy_id: str, on: date | None) -> Policy:
        """
        The version of a rule that is in force on the local day of the meal or service.

        Without a day the only version there is.

        Raises:
            NotInForce: none is on that day.
            NoRule: there is no such rule, several are in force, or there are several and no day was said.
        """
        versions = self._known(policy_id)
        if on is None:
            if len(versions) > 1:
                raise NoRule(f"{policy_id} has {len(versions)} versions", "say the day of the meal or service")
            return versions[0]
        found = [policy for policy in versions if policy.covers(on)]
        if not found:
            raise NotInForce(
                f"no version of {policy_id} is in force on {on}", "add a file for that day, or mend the day"
            )
        if len(found) > 1:
            files = " and ".join(policy.file or policy.version for policy in found)
            raise NoRule(f"{len(found)} versions of {policy_id} are in force on {on}", f"let the windows of {files} not overlap")  # noqa: E501  # fmt: skip
        return found[0]

    def _known(self, policy_id: str) -> Sequence[Policy]:
        versions = self.versions(policy_id)
        if not versions:
            near = get_close_matches(policy_id, self._versions, n=1)
            cure = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(self._versions)) or 'none'}"
            raise NoRule(f"there is no rule {policy_id!r}", cure)
        return versions

    def overlaps(self) -> list[Window]:
        """Days on which two versions of one rule are in force: on those nobody gets an answer."""
        return [
            Window(one.id, start, end)
            for versions in self._versions.values()
            for one, other in combinations(versions, 2)
            if (start := max(_start(one), _start(other))) <= (end := min(_end(one), _end(other)))
        ]

    def gaps(self) -> list[Window]:
        """Days between two versions of one rule on which none is in force."""
        found = []
        for policy_id, versions in self._versions.items():
            covered = _end(versions[0])
            for later in versions[1:]:
                if covered < date.max and covered + _DAY < _start(later):
                    found.append(Window(policy_id, covered + _DAY, _start(later) - _DAY))
                covered = max(covered, _end(later))
        return found


def _start(policy: Policy) -> date:
    return policy.effective_from or date.min


def _end(policy: Policy) -> date:
    return policy.effective_to or date.max
