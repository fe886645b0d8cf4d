"""A folder of policy files: every rule in it, what excludes what, and every mistake."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dispatch.errors import Misconfigured
from schedules.money.rules.exclusions import Exclusion, Implications, read_exclusions, read_implications
from schedules.money.rules.policies import Policies
from schedules.money.rules.policy import Policy
from schedules.money.rules.reading import read_policy
from schedules.money.rules.sheet import Fault, Faults, Said

TWICE = "has two versions in force from %(start)s to %(end)s"
NEVER = "has no version in force from %(start)s to %(end)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What a folder says. Rules of files with faults are left out; `refused` names them by the id they say."""

    policies: Policies
    exclusions: Sequence[Exclusion] = ()
    implications: Implications
    faults: Sequence[Fault] = ()
    doubts: Sequence[Fault] = ()
    refused: dict[str, Sequence[Fault]] = field(default_factory=dict)


def read_book(folder: Path, *, implied: Path) -> Book:
    """
    Every `*.toml` of a folder: policies, and the tables `[[exclude]]` and `[implies]` in files of their own.

    Where the folder has no `[implies]`, that of the file `implied` holds.

    Raises:
        Misconfigured: the folder cannot be read, or has no policy.
    """
    kept = _Gathered()
    for path in _files(folder):
        _take(kept, path.name, _text(path))
    if not kept.policies and not kept.faults:
        raise Misconfigured(str(folder), "there is no policy file (*.toml) in it; name the folder that has them")
    if not kept.implies:
        _take(kept, implied.name, _text(implied))
    policies = Policies(kept.policies, {id_: Faults(faults) for id_, faults in kept.refused.items()})
    return Book(
        policies=policies, exclusions=kept.exclusions, implications=Implications(kept.implies), faults=kept.faults,
        doubts=[*kept.doubts, *_windows(policies)], refused=kept.refused,
    )  # fmt: skip


def _windows(policies: Policies) -> list[Fault]:
    """Days on which a rule has two versions, and days on which it has none between two."""
    twice = [(each, TWICE, "end the older one before the newer begins") for each in policies.overlaps()]
    none = [(each, NEVER, "is this meant?") for each in policies.gaps()]
    return [
        Fault(each.policy_id, "policy", "effective_from", Said(what, start=each.start, end=each.end), cure)
        for each, what, cure in (*twice, *none)
    ]


@dataclass(slots=True)
class _Gathered:
    policies: list[Policy] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)
    implies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    doubts: list[Fault] = field(default_factory=list)
    refused: dict[str, Sequence[Fault]] = field(default_factory=dict)


def _take(kept: _Gathered, name: str, text: str) -> None:
    top = _top(text)
    if "exclude" in top:
        exclusions, faults = read_exclusions(text, name)
        kept.exclusions += exclusions
        kept.faults += faults
    elif "implies" in top:
        implies, faults = read_implications(text, name)
        kept.implies |= implies
        kept.faults += faults
    else:
        _take_policy(kept, name, text)


def _take_policy(kept: _Gathered, name: str, text: str) -> None:
    read = read_policy(text, name)
    kept.faults += read.faults
    kept.doubts += read.doubts
    if read.policy is not None:
        kept.policies.append(read.policy)
    else:
        kept.refused[read.named or name.removesuffix(".toml")] = read.faults


def _top(text: str) -> set[str]:
    """The tables of a file; empty when it is no TOML, which whoever reads it as a policy will say."""
    try:
        return set(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return set()


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise Misconfigured(str(folder), "there is no such folder; name the one with the policy files")
    return sorted(path for path in folder.iterdir() if path.suffix == ".toml" and path.is_file())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(str(path), f"it cannot be read: {error}; write it in UTF-8") from None
