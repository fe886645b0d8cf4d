"""
The cheap phones of everybody a message was sent to, for the demo and for whoever uses the console provider.

What is done here goes the road of a real provider: a form of the panel, proved by its token, heard by the provider,
kept by the answers and the courier. Nothing is delivered to anybody outside.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.errors import Invalid, NotFound
from dispatch.ids import AttemptId
from dispatch.messages.providers.console import ConsoleFault, ConsolePanel
from dispatch.messages.providers.provider import ReceiptKind
from dispatch.rules.rights import Right
from dispatch.rules.signal import Cause
from dispatch.web import words
from dispatch.web.access import refuse_narrow, require
from dispatch.web.i18n import N_, gettext

MESSAGES_SHOWN = 200
BUBBLES = 8
"""How many of the newest messages are looked at, and how many of them a phone shows."""

ANSWERS_KEPT = 100
TEXT_MAX = 300

KEYS: Mapping[str, str] = {"1": N_("I come"), "2": N_("I cannot"), "3": N_("I am there"), "4": N_("Done")}

FAULTS: Mapping[str, str] = {
    "none": N_("works"),
    "refuse": N_("refuses everything"),
    "hang": N_("hangs"),
    "unknown": N_("delivers, but its answer is lost"),
    "not_sent": N_("sends nothing"),
}

RECEIPTS: Mapping[str, str] = {
    "delivered": N_("Delivered"),
    "undelivered": N_("Not delivered"),
    "failed": N_("Lost"),
}

_ARRIVED = {"taken", "confirmed", "unknown"}
"""Attempts that a phone shows; of an unknown one nobody can know, so it is marked."""

Plain = dict[str, Any]


class Messages(Protocol):
    """Where the newest messages are read; `dispatch.review.Review` does it."""

    def messages(self, limit: int) -> list[Plain]: ...


class Door(Protocol):
    """The console provider's door: the form of one of its hooks, `receipt`, `reply` or `voice`."""

    def __call__(self, kind: str, form: Mapping[str, str]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoControls:
    """
    What only a demo can do.

    `homes` are codes and what they are called; `press(home_code, cause)` presses the pendant there, with one of the
    `causes` it can say. `unplug` and `plug` take the pretend gateway away and bring it back; `is_plugged` says how it
    stands.
    """

    homes: Sequence[tuple[str, str]]
    press: Callable[[str, str], None]
    unplug: Callable[[], None]
    plug: Callable[[], None]
    is_plugged: Callable[[], bool]
    causes: Sequence[str] = (Cause.PRESS,)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What somebody answered on this page: shown on their phone after the message it followed."""

    phone: str
    text: str
    after: str


def phones_blueprint(messages: Messages, panel: ConsolePanel, door: Door, *, demo: DemoControls | None) -> Blueprint:
    """`/phones`. To be mounted only where the console is a provider. The whole district's: it shows every message."""
    bp = Blueprint("phones", __name__)
    desk = _Phones(messages, panel, door, demo)

    @bp.get("/phones")
    @require(Right.MESSAGES_SEE)
    def phones() -> str:
        refuse_narrow()
        return render_template("phones.html", **desk.shown())

    @bp.get("/phones/live")
    @require(Right.MESSAGES_SEE)
    def live() -> str:
        refuse_narrow()
        return render_template("_phones.html", **desk.shown())

    @bp.post("/phones/<any(reply, key, receipt, fault, press, gateway):deed>")
    @require(Right.ALARMS_ACT)
    def act(deed: str) -> Response:
        refuse_narrow()
        desk.do(deed, request.form)
        flash(gettext("Done."))
        return redirect("/phones", 303)

    return bp


class _Phones:
    """What the page shows and does. Answers are remembered in memory, for show only."""

    def __init__(self, messages: Messages, panel: ConsolePanel, door: Door, demo: DemoControls | None) -> None:
        self._messages = messages
        self._panel = panel
        self._door = door
        self._demo = demo
        self._said: deque[_Said] = deque(maxlen=ANSWERS_KEPT)

    def shown(self) -> Plain:
        """Everything the templates need."""
        return {
            "phones": self._phones(),
            "fault": self._panel.fault.value,
            "demo": self._demo,
            "KEYS": KEYS, "FAULTS": FAULTS, "RECEIPTS": RECEIPTS, "CAUSES": words.CAUSES,
            "MESSAGES": words.MESSAGES, "ATTEMPTS": words.ATTEMPTS, "CHANNELS": words.CHANNELS,
            "word": words.word,
        }  # fmt: skip

    def do(self, deed: str, form: Mapping[str, str]) -> None:
        """
        One thing that was pressed on the page.

        Raises:
            Invalid: a field is missing or says something impossible. NotFound: there is nothing to press or unplug.
        """
        _DEEDS[deed](self, form)

    def reply(self, form: Mapping[str, str]) -> None:
        """A text message; `twice` sends a second copy right behind it, as some people and some providers do."""
        sender, text = _needed(form, "phone"), _needed(form, "text")
        said = self._panel.reply(sender=sender, text=text)
        self._keep(sender, text, form)
        self._door("reply", said)
        if form.get("twice"):
            self._door("reply", self._panel.reply(sender=sender, text=text))

    def key(self, form: Mapping[str, str]) -> None:
        """A key pressed in a call."""
        sender, digits = _needed(form, "phone"), _needed(form, "digits")
        self._keep(sender, f"☎ {digits}", form)
        attempt_id = AttemptId(_needed(form, "attempt"))
        self._door("voice", self._panel.press(attempt_id=attempt_id, sender=sender, digits=digits))

    def receipt(self, form: Mapping[str, str]) -> None:
        """The provider's later word on a message."""
        kind = ReceiptKind(_one_of(form, "kind", list(RECEIPTS)))
        code = "" if kind is ReceiptKind.DELIVERED else "lost on purpose"
        attempt_id = AttemptId(_needed(form, "attempt"))
        self._door("receipt", self._panel.receipt(attempt_id=attempt_id, kind=kind, code=code))

    def fault(self, form: Mapping[str, str]) -> None:
        self._panel.set_fault(ConsoleFault(_one_of(form, "fault", list(ConsoleFault))))

    def press(self, form: Mapping[str, str]) -> None:
        demo = self._controls()
        home = _one_of(form, "home", [code for code, _ in demo.homes])
        demo.press(home, _one_of(form, "cause", demo.causes))

    def gateway(self, form: Mapping[str, str]) -> None:
        demo = self._controls()
        if _one_of(form, "wanted", ["plug", "unplug"]) == "plug":
            demo.plug()
        else:
            demo.unplug()

    def _controls(self) -> DemoControls:
        if self._demo is None:
            raise NotFound("This is not a demo.")
        return self._demo

    def _keep(self, phone: str, text: str, form: Mapping[str, str]) -> None:
        self._said.append(_Said(phone=phone, text=text, after=form.get("after", "")))

    def _phones(self) -> list[Plain]:
        """A phone for each number, whoever was written to last first; on it the messages, the oldest on top."""
        phones: dict[str, Plain] = {}
        for message in self._messages.messages(MESSAGES_SHOWN):
            phone = phones.setdefault(message["to"], _phone(message))
            if len(phone["bubbles"]) < BUBBLES:
                phone["bubbles"].insert(0, self._bubble(message))
        return list(phones.values())

    def _bubble(self, message: Plain) -> Plain:
        attempt = message["attempts"][-1] if message["attempts"] else None
        outcome = attempt["outcome"] if attempt else "in_flight"
        return {
            **message,
            "attempt": attempt,
            "arrived": outcome in _ARRIVED,
            "doubtful": outcome == "unknown",
            "said": [each.text for each in self._said if each.after == message["id"]],
        }


def _phone(message: Plain) -> Plain:
    kind = message["person"].partition(":")[0]
    name = gettext("Duty number") if kind == "operator" else message["name"]
    return {
        "number": message["to"],
        "name": "120" if kind == "emergency_service" else name,
        "kind": gettext(_KINDS.get(kind, "Phone")),
        "bubbles": [],
    }


_KINDS: Mapping[str, str] = {"carer": N_("Carer"), "contact": N_("Family"), "operator": N_("Operator")}


def _needed(form: Mapping[str, str], name: str) -> str:
    text = form.get(name, "").strip()
    if not text:
        raise Invalid("Please fill in the text.", {name: "missing"})
    return text[:TEXT_MAX]


def _one_of(form: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    if form.get(name) not in choices:
        raise Invalid("Please choose one.", {name: "missing"})
    return form[name]


_DEEDS: Mapping[str, Callable[[_Phones, Mapping[str, str]], None]] = {
    "reply": _Phones.reply,
    "key": _Phones.key,
    "receipt": _Phones.receipt,
    "fault": _Phones.fault,
    "press": _Phones.press,
    "gateway": _Phones.gateway,
}
