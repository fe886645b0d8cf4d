"""What can be done on the board without a script: plain forms. With one, the script calls the API."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from dispatch.errors import Invalid
from dispatch.ids import AlarmId
from dispatch.rules.alarm import Outcome, Proof
from dispatch.rules.people import Person
from dispatch.web.access import caller

NOTE_MAX = 2_000
REFERENCE_MAX = 80
EVERYBODY = "everybody"


class Deeds(Protocol):
    """Who does it; `dispatch.desk.Desk`."""

    def accept(self, alarm_id: AlarmId, person: Person, *, by: Person) -> object: ...

    def decline(self, alarm_id: AlarmId, person: Person, *, by: Person) -> object: ...

    def attend(self, alarm_id: AlarmId, person: Person, *, proof: Proof, by: Person) -> object: ...

    def offer(self, alarm_id: AlarmId, person: Person, *, by: Person) -> object: ...

    def close(self, alarm_id: AlarmId, *, outcome: Outcome, by: Person, note: str | None = None) -> object: ...

    def reopen(self, alarm_id: AlarmId, *, by: Person, note: str | None = None) -> object: ...

    def note(self, alarm_id: AlarmId, text: str, *, by: Person) -> object: ...

    def offer_all(self, alarm_id: AlarmId, *, by: Person) -> object: ...

    def emergency_called(self, alarm_id: AlarmId, *, reference: str, by: Person) -> object: ...


Form = Mapping[str, str]

WITH_PERSON = frozenset({"accept", "decline", "attend", "offer"})


def _text(form: Form, name: str, longest: int) -> str:
    text = form.get(name, "").strip()
    if not text:
        raise Invalid("Please fill in the text.", {name: "missing"})
    return text[:longest]


def _note(form: Form) -> str | None:
    return form.get("note", "").strip()[:NOTE_MAX] or None


def _person(form: Form) -> Person:
    return Person(_text(form, "person", REFERENCE_MAX))


def _choice(form: Form, name: str, choices: Sequence[str]) -> str:
    if form.get(name) not in choices:
        raise Invalid("Please choose one.", {name: "missing"})
    return form[name]


def _offer(deeds: Deeds, alarm_id: AlarmId, form: Form) -> object:
    if form.get("person") == EVERYBODY:
        return deeds.offer_all(alarm_id, by=caller())
    return deeds.offer(alarm_id, _person(form), by=caller())


ACTS: Mapping[str, Callable[[Deeds, AlarmId, Form], object]] = {
    "accept": lambda deeds, id_, form: deeds.accept(id_, _person(form), by=caller()),
    "decline": lambda deeds, id_, form: deeds.decline(id_, _person(form), by=caller()),
    "attend": lambda deeds, id_, form: deeds.attend(
        id_, _person(form), proof=Proof(_choice(form, "proof", list(Proof))), by=caller()
    ),
    "offer": _offer,
    "close": lambda deeds, id_, form: deeds.close(
        id_, outcome=Outcome(_choice(form, "outcome", list(Outcome))), by=caller(), note=_note(form)
    ),
    "reopen": lambda deeds, id_, form: deeds.reopen(id_, by=caller(), note=_note(form)),
    "note": lambda deeds, id_, form: deeds.note(id_, _text(form, "text", NOTE_MAX), by=caller()),
    "emergency": lambda deeds, id_, form: deeds.emergency_called(
        id_, reference=_text(form, "reference", REFERENCE_MAX), by=caller()
    ),
}
