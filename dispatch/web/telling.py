"""
What happened, in words: a sentence for every kind of entry.

The sentences are English message ids as everywhere in the web, filled in with words and names. A kind without a
sentence is shown by its name: an entry is never hidden.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from dispatch.web import telling_anomalies, telling_beds, telling_house, telling_meals, telling_money, words
from dispatch.web.i18n import N_, gettext
from dispatch.web.residents.words import TASKS

Plain = Mapping[str, Any]

_ALARM: Mapping[str, str] = {
    "raised": N_("Alarm: %(cause)s"),
    "pressed_again": N_("Again: %(cause)s, %(presses)s times now"),
    "worsened": N_("Graver: from %(was)s to %(cause)s, other steps begin"),
    "step_taken": N_("Step: %(step)s"),
    "step_skipped": N_("Step left out: %(step)s, %(why)s"),
    "offered": N_("%(person)s asked"),
    "lapsed": N_("%(person)s did not answer in time"),
    "called": N_("%(person)s is phoned"),
    "declined": N_("%(person)s cannot come"),
    "gave_up": N_("%(person)s gave up, asking begins anew"),
    "accepted": N_("%(person)s is coming"),
    "accepted:backup": N_("%(person)s is coming as backup"),
    "not_arrived": N_("%(person)s has not arrived in time, asking begins anew"),
    "attended": N_("%(person)s is there (%(proof)s)"),
    "arrival_proved": N_("Arrival proved: %(proof)s"),
    "arrival_claimed": N_("Arrival is only claimed: please verify"),
    "not_closed": N_("Still not closed: please ask how it is"),
    "operator_paged": N_("Operator paged: %(why)s"),
    "emergency_proposed": N_("Decide now: call 120?"),
    "emergency_called": N_("120 called by the service"),
    "emergency_called:reference": N_("120 called, reference %(reference)s"),
    "nobody_on_duty": N_("No carer on duty can be asked"),
    "undeliverable": N_("The message to %(person)s cannot be delivered"),
    "not_answered": N_("%(person)s was phoned in vain: %(code)s"),
    "resident_told": N_("%(person)s is told that somebody comes"),
    "resident_said": N_("%(person)s says by key: %(said)s"),
    "talked": N_("Talk with %(person)s: %(result)s"),
    "call_came": N_("A call rings in"),
    "call_answered": N_("The call was answered"),
    "call_missed": N_("Nobody took the call"),
    "call_judged": N_("The call was judged"),
    "delivery_unknown": N_("Nobody knows whether the message to %(person)s left: the next step comes sooner"),
    "receipt_missing": N_("No receipt for the message to %(person)s: they are called"),
    "message_silent": N_("No receipt for the message to %(person)s in its time"),
    "message_settled": N_("%(channel)s to %(person)s (%(message)s): %(outcome)s"),
    "answered": N_("Answer of %(by)s: %(result)s"),
    "no_entry": N_("%(person)s cannot get in"),
    "entry_shown": N_("Door and person shown to %(by)s on the page"),
    "reported_done": N_("%(by)s reports: done"),
    "reported_done:outcome": N_("%(by)s reports: done, %(outcome)s"),
    "noted": N_("Note"),
    "welfare_signalled": N_("Signs of this household add up"),
    "welfare_turned_out": N_("What the welfare signal was is known by how this ended"),
    "welfare_judged": N_("%(by)s says what the welfare signal was"),
    "shadowed": N_("Raised in the shadow: nobody is told"),
    "went_live": N_("Out of the shadow: everybody is told"),
    "drill_ended": N_("The exercise is over"),
    "closed": N_("Closed: %(outcome)s"),
    "reopened": N_("Reopened (was closed as: %(outcome)s)"),
    "asked_by_hand": N_("%(person)s asked by hand"),
    "asked_everybody": N_("Everybody on duty asked, how many: %(asked)s"),
    "claimed": N_("%(by)s is in charge"),
    "taken_over": N_("%(by)s takes over from %(was_by)s"),
    "claim_left": N_("%(by)s gives it back"),
    "claim_lapsed": N_("%(was_by)s is not at a console any more: nobody is in charge"),
    "claim_passed_on": N_("Passed on at the change of shift: %(by)s is in charge, before %(was_by)s"),
    "paper_dated": N_("Typed in from paper: it happened at another time"),
    "step_ticked": N_("Done: %(tick)s"),
    "step_unticked": N_("Not done after all: %(tick)s"),
    "fell_back": N_("The rules failed: plain alert, people told: %(told)s"),
    "heard_cancel": N_("The device says: cancelled (it stays open)"),
    "heard_attendance": N_("The device says: somebody is there"),
    "heard_restore": N_("The device says: back to normal"),
    "heard_voice_request": N_("The device asks for a voice call"),
    "finding_made": N_("Finding: %(finding)s, measure: %(measure)s"),
    "review_signed": N_("The review is signed"),
    "follow_up_done": N_("Looked at again"),
}
"""A sentence for each kind of entry about an alarm."""

KINDS: Mapping[str, str] = {
    **telling_house.KINDS, **telling_beds.KINDS, **telling_money.KINDS, **telling_meals.KINDS,
    **telling_anomalies.KINDS, **_ALARM,
}  # fmt: skip
"""A sentence for each kind of entry."""

LOUD = frozenset({
    "raised", "pressed_again", "worsened", "gave_up", "not_arrived", "arrival_claimed", "not_closed", "operator_paged",
    "emergency_proposed", "nobody_on_duty", "undeliverable", "delivery_unknown", "fell_back", "reopened", "no_entry",
})  # fmt: skip
"""The kinds that ask something of the operator: shown stronger than the rest."""


_NAMED_IN_IT = frozenset({"answered", "reported_done", "claimed", "taken_over", "claim_left", "claim_passed_on"})
"""Kinds whose sentence says who did it."""

_NAMED = re.compile(r"%\((\w+)\)s")
"""What a sentence asks for: facts that have no words of their own are said as they stand."""


def minutes(seconds: float | None) -> int | None:
    """Whole minutes, rounded up: nobody is promised sooner than they come."""
    return None if seconds is None else max(1, math.ceil(seconds / 60))


def sentence(entry: Plain, names: Mapping[str, str]) -> str:
    """
    One line of the timeline as a sentence.

    Args:
        entry: an item of `timeline` in the read model's story.
        names: what operators are called, by reference; carers and contacts are named by the read model.
    """
    text = KINDS.get(_kind(entry))
    if not text:
        return str(entry["kind"])
    plain = {name: str(entry["facts"].get(name, "—")) for name in _NAMED.findall(text)}
    return gettext(text, **plain | _words_of(entry, names))


def teller(entry: Plain, names: Mapping[str, str]) -> str:
    """Who did it, where a person or a device did and the sentence does not say so; else empty."""
    by = entry["by"]
    if by == "service" or by == entry["facts"].get("person") or entry["kind"] in _NAMED_IN_IT:
        return ""
    return called(by, entry.get("by_name"), names)


def called(person: str | None, name: str | None, names: Mapping[str, str]) -> str:
    """What somebody is called: the operator's name, the read model's name, or what the reference itself tells."""
    kind, _, rest = (person or "").partition(":")
    if person is not None and person in names:
        return names[person]
    if kind == "operator":
        return gettext("duty number …%(end)s", end=rest[-4:])
    if kind == "call":
        return gettext("a call")
    if kind in {"device", "key"}:
        return rest
    if person == "emergency_service":
        return "120"
    if person == "service":
        return gettext("the service")
    if kind == "resident" and not name:
        return gettext("the resident")
    return name or person or "—"


def _kind(entry: Plain) -> str:
    facts, kind = entry["facts"], entry["kind"]
    finer = {"accepted": facts.get("role"), "emergency_called": facts.get("reference") and "reference"}
    finer["reported_done"] = facts.get("outcome") and "outcome"
    exact = f"{kind}:{finer.get(kind)}"
    return exact if exact in KINDS else kind


def _words_of(entry: Plain, names: Mapping[str, str]) -> dict[str, str]:
    facts = entry["facts"]
    outcomes = words.ATTEMPTS if entry["kind"] == "message_settled" else words.OUTCOMES
    return {
        "cause": words.word(words.CAUSES, facts.get("cause")),
        "was": words.word(words.CAUSES, facts.get("was")),
        "was_by": called(str(facts.get("was")), None, names),
        "asked": str(facts.get("asked")),
        "tick": words.word(words.TICKS, facts.get("tick")),
        "presses": str(facts.get("presses")),
        "step": words.word(words.STEPS, facts.get("step")),
        "why": words.word(words.WHYS, facts.get("why")),
        "person": called(facts.get("person"), entry.get("person_name"), names),
        "by": called(entry["by"], entry.get("by_name"), names),
        "proof": words.word(words.PROOFS, facts.get("proof")),
        "outcome": words.word(outcomes, facts.get("outcome")),
        "result": words.word(words.RESULTS, facts.get("result")),
        "message": words.word(words.SENTENCES, facts.get("sentence")),
        "channel": words.word(words.CHANNELS, facts.get("channel")),
        "reference": str(facts.get("reference")),
        "told": str(facts.get("told")),
        "code": words.word(words.CODES, facts.get("code")),
        "said": words.word(words.SAID, facts.get("said")),
        "finding": words.word(words.FINDINGS, facts.get("cause")),
        "measure": words.word(words.MEASURES, facts.get("measure")),
        "whom": called(f"operator:{facts.get('operator_id')}", None, names),
        "task": words.word(TASKS, facts.get("what")),
    }
