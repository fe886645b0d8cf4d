"""
The embedded default: messages go to a callback that shows them, and answers come from a panel beside it.

Nothing leaves the machine. It walks the same roads as a real provider: `send` may be refused, hang or stay unknown, and
what a person does on the panel comes back as a hook that must prove where it came from.
"""

import hmac
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlencode

from dispatch.errors import Busy, Invalid
from dispatch.ids import AttemptId
from dispatch.messages.providers.provider import (
    Answer,
    Blame,
    Capability,
    Forged,
    Heard,
    Hook,
    Inbound,
    Outcome,
    Outgoing,
    Receipt,
    ReceiptKind,
    Sent,
    form_of,
)

_EVERYTHING = Capability(sms=True, voice=True, two_way=True, urls=True, free_text=True, receipts=True)

# What a foreign provider can do towards mainland China: see COUNTRIES beside the Twilio provider.
_MUTE = Capability(sms=True, voice=True, two_way=False, urls=False, free_text=True, receipts=True)

_ID = "console-"


class ConsoleFault(StrEnum):
    """
    What goes wrong on purpose.

    none       everything is taken
    refuse     the provider says no
    hang       nothing is heard until the deadline; not delivered, and nobody can know
    unknown    delivered, but the answer was lost
    not_sent   it never left
    """

    NONE = "none"
    REFUSE = "refuse"
    HANG = "hang"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"


class ConsolePanel:
    """
    What a phone page drives: the fault that is switched on, and the answers of the people who hold the phones.

    Safe to use from several threads. `token` proves that a hook comes from this panel; each process draws its own
    unless it is given one, so that a program beside it may answer.
    """

    def __init__(self, *, token: str = "", fault: ConsoleFault = ConsoleFault.NONE) -> None:
        self.token = token or secrets.token_urlsafe(32)
        self._changed = threading.Condition()
        self._fault = fault

    @property
    def fault(self) -> ConsoleFault:
        """What goes wrong now."""
        with self._changed:
            return self._fault

    def set_fault(self, fault: ConsoleFault) -> None:
        """From now on; a send that hangs is let go when the fault is another one."""
        with self._changed:
            self._fault = fault
            self._changed.notify_all()

    def hang(self, limit_s: float) -> None:
        """Return when the fault is no longer `hang`, or after `limit_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._fault is not ConsoleFault.HANG, timeout=limit_s)

    def reply(self, *, sender: str, text: str) -> dict[str, str]:
        """The form of a text message from `sender`, for the hook `reply`."""
        return self._form({"from": sender, "text": text})

    def press(self, *, attempt_id: AttemptId, sender: str, digits: str) -> dict[str, str]:
        """The form of a key pressed in the call of this attempt, for the hook `voice`."""
        return self._form({"attempt_id": attempt_id, "from": sender, "digits": digits})

    def receipt(self, *, attempt_id: AttemptId, kind: ReceiptKind, code: str = "") -> dict[str, str]:
        """The form of a receipt for this attempt, for the hook `receipt`."""
        return self._form({"attempt_id": attempt_id, "status": kind.value, "code": code})

    def hook(self, kind: str, form: Mapping[str, str]) -> Hook:
        """The same form as a hook, for who is in the same process and needs no HTTP."""
        return Hook(
            kind=kind,
            url=f"console:/hooks/console/{kind}",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
            query={},
            form={name: (value,) for name, value in form.items()},
        )

    def _form(self, said: Mapping[str, str]) -> dict[str, str]:
        return {"token": self.token, "id": secrets.token_hex(8), **said}


def _nobody(message: Outgoing) -> None:
    """Where messages go when nobody asked to see them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """
    `deliver` shows a message; it is called in the sender's thread and must be quick. `simulate_country` is the
    beginning of the numbers (`+86`) towards which replies and addresses are not carried. `hang_s` is how long `hang`
    hangs.
    """

    deliver: Callable[[Outgoing], None] = _nobody
    panel: ConsolePanel = field(default_factory=ConsolePanel)
    simulate_country: str | None = None
    hang_s: float = 6.0


class ConsoleProvider:
    """Keeps the contract of `Provider`, and keeps nothing itself."""

    name = "console"

    def __init__(self, settings: ConsoleSettings) -> None:
        self._settings = settings
        self._faults: Mapping[ConsoleFault, Callable[[Outgoing], Sent]] = {
            ConsoleFault.NONE: self._take,
            ConsoleFault.REFUSE: self._refuse,
            ConsoleFault.HANG: self._hang,
            ConsoleFault.UNKNOWN: self._lose_the_answer,
            ConsoleFault.NOT_SENT: self._lose,
        }

    def capability(self, to: str) -> Capability:
        """Everything towards every country, but for a simulated one."""
        simulated = self._settings.simulate_country
        return _MUTE if simulated and to.startswith(simulated) else _EVERYTHING

    def send(self, message: Outgoing) -> Sent:
        """Shown at once and taken, unless a fault is switched on or `deliver` is busy."""
        try:
            return self._faults[self._settings.panel.fault](message)
        except Busy as error:
            return Sent(outcome=Outcome.NOT_SENT, blame=Blame.PROVIDER, detail=error.detail)

    def look_up(self, message: Outgoing, provider_id: str | None, since: datetime) -> Sent | None:
        """It keeps nothing: of what it has named it knows that it took it, of the rest nothing."""
        return None if provider_id is None else _taken(provider_id)

    def hear(self, hook: Hook) -> Heard:
        """
        What was done on the panel: kinds `receipt`, `reply` and `voice`.

        Raises:
            Forged: without this process's token.
            Invalid: with it, but a field is missing or the kind is unknown.
        """
        form = {name: values[-1] for name, values in form_of(hook).items()}
        if not hmac.compare_digest(form.get("token", "").encode(), self._settings.panel.token.encode()):
            raise Forged("The token of the panel is missing or wrong.")
        if hook.kind not in _READERS:
            raise Invalid(f"The console has no hook of the kind {hook.kind[:20]!r}.")
        return _READERS[hook.kind](form)

    def lacking(self) -> Sequence[str]:
        """Nothing: it is always ready."""
        return ()

    def _take(self, message: Outgoing) -> Sent:
        self._settings.deliver(message)
        return _taken(_ID + message.attempt_id)

    def _refuse(self, message: Outgoing) -> Sent:
        return Sent(outcome=Outcome.REFUSED, code="refused", blame=Blame.PROVIDER, detail="refused on purpose")

    def _hang(self, message: Outgoing) -> Sent:
        self._settings.panel.hang(self._settings.hang_s)
        return Sent(outcome=Outcome.UNKNOWN, blame=Blame.PROVIDER, detail="hung on purpose")

    def _lose_the_answer(self, message: Outgoing) -> Sent:
        self._settings.deliver(message)
        return Sent(outcome=Outcome.UNKNOWN, blame=Blame.PROVIDER, detail="the answer was lost on purpose")

    def _lose(self, message: Outgoing) -> Sent:
        return Sent(outcome=Outcome.NOT_SENT, blame=Blame.PROVIDER, detail="not sent on purpose")


def _taken(provider_id: str) -> Sent:
    return Sent(outcome=Outcome.TAKEN, provider_id=provider_id, status=ReceiptKind.SENT.value, kind=ReceiptKind.SENT)


def _receipt(form: Mapping[str, str]) -> Heard:
    attempt_id, status = _needed(form, "attempt_id"), _needed(form, "status")
    if status not in set(ReceiptKind):
        raise Invalid("The console knows no such status.", {"status": f"one of {', '.join(ReceiptKind)}"})
    receipt = Receipt(
        key=f"{attempt_id}:{status}:{form.get('code', '')}",
        kind=ReceiptKind(status),
        provider_id=_ID + attempt_id,
        attempt_id=AttemptId(attempt_id),
        status=status,
        code=form.get("code") or None,
    )
    return Heard(receipts=(receipt,), answer=Answer(status=204))


def _reply(form: Mapping[str, str]) -> Heard:
    inbound = Inbound(key=_needed(form, "id"), sender=_needed(form, "from"), text=form.get("text", ""))
    return Heard(replies=(inbound,), answer=Answer(status=204))


def _voice(form: Mapping[str, str]) -> Heard:
    inbound = Inbound(
        key=_needed(form, "id"),
        sender=_needed(form, "from"),
        text=_needed(form, "digits"),
        attempt_id=AttemptId(_needed(form, "attempt_id")),
        voice=True,
    )
    return Heard(replies=(inbound,), answer=Answer(status=204))


def _needed(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise Invalid(f"The panel's form has no {name}.", {name: "missing"})
    return form[name]


_READERS: Mapping[str, Callable[[Mapping[str, str]], Heard]] = {
    "receipt": _receipt,
    "reply": _reply,
    "voice": _voice,
}
