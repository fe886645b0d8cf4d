"""
Escalation policies: whom to turn to, in what order, how long to wait. And the shape of every decision.

To add a step: write `rules/steps/<name>.py` with an object that keeps the contract `Step`, and add one line to `STEPS`.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from dispatch.errors import Misconfigured
from dispatch.ids import PolicyId
from dispatch.rules.alarm import Alarm, Offer, OfferState
from dispatch.rules.message import NO_FACTS, Channel, Draft, Fact
from dispatch.rules.nearest import Choice
from dispatch.rules.people import Household, Person, Reach, Station
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause

FINAL_STEP_S_MAX = 300
"""The last step, everybody at once, must be reached within this time of the press; PROMISES, section 2 (W_final)."""

FINAL_SLACK_S = 10
"""A policy keeps so much of that time free: waking, and a step that had to be skipped, cost some of it."""

WAIT_S_MAX = 60
"""No step but the last may wait longer before the next is taken; PROMISES, section 2 (W_offer)."""

REPEAT_S_MAX = 120
"""The last step is repeated at least this often until a human ends it; PROMISES, section 2 (Y)."""

FALL_BACK_S = 120
"""A fall-back, which is plain texts to everybody, is repeated as the last step would be; PROMISES, section 2."""

STEPS_MAX = 20
COUNT_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSpec:
    """One step as configured: which, how many seconds to wait after it, and its own parameters."""

    step: str
    wait_s: int
    params: Mapping[str, Fact] = field(default_factory=lambda: NO_FACTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPolicy:
    """
    Whom to turn to in what order, for these causes. Immutable: its id is the hash of its content.

    `responders` is how many must come (two for lifting).
    """

    id: PolicyId
    name: str
    causes: frozenset[Cause]
    steps: tuple[StepSpec, ...]
    responders: int = 1

    @property
    def last(self) -> int:
        return len(self.steps) - 1

    def step_to_begin_with(self, *, raised_at: datetime, now: datetime) -> int:
        """The first step from which the last one still comes within its promised time after the press."""
        left_s = FINAL_STEP_S_MAX - FINAL_SLACK_S - (now - raised_at).total_seconds()
        waits = [spec.wait_s for spec in self.steps]
        return next((index for index in range(self.last) if sum(waits[index : self.last]) <= left_s), self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """
    Every fact a step may look at. Loaded once by the desk; the rules look at nothing else.

    `choice` ranks who could come; `reach` says how each person is reached (no entry: not at all). `operators` are the
    duty numbers to page. `codes_taken` are the reply codes each person has in use. `elsewhere` counts
    the other open alarms that somebody is on the way to. `ids` draws new identities. `emergency_number` is where
    `emergency_service` calls. `asked_elsewhere` are those who may be answering about another alarm too, `always_codes`
    gives everybody a code. `station` answers for an alarm without a home.
    `drill` is the provider and the channel that an exercise is there to try.
    """

    now: datetime
    alarm: Alarm
    offers: tuple[Offer, ...]
    policy: EscalationPolicy
    ids: Callable[[], str]
    household: Household | None = None
    choice: Choice | None = None
    reach: Mapping[Person, Reach] = field(default_factory=dict)
    operators: tuple[Reach, ...] = ()
    codes_taken: Mapping[Person, Collection[int]] = field(default_factory=dict)
    emergency_number: str | None = None
    station: Station | None = None
    drill: tuple[str, Channel] | None = None
    elsewhere: Mapping[Person, int] = field(default_factory=dict)
    asked_elsewhere: Collection[Person] = ()
    always_codes: bool = False

    def needs_code(self, person: Person) -> bool:
        """Whether a bare answer of this person could mean another alarm as well."""
        return self.always_codes or person in self.asked_elsewhere

    def offer_of(self, person: Person) -> Offer | None:
        return next((offer for offer in self.offers if offer.person == person), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    What was decided: the alarm as it now stands, the offers that are new or changed, the letters to post and the lines
    for the log. `choice` is set where somebody was chosen, to be kept with the alarm. `engaged` is set by who keeps it:
    for whom one alarm more or less is waiting now.
    """

    alarm: Alarm
    offers: tuple[Offer, ...] = ()
    drafts: tuple[Draft, ...] = ()
    lines: tuple[Line, ...] = ()
    choice: Choice | None = None
    engaged: Mapping[Person, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """
    What a step would do now. `skipped` says why it can do nothing; then the next step is taken at once.

    `asks` marks a step that asks other people, so that those asked before lapse.
    """

    offers: tuple[Offer, ...] = ()
    drafts: tuple[Draft, ...] = ()
    lines: tuple[Line, ...] = ()
    skipped: str | None = None
    asks: bool = False


class Step(Protocol):
    """
    One way of turning to somebody. Pure: it says what it would do and does nothing.

    `params` names the parameters it understands with their defaults; anything else in the policy is refused. `words`
    are the only values allowed for some of them.
    """

    params: Mapping[str, Fact]
    words: Mapping[str, Sequence[str]]

    def plan(self, situation: Situation, spec: StepSpec) -> Planned:
        """What this step does in this situation."""
        ...


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies in force: exactly one for every cause."""

    by_cause: Mapping[Cause, EscalationPolicy]

    def of(self, cause: Cause) -> EscalationPolicy:
        return self.by_cause[cause]


def read_policies(rows: Sequence[Mapping[str, Any]], steps: Mapping[str, Step]) -> Policies:
    """
    The policies of an escalation file, checked whole.

    Args:
        rows: the tables under `[[policies]]`.
        steps: the registry of steps.

    Raises:
        Misconfigured: names the policy and step and says what to write instead.
    """
    by_cause: dict[Cause, EscalationPolicy] = {}
    for place, row in enumerate(rows):
        policy = _policy(f"policies.{place}", row, steps)
        for cause in policy.causes:
            if cause in by_cause:
                raise Misconfigured(
                    f"policies.{place}.causes", f"'{cause}' already belongs to '{by_cause[cause].name}'"
                )
            by_cause[cause] = policy
    by_cause |= {cause: _policy("built in", row, steps) for cause, row in BUILT_IN.items() if cause not in by_cause}
    missing = sorted(set(Cause) - set(by_cause))
    if missing:
        raise Misconfigured("policies", f"no policy for {', '.join(missing)}; name them in the causes of one")
    return Policies(by_cause)


BUILT_IN: Mapping[Cause, Mapping[str, Any]] = {
    Cause.MISSED_CALL: {
        "name": "missed call",
        "causes": ["missed_call"],
        "steps": [
            {"step": "call_back", "wait_s": 60},
            {"step": "call_back", "wait_s": 60},
            {"step": "look_in", "wait_s": 45},
            {"step": "call_carer", "wait_s": 45},
            {"step": "call_back", "wait_s": 120},
        ],
    },
    # One carer is asked, then the desk is told. Never family or 120.
    Cause.EXERCISE: {
        "name": "exercise",
        "causes": ["exercise"],
        "steps": [{"step": "exercise", "wait_s": 60}, {"step": "page_operator", "wait_s": 120}],
    },
}
"""Policies of causes that came later: a file written before them still starts the service, and means the same."""

PLAIN: Mapping[str, Any] = {
    "name": "plain",
    "causes": [cause.value for cause in Cause if cause not in BUILT_IN],
    "steps": [
        {"step": "page_operator", "wait_s": 1},
        {"step": "offer_nearest", "wait_s": 30, "count": 2},
        {"step": "call_carer", "wait_s": 30},
        {"step": "call_family", "wait_s": 30},
        {"step": "emergency_service", "wait_s": 10},
        {"step": "all_hands", "wait_s": 60},
    ],
}
"""
What a service goes by that has lost its file and every copy of it. The desk first, because something is wrong with the
house; two carers at once, because nobody knows any more whom this centre would ask.
"""

_POLICY_KEYS = {"name", "causes", "steps", "responders"}


def _policy(place: str, row: Mapping[str, Any], steps: Mapping[str, Step]) -> EscalationPolicy:
    for key in row:
        _check(key in _POLICY_KEYS, f"{place}.{key}", f"unknown key; known are {', '.join(sorted(_POLICY_KEYS))}")
    name, raw_steps, responders = row.get("name"), row.get("steps"), row.get("responders", 1)
    _check(isinstance(name, str) and bool(name), f"{place}.name", "give the policy a name")
    _check(isinstance(raw_steps, list) and 0 < len(raw_steps) <= STEPS_MAX, f"{place}.steps", f"1 to {STEPS_MAX} steps")
    _check(type(responders) is int and 1 <= responders <= 5, f"{place}.responders", "a whole number from 1 to 5")
    assert isinstance(raw_steps, list)
    specs = tuple(_spec(f"{place}.steps.{index}", raw, steps) for index, raw in enumerate(raw_steps))
    _check_waits(place, specs)
    drilled = any(spec.step == "exercise" for spec in specs)
    _check(
        not drilled or row.get("causes") == ["exercise"], f"{place}.steps", "the step 'exercise' is for drills alone"
    )
    content = policy_json(str(name), specs, responders)
    return EscalationPolicy(
        id=PolicyId(hashlib.sha256(content.encode()).hexdigest()[:16]),
        name=str(name),
        causes=_causes(place, row.get("causes")),
        steps=specs,
        responders=responders,
    )


def _causes(place: str, raw: Any) -> frozenset[Cause]:
    _check(isinstance(raw, list) and bool(raw), f"{place}.causes", f"a list out of {', '.join(Cause)}")
    for each in raw:
        _check(
            isinstance(each, str) and each in set(Cause), f"{place}.causes", f"'{each}' is none of {', '.join(Cause)}"
        )
    return frozenset(Cause(each) for each in raw)


def _spec(place: str, raw: Any, steps: Mapping[str, Step]) -> StepSpec:
    _check(isinstance(raw, Mapping), place, "a step is a table")
    kind, wait_s = raw.get("step"), raw.get("wait_s")
    _check(isinstance(kind, str) and kind in steps, f"{place}.step", f"'{kind}' is none of {', '.join(steps)}")
    _check(type(wait_s) is int and wait_s >= 1, f"{place}.wait_s", "whole seconds, at least 1")
    known = steps[kind].params
    params = {key: value for key, value in raw.items() if key not in {"step", "wait_s"}}
    for key, value in params.items():
        _check(key in known, f"{place}.{key}", f"'{kind}' knows only {', '.join(known) or 'no parameters'}")
        _check(type(value) is type(known[key]), f"{place}.{key}", f"must be like {known[key]!r}")
        _check(not isinstance(value, int) or 1 <= value <= COUNT_MAX, f"{place}.{key}", f"from 1 to {COUNT_MAX}")
        _check(value in steps[kind].words.get(key, (value,)), f"{place}.{key}", f"one of {steps[kind].words.get(key)}")
    return StepSpec(step=kind, wait_s=wait_s, params={**known, **params})


def _check_waits(place: str, specs: Sequence[StepSpec]) -> None:
    *before, last = specs
    _check(
        last.wait_s <= REPEAT_S_MAX,
        f"{place}.steps.{len(before)}.wait_s",
        f"the last step repeats within {REPEAT_S_MAX} s",
    )
    for index, spec in enumerate(before):
        _check(
            spec.wait_s <= WAIT_S_MAX,
            f"{place}.steps.{index}.wait_s",
            f"wait at most {WAIT_S_MAX} s before the next step",
        )
    total_s = sum(spec.wait_s for spec in before)
    _check(
        total_s <= FINAL_STEP_S_MAX - FINAL_SLACK_S,
        f"{place}.steps",
        f"the last step comes after {total_s} s; at most {FINAL_STEP_S_MAX - FINAL_SLACK_S} s keep the promise",
    )


def _check(good: bool, place: str, cure: str) -> None:
    if not good:
        raise Misconfigured(place, cure)


def policy_json(name: str, specs: Sequence[StepSpec], responders: int) -> str:
    """A policy in the one form that is hashed and kept; causes are left out, they only say when it begins."""
    steps = [{"step": spec.step, "wait_s": spec.wait_s, "params": dict(spec.params)} for spec in specs]
    return json.dumps({"name": name, "responders": responders, "steps": steps}, sort_keys=True, ensure_ascii=False)


def policy_from_json(id_: PolicyId, content: str) -> EscalationPolicy:
    """A policy as an alarm kept it."""
    kept = json.loads(content)
    steps = tuple(StepSpec(step=each["step"], wait_s=each["wait_s"], params=each["params"]) for each in kept["steps"])
    return EscalationPolicy(id=id_, name=kept["name"], causes=frozenset(), steps=steps, responders=kept["responders"])


def soon(now: datetime, wait_s: int) -> datetime:
    return now + timedelta(seconds=wait_s)


def engagements(before: Sequence[Offer], after: Sequence[Offer]) -> dict[Person, int]:
    """For whom these changed offers mean one engagement more (1) or less (-1)."""
    was = {offer.person for offer in before if offer.state in _ENGAGING}
    changes = {offer.person: int(offer.state in _ENGAGING) - int(offer.person in was) for offer in after}
    return {person: change for person, change in changes.items() if change}


_ENGAGING = frozenset({OfferState.OPEN, OfferState.ACCEPTED})


def swap(old: tuple[Offer, ...], new: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """The old offers with the new ones in place of those with the same id, the others behind them."""
    fresh = {offer.id: offer for offer in new}
    kept = tuple(fresh.pop(offer.id, offer) for offer in old)
    return kept + tuple(fresh.values())
