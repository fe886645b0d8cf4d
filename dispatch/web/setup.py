"""
`/setup`: the first run in six steps. There while nobody has an account, to whoever has the code that the start has
printed; then to the administrator until it is finished; then nowhere. Works on a phone and without a script.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.accounts.sign_in import Grant
from dispatch.errors import Invalid, NotAllowed, NotFound, Refusal
from dispatch.rules.people import Person
from dispatch.rules.rights import Right
from dispatch.web.access import caller, come_in, may, public, require, whoever
from dispatch.web.causes import why
from dispatch.web.i18n import N_, gettext

STEPS: Mapping[int, str] = {
    1: N_("Administrator"), 2: N_("District and station"), 3: N_("Gateway"), 4: N_("Messages"),
    5: N_("Who hears the bell"), 6: N_("Canary"),
}  # fmt: skip

CHECKS: Mapping[str, tuple[str, str]] = {
    "settings": (N_("What was chosen is in force"), N_("Press “Restart the service” below.")),
    "gateway": (N_("A gateway is set up"), N_("Go back to step 3 and choose a port.")),
    "line": (N_("The line of the gateway is there"), N_("Plug, power, cable; the right to open it: group dialout.")),
    "network": (
        N_("The line of the gateway is there"), N_("Is the box on, in the network, and its address right?"),
    ),
    "canary": (N_("A pretend press came through"), N_("Press “Try everything”, then load this page again.")),
    "messages": (N_("A test message was taken"), N_("Go back to step 4 and send one to your own phone.")),
    "nowhere": (
        N_("Messages leave this machine"),
        N_("Go back to step 4: they are only shown on a page, and nobody's telephone rings."),
    ),
    "phones": (N_("Somebody on watch has a telephone"), N_("Go back to step 5 and write a number.")),
    "consoles": (N_("A console can sound"), N_("Open the board, press “Go on duty” and hear the tone.")),
    "outside": (N_("Somebody outside notices when all is dead"), N_("Go back to step 5 and write an address.")),
}  # fmt: skip

NEEDS: Mapping[str, tuple[str, str]] = {
    "carers": (N_("Carers"), "/carers/new"),
    "homes": (N_("A home, and who lives in it"), "/homes/new"),
    "duty": (N_("Somebody on duty: put in and published"), "/roster"),
    "devices": (N_("A paired device: press it, and choose whose it is"), "/devices/new"),
}
"""What a first alarm needs besides, in the order in which it is made, and where."""

SPEAKS: Mapping[str, str] = {
    "rflink": N_("RFLink: a 433 MHz receiver on USB"), "rtl433": N_("rtl_433: a radio stick, many makes of sensors"),
    "scaip": N_("SCAIP: home units that call over SIP"), "surgard": N_("Sur-Gard: an alarm receiver"),
    "contact_id": N_("Contact ID: an alarm panel"), "dc09": N_("SIA DC-09: alarm panels over IP"),
    "zigbee2mqtt": N_("Zigbee2MQTT: Zigbee buttons and sensors"),
    "chirpstack": N_("ChirpStack: LoRaWAN buttons and sensors"), "traccar": N_("Traccar: its forwarded positions"),
    "bed": N_("Bed and fall sensors"), "watch3g": N_("4G watches (3G*ID*)"), "ev07b": N_("EV-07B pendants"),
    "gt06": N_("GT06 trackers"), "h02": N_("H02 trackers"), "jt808": N_("JT/T 808 terminals"),
    "topin": N_("TOPIN watches"), "trv": N_("TRV watches"),
}  # fmt: skip
"""What stands on the box, for each protocol."""

NOT_SHOWN = frozenset({"password", "auth_token", "csrf_token"})
"""What was typed stays in the form when something is wrong with it; these do not."""

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One part of the way: whether it works, of which gateway, and what was seen."""

    name: str
    well: bool
    of: str = ""
    detail: str = ""


class Stage(Protocol):
    """How far it has come."""

    @property
    def step(self) -> int: ...


class Deeds(Protocol):
    """The work behind the pages; `config.setup.wizard` does it. Each refuses with `Invalid`, which names fields."""

    def progress(self) -> Stage | None: ...

    def make_administrator(
        self, *, code: str, login: str, name: str, password: str, phone: str, lang: str, ip: str
    ) -> Grant: ...

    def district(self) -> dict[str, str]: ...

    def keep_district(self, said: Mapping[str, str], *, by: Person) -> None: ...

    def ports(self) -> Sequence[Any]: ...

    def protocols(self) -> Sequence[str]: ...

    def gateways(self) -> Sequence[dict[str, Any]]: ...

    def listening(self) -> Any: ...

    def listen(self, said: Mapping[str, str]) -> None: ...

    def end_listening(self) -> None: ...

    def keep_gateway(self, said: Mapping[str, str], *, by: Person) -> None: ...

    def pass_gateway(self) -> None: ...

    def messages(self) -> dict[str, Any]: ...

    def keep_messages(self, said: Mapping[str, str], *, by: Person) -> None: ...

    def test_message(self, phone: str, *, lang: str, by: Person) -> str: ...

    def messages_done(self) -> None: ...

    def hearers(self) -> dict[str, Any]: ...

    def keep_hearers(self, said: Mapping[str, str], *, by: Person) -> None: ...

    def needs_restart(self) -> bool: ...

    @property
    def can_restart(self) -> bool: ...

    def restart(self, *, by: Person) -> None: ...

    def try_all(self, *, by: Person) -> None: ...

    def checks(self) -> list[Check]: ...

    def needs(self) -> Mapping[str, bool]: ...

    def finish(self, *, by: Person) -> None: ...


def setup_blueprint(wizard: Deeds) -> Blueprint:
    """`/setup` and its forms; a second step that is asked for is set up right after the account."""
    bp = Blueprint("setup", __name__)
    open_only = _while_open(wizard)
    is_open = _Open(wizard)
    bp.app_context_processor(lambda: {"setup_waits": is_open})

    @bp.before_app_request
    def lead_there() -> Response | None:
        """Whoever comes to a service without an account is led to where one is made."""
        if request.method == "GET" and request.path in {"/", "/login"}:
            stage = wizard.progress()
            if stage is not None and stage.step == 1:
                return redirect("/setup", 303)
        return None

    @bp.get("/setup")
    @public
    def setup() -> Any:
        stage = wizard.progress()
        if stage is None:
            raise NotFound("There is nothing to set up any more.")
        if stage.step == 1:
            return _page(wizard, 1, 1)
        return _inside(wizard, stage.step)

    @bp.post("/setup/administrator")
    @public
    def administrator() -> Any:
        stage = wizard.progress()
        if stage is None or stage.step > 1:
            raise NotFound("There is an account already.")
        said = request.form
        try:
            grant = wizard.make_administrator(
                code=said.get("code", ""), login=said.get("login", ""), name=said.get("name", ""),
                password=said.get("password", ""), phone=said.get("phone", ""), lang=said.get("lang", "zh"),
                ip=request.remote_addr or "",
            )  # fmt: skip
        except NotAllowed:
            error = gettext("The code is not the one that the service printed at its last start.")
            return _page(wizard, 1, 1, error=error), 403
        except Refusal as refusal:
            return _page(wizard, 1, 1, error=_said(refusal)), 422
        come_in(grant)
        return redirect(f"/login/{grant.step}?next=/setup" if grant.step else "/setup", 303)

    def form(step: int, path: str, work: Callable[[], str | None]) -> None:
        """One form of a step: does its work and shows the next page, or the same with what was typed."""

        def view() -> Any:
            try:
                said = work()
            except Refusal as refusal:
                return _page(wizard, step, _step_of(wizard), error=_said(refusal)), 422
            if said:
                flash(said)
            following = request.form.get("stay", "")
            return redirect(f"/setup?step={step}" if following else "/setup", 303)

        bp.add_url_rule(f"/setup/{path}", path, open_only(require(Right.SETTINGS)(view)), methods=["POST"])

    def test() -> str:
        wrong = wizard.test_message(request.form.get("test_phone", ""), lang=_lang(), by=caller())
        if wrong:
            raise Invalid(gettext("The message was not taken: %(why)s", why=why(wrong)), {"test_phone": ["-"]})
        if tuple(wizard.messages()["order"]) == ("console",):
            return gettext("It leaves for nowhere yet: messages are only shown on a page.")
        return gettext("The provider took the message. Has it arrived on your phone?")

    def kept() -> str:
        wizard.keep_messages(request.form, by=caller())
        return gettext("Kept. Now send a test, or go on.")

    @bp.post("/setup/restart")
    @open_only
    @require(Right.SETTINGS)
    def restart() -> Any:
        """A page that waits: whoever were sent on at once would meet nobody."""
        if not wizard.can_restart:
            error = gettext("This service is restarted by hand: systemctl restart anling.")
            return _page(wizard, 6, _step_of(wizard), error=error), 422
        wizard.restart(by=caller())
        return render_template("setup.html", step=6, reached=6, steps=STEPS, typed={}, error="", waits=True)

    form(2, "district", lambda: wizard.keep_district(request.form, by=caller()))
    form(3, "listen", lambda: wizard.listen(request.form))
    form(3, "gateway", lambda: wizard.keep_gateway(request.form, by=caller()))
    form(3, "no-gateway", wizard.pass_gateway)
    form(4, "messages", kept)
    form(4, "test", test)
    form(4, "messages-done", wizard.messages_done)
    form(5, "hearers", lambda: wizard.keep_hearers(request.form, by=caller()))
    form(6, "try", lambda: wizard.try_all(by=caller()))

    @bp.post("/setup/finish")
    @open_only
    @require(Right.SETTINGS)
    def finish() -> Response:
        wizard.finish(by=caller())
        return redirect("/board", 303)

    return bp


class _Open:
    """Whether the menu leads here: what a first alarm needs is made on other pages, and people come back from them."""

    def __init__(self, wizard: Deeds) -> None:
        self._wizard = wizard
        self._is_over = False

    def __call__(self) -> bool:
        if self._is_over or not may(Right.SETTINGS):
            return False
        # Once it is over it never opens again, and no page has to ask any more.
        self._is_over = self._wizard.progress() is None
        return not self._is_over


def _while_open(wizard: Deeds) -> Callable[[View], View]:
    """Nothing here exists any more once it is finished; nor for anybody before there is an account."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*arguments: Any, **values: Any) -> Any:
            if _step_of(wizard) < 2:
                raise NotFound("There is nothing to set up here.")
            return view(*arguments, **values)

        return cast(View, guarded)

    return guard


def _step_of(wizard: Deeds) -> int:
    stage = wizard.progress()
    return 0 if stage is None else stage.step


def _inside(wizard: Deeds, reached: int) -> Any:
    @require(Right.SETTINGS)
    def inside() -> Any:
        asked = request.args.get("step", "")
        step = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) == 1 else reached
        return _page(wizard, min(max(step, 2), reached), reached)

    return inside()


def _page(wizard: Deeds, step: int, reached: int, *, error: str = "") -> str:
    facts: dict[str, Any] = {}
    if step == 2:
        facts = {"now": wizard.district()}
    elif step == 3:
        listening = wizard.listening()
        facts = {
            "ports": wizard.ports(), "protocols": wizard.protocols(), "gateways": wizard.gateways(),
            "listening": listening, "refresh": listening is not None and listening.listens and not error,
            "SPEAKS": SPEAKS,
        }  # fmt: skip
    elif step == 4:
        facts = {"now": wizard.messages(), "ports": wizard.ports()}
    elif step == 5:
        facts = {"now": wizard.hearers()}
    elif step == 6:
        facts = {
            "checks": wizard.checks(), "CHECKS": CHECKS, "needs_restart": wizard.needs_restart(),
            "can_restart": wizard.can_restart, "needs": wizard.needs(), "NEEDS": NEEDS,
        }  # fmt: skip
    typed = {name: value for name, value in request.form.items() if name not in NOT_SHOWN}
    return render_template(
        "setup.html", step=step, reached=reached, steps=STEPS, typed=typed, error=error, why=why, **facts
    )


def _said(refusal: Refusal) -> str:
    """The sentence, with the fields' own where it says only that some are wrong."""
    if isinstance(refusal, Invalid) and refusal.errors:
        inner = [each for several in refusal.errors.values() for each in (several if isinstance(several, list) else [])]
        more = [str(each) for each in inner if str(each) not in {"-", "Missing.", refusal.detail}]
        return " ".join([gettext(refusal.detail), *(gettext(each) for each in more)])
    return gettext(refusal.detail)


def _lang() -> str:
    operator = whoever()
    return operator.lang if operator is not None and operator.lang in {"zh", "en"} else "zh"
