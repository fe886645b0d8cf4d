"""A house whose messages go to Twilio's stand-in, and telephones that ring in it."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urldefrag, urlsplit

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from dispatch.messages.providers.twilio import TwilioProvider
from dispatch.rules.message import Channel
from dispatch.store.calls import Calls
from dispatch.store.record import Record
from tests.builders import PUBLIC_URL, House, build_world
from tests.fakes.twilio_standin import ACCOUNT, TOKEN, TwilioStandin
from tests.fakes.twiml_phone import Phone
from tests.integration.twilio_rig import SETTINGS

DESK = ("+8613900000001", "+8613900000002")
OURS = SETTINGS.from_


class CallRig:
    """
    `two_way` says whether an SMS answer can come back: if not, carers are phoned in the first step. `keypad` makes, of
    a world, what callers may press.
    """

    def __init__(self, folder, *, district=None, desk=DESK, two_way=False, keypad=None, **settings) -> None:
        more = {"district": district} if district else {}
        self.world = build_world(folder, two_way=lambda _: two_way, operators=("+8613900000001",), **more)
        self.standin = TwilioStandin()
        self.standin.__enter__()
        self.provider = TwilioProvider(replace(SETTINGS, base_url=self.standin.base_url, desk=desk, **settings))
        self.house = House(
            self.world, providers={"twilio": self.provider}, keypad=keypad(self.world) if keypad else None
        )
        self.client = self.house.stranger()

    def close(self) -> None:
        self.house.close()
        self.provider.close()
        self.standin.__exit__()
        self.world.close()

    def settle(self) -> None:
        """Everything that is due is done and sent."""
        self.world.wake()
        for job in self.house.courier.claim(100, emergency=True):
            self.house.courier.carry(job)

    def post(self, url: str, form: dict[str, str], *, token: str = TOKEN) -> tuple[int, str]:
        """A signed request of Twilio to an address that it was given."""
        public = urldefrag(url).url
        assert public.startswith(f"{PUBLIC_URL}/hooks/twilio/")
        parts = urlsplit(public)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        signature = RequestValidator(token).compute_signature(public, form)
        answer = self.client.post(target, data=form, headers={"X-Twilio-Signature": signature})
        return answer.status_code, answer.text

    def ask(self, url: str, form: dict[str, str]) -> str:
        """The same, as a telephone does it: what it asks is answered, and what came of it is understood meanwhile."""
        status, markup = self.post(url, form)
        assert status == 200, markup
        self.world.wake()
        return markup

    # -- calls that we make

    def calls(self, to: str | None = None) -> list[dict]:
        """The calls that were made, to this number or to anybody."""
        return [made for made in self.standin.made if made["sid"].startswith("CA") and to in (None, made["to"])]

    def answer(self, made: dict) -> Phone:
        """The person who was called picks up."""
        form = {"AccountSid": ACCOUNT, "CallSid": made["sid"], "CallStatus": "in-progress", "To": made["to"],
                "From": made["from"], "Direction": "outbound-api"}  # fmt: skip
        return Phone(self.ask, form).play(made["_params"]["Twiml"])

    def ends(self, made: dict, status: str = "completed", **more: str) -> None:
        """The call is over, and Twilio says so."""
        form = {"AccountSid": ACCOUNT, "CallSid": made["sid"], "CallStatus": status, "To": made["to"],
                "From": made["from"], "Direction": "outbound-api", **more}  # fmt: skip
        assert self.post(made["_params"]["StatusCallback"], form)[0] == 204

    def answered_by(self, made: dict, who: str) -> None:
        """What Twilio believes to have picked up."""
        form = {"AccountSid": ACCOUNT, "CallSid": made["sid"], "AnsweredBy": who, "MachineDetectionDuration": "2900"}
        assert self.post(made["_params"]["AsyncAmdStatusCallback"], form)[0] == 204

    # -- calls that ring in

    def rings_in(self, sender: str, sid: str = "CA77") -> Phone:
        """Somebody rings the number of the service."""
        form = incoming(sender, sid)
        return Phone(self.ask, form).play(self.ask(f"{PUBLIC_URL}/hooks/twilio/voice", form))

    def picks_up(self, phone: Phone) -> Phone:
        """The telephone of the desk that is ringing is picked up: what whoever does it hears."""
        (_, screen), = phone.dialled  # fmt: skip
        assert screen is not None
        form = {"AccountSid": ACCOUNT, "CallSid": "CA9999", "ParentCallSid": "CA77", "Direction": "outbound-dial"}
        return Phone(self.ask, form).play(self.ask(screen, form))

    def hangs_up(self, sender: str, status: str = "completed", sid: str = "CA77") -> None:
        """The caller's leg is over, and Twilio says so."""
        form = incoming(sender, sid) | {"CallStatus": status}
        assert self.post(f"{PUBLIC_URL}/hooks/twilio/receipt", form)[0] == 204

    def on_file(self):
        """Every call that rang in, the newest first."""
        with self.world.reading.connect() as connection:
            return Calls(connection).recent(100)

    def entries(self, kind: str | None = None):
        """What the record says, of this kind or all of it."""
        with self.world.reading.connect() as connection:
            return [each for each in Record(connection).after(0, 1000) if kind in (None, each.kind)]

    def told(self, person: str):
        """The messages to this person."""
        return [each for each in self.world.messages() if each.person == person]

    def asked_by_voice(self):
        return [each.person for each in self.world.messages() if each.channel is Channel.VOICE and each.answerable]


def incoming(sender: str, sid: str) -> dict[str, str]:
    """What Twilio posts of a call that rings in."""
    return {"AccountSid": ACCOUNT, "CallSid": sid, "CallStatus": "ringing", "Direction": "inbound", "From": sender,
            "To": OURS, "ApiVersion": "2010-04-01"}  # fmt: skip


def rigs(folder, **more) -> Iterator[CallRig]:
    """For fixtures: a rig that is closed afterwards."""
    built = CallRig(folder, **more)
    yield built
    built.close()
