"""All versions of all rules, and which of them is in force on a day."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from itertools import combinations

from dispatch.errors import Conflict
from schedules.money.rules.policy import Policy
from schedules.money.rules.sheet import Faults

_DAY = timedelta(days=1)


NO_RULE = "there is no rule %(rule)r"
NOT_IN_FORCE = "no version of %(rule)s is in force on %(day)s"
NONE_IS_USED = "no rule is used: %(faults)s"
REFUSED = "the file of %(rule)s was refused: %(faults)s"
SEVERAL = "%(rule)s has %(many)s versions"
TWO = "%(many)s versions of %(rule)s are in force on %(day)s"
ADD_A_FILE = "add a file for that day, or mend the day"
ARE = "put its file back into the folder of policies and start anew; there are %(known)s"
DID_YOU_MEAN = "did you mean %(near)s? Else put its file back into the folder of policies and start anew"
MEND_THE_FILE = "mend the file and start anew"
NO_OVERLAP = "let the windows of %(files)s not overlap"
SAY_THE_DAY = "say the day of the meal or service"


class NoRule(Conflict):
    """
    No rule answers, or more than one does: nothing is guessed. `what` and `cure` are sentences for people, `values`
    what they name.
    """

    def __init__(self, what: str, cure: str, **values: object) -> None:
        self.what, self.cure, self.values = what, cure, values
        super().__init__(f"{what}; {cure}" % values if values else f"{what}; {cure}")

    def __reduce__(self) -> tuple[Callable[..., "NoRule"], tuple[object, ...]]:
        """Another process may be the one that was refused."""
        return _again, (type(self), self.what, self.cure, self.values)

    def told(self, gettext: Callable[..., str]) -> str:
        values = {
            name: value.told(gettext) if isinstance(value, Faults) else value for name, value in self.values.items()
        }
        return f"{gettext(self.what, **values)}; {gettext(self.cure, **values)}"


def _again(kind: type[NoRule], what: str, cure: str, values: Mapping[str, object]) -> NoRule:
    return kind(what, cure, **values)


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

    def __init__(
        self, policies: Iterable[Policy], refused: Mapping[str, Faults] | None = None, *, everything: Faults | str = ""
    ) -> None:
        """
        `refused` are rules of files with faults: what is wrong with them, by the id of the rule. `everything` is what
        is wrong where no rule at all may be used.
        """
        self._refused, self._everything = dict(refused or {}), everything
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
            NoRule: there is no such rule, its file was refused, several are in force, or there are several and no day
                was said.
        """
        versions = self._known(policy_id)
        if on is None:
            if len(versions) > 1:
                raise NoRule(SEVERAL, SAY_THE_DAY, rule=policy_id, many=len(versions))
            return versions[0]
        found = [policy for policy in versions if policy.covers(on)]
        if not found:
            # The file that was refused may be the one for this day.
            self.refuse_refused(policy_id)
            raise NotInForce(NOT_IN_FORCE, ADD_A_FILE, rule=policy_id, day=on)
        if len(found) > 1:
            files = " and ".join(policy.file or policy.version for policy in found)
            raise NoRule(TWO, NO_OVERLAP, many=len(found), rule=policy_id, day=on, files=files)
        return found[0]

    def _known(self, policy_id: str) -> Sequence[Policy]:
        versions = self.versions(policy_id)
        if not versions:
            self.refuse_refused(policy_id)
            known = ", ".join(sorted(self._versions)) or "none"
            near = get_close_matches(policy_id, self._versions, n=1)
            raise NoRule(NO_RULE, DID_YOU_MEAN if near else ARE, rule=policy_id, near="".join(near), known=known)
        return versions

    def refuse_refused(self, policy_id: str) -> None:
        """
        Raises:
            NoRule: the file of this rule has faults, or no rule may be used.
        """
        if self._everything:
            raise NoRule(NONE_IS_USED, MEND_THE_FILE, faults=self._everything)
        if policy_id in self._refused:
            raise NoRule(REFUSED, MEND_THE_FILE, rule=policy_id, faults=self._refused[policy_id])

    def is_refused(self, policy_id: str) -> bool:
        """Whether a file of this rule has faults, or no rule may be used."""
        return bool(self._everything) or policy_id in self._refused

    def refuse_missing(self, policy_id: str) -> None:
        """
        Raises:
            NoRule: there is no such rule, on no day.
        """
        self._known(policy_id)

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
