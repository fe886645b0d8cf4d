"""
The six steps of the first run. What a step needs from the page is plain text; what it refuses is said in a sentence.

    1 administrator ─► 2 district and station ─► 3 gateway ─► 4 messages ─► 5 who hears it ─► 6 canary through all of it

The wizard is open while there is no account, to whoever has the code, and after that to the administrator who was made
in step 1, until it is finished; then it is gone.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from config.district import read_district
from config.files import parse_toml
from config.loading import load_into
from config.settings import GatewaySettings, Settings, load_settings
from config.setup.listening import Listening
from config.setup.state import Progress, draw_code, fits, keep_progress, read_progress
from config.setup.typed import checked, coordinates, own_words
from config.setup.typed import phone as typed_phone
from config.setup.typed import phones as typed_phones
from config.setup.typed import port as typed_port
from config.setup_file import read_written, write, write_secret
from config.wiring import House
from config.wiring_lifeline import called
from config.wiring_providers import make_provider
from devices.decoders import DECODERS
from devices.ports import without_password
from devices.ports.found import FoundPort, found_ports
from devices.store.devices import Devices
from dispatch.accounts.sign_in import Grant, SignIn
from dispatch.errors import Invalid, NotAllowed, NotFound
from dispatch.ids import AttemptId, new_id
from dispatch.lifeline import CANARY
from dispatch.messages.providers.provider import Outcome, Outgoing
from dispatch.rules.message import Channel
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.people import People
from dispatch.store.proofs import Proofs
from dispatch.web.setup import Check, Deeds
from schedules.duty.store.shifts import Shifts

SPEEDS: Mapping[str, int] = {"rflink": 57_600}
"""What the makers set; everything else begins at 9600."""

SAFE_SCHEMES = frozenset({
    "", "socket", "rfc2217", "tcp-listen", "udp-listen", "sip-listen", "mqtt", "mqtts", "http",
})  # fmt: skip
"""A page of the web may not name a program to be started (`exec:`): that is written into the file by hand."""

TEST_SAYS = {
    "zh": "【安铃】这是一条测试短信，不用回复。",
    "en": "[Anling] This is a test; no answer is needed.",
}

TEST = "test_message"

log = structlog.get_logger()


class Wizard(Deeds):
    """`file` is the installer's own settings file, None where there is none; `restart` begins the service anew."""

    def __init__(self, house: House, sign_in: SignIn, *, file: Path | None, restart: Callable[[], None] | None) -> None:
        self._house = house
        self._sign_in = sign_in
        self._file = file
        self._restart = restart
        self._lock = threading.Lock()
        self._code = "" if self._has_accounts() else draw_code()
        self._listening: Listening | None = None
        if self._code:
            address = house.settings.web.base_url + "/setup"
            log.warning("setup_waits", address=address, code=self._code)

    # ------------------------------------------------------------------------------------------- whether it is open

    @property
    def code(self) -> str:
        """What opens it while there is no account; "" afterwards."""
        return "" if self._has_accounts() else self._code

    def progress(self) -> Progress | None:
        """None when there is nothing to set up any more."""
        there = read_progress(self._house.settings.home)
        if not self._has_accounts():
            return Progress(step=1)
        return None if there is None or there.done else Progress(step=max(2, there.step))

    def _has_accounts(self) -> bool:
        return bool(self._sign_in.operators())

    # ------------------------------------------------------------------------------------------- 1 administrator

    def make_administrator(
        self, *, code: str, login: str, name: str, password: str, phone: str, lang: str, ip: str
    ) -> Grant:
        with self._lock:
            if self._has_accounts():
                raise NotFound("There is an account already.")
            if not self._code or not fits(self._code, code):
                log.warning("setup_code_wrong", ip=ip)
                raise NotAllowed("The code is not the one that anling serve has printed.")
            number = typed_phone(phone, "phone") if phone.strip() else None
            if not name.strip():
                raise Invalid("Write a name.", {"name": ["Write a name."]})
            # Before the account: a process that is killed in between must find the wizard open for it.
            keep_progress(self._house.settings.home, Progress(step=2))
            self._sign_in.add_operator(login, name.strip(), password, phone=number, lang=lang)
            if number:
                write(self._house.settings.home, {"operators": {"phones": [number]}})
        return self._sign_in.sign_in(login=login, password=password, ip=ip)

    # ------------------------------------------------------------------------------------------- 2 district

    def district(self) -> dict[str, str]:
        with self._house.reading.connect() as connection:
            people = People(connection)
            name, zone = people.district()
            station = next(iter(people.stations()), None)
        place = station.position if station else None
        return {
            "district": name, "timezone": zone, "station": station.name if station else "",
            "code": station.code if station else "S1", "place": f"{place.lat:.6f}, {place.lng:.6f}" if place else "",
        }  # fmt: skip

    def keep_district(self, said: Mapping[str, str], *, by: Person) -> None:
        lat, lng = coordinates(said.get("place", ""))
        known = self.district()
        code = known["code"] if known["station"] else said.get("code", "").strip() or "S1"
        row = {
            "code": code, "name": said.get("station", "").strip(), "lat": lat,
            "lng": lng, "datum": said.get("datum", "wgs84"),
        }  # fmt: skip
        if not row["name"] or not said.get("district", "").strip():
            raise Invalid("Write the names of the district and of the station.", {"station": ["Write a name."]})
        district = {"name": said["district"].strip(), "timezone": said.get("timezone", "").strip() or "Asia/Shanghai"}
        with own_words():
            read = read_district({"district": district, "stations": [row]})
        load_into(self._house.transactions, read)
        self._house.forget()
        self._did("district", by)
        self._onward(3)

    # ------------------------------------------------------------------------------------------- 3 gateway

    def ports(self) -> Sequence[FoundPort]:
        return found_ports()

    def protocols(self) -> Sequence[str]:
        return sorted(DECODERS)

    def gateways(self) -> Sequence[dict[str, Any]]:
        """Those of the settings as they will be, each with how it is now."""
        running = {each.name: each.state for each in self._house.everybody()}
        return [
            {
                "name": each.name, "protocol": each.protocol, "port": without_password(each.port),
                "connected": running[each.name].connected if each.name in running else None,
                "frames": running[each.name].frames if each.name in running else 0,
            }
            for each in self._coming().gateways
        ]  # fmt: skip

    def listening(self) -> Listening | None:
        return self._listening

    def listen(self, said: Mapping[str, str]) -> None:
        """Begins to listen to a port, in the place of the one before."""
        wanted = self._gateway(said)
        if any(each.port == wanted.port for each in self._house.settings.gateways):
            raise Invalid("The service listens to this port already; its frames are counted above.", {"port": ["-"]})
        self.end_listening()
        self._listening = Listening(wanted, self._house.clock)

    def end_listening(self) -> None:
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.stop()

    def keep_gateway(self, said: Mapping[str, str], *, by: Person) -> None:
        wanted = self._gateway(said)
        self._refuse_elsewhere("gateways")
        self.end_listening()
        rows = [each for each in self._rows() if each["name"] != wanted.name]
        row = {"name": wanted.name, "protocol": wanted.protocol, "port": wanted.port, "baud": wanted.baud}
        self._write({"gateways": [*rows, row]})
        self._did("gateway", by)
        self._onward(4)

    def pass_gateway(self) -> None:
        self.end_listening()
        self._onward(4)

    def _gateway(self, said: Mapping[str, str]) -> GatewaySettings:
        port = typed_port(said.get("other", "")) or said.get("port", "").strip()
        protocol = said.get("protocol", "")
        if not port:
            raise Invalid("Choose a port, or write an address.", {"port": ["Choose a port."]})
        if protocol not in DECODERS:
            raise Invalid("Choose what the gateway speaks.", {"protocol": ["Choose a protocol."]})
        scheme = "" if port.startswith("/") else port.partition(":")[0].lower()
        if scheme not in SAFE_SCHEMES or (not scheme and not port.startswith("/dev/")):
            what = "This kind of port is written into the settings file by hand."
            raise Invalid(what, {"port": [what]})
        baud = int(said["baud"]) if said.get("baud", "").isdecimal() else SPEEDS.get(protocol, 9600)
        name = said.get("name", "").strip() or f"{protocol}-1"
        row = {"name": name, "protocol": protocol, "port": port, "baud": baud}
        return checked({"gateways": [row]}).gateways[0]

    def _rows(self) -> list[dict[str, Any]]:
        return list(read_written(self._house.settings.home).get("gateways", []))

    # ------------------------------------------------------------------------------------------- 4 messages

    def messages(self) -> dict[str, Any]:
        said = self._coming()
        return {
            "order": list(said.messages.order), "account_sid": said.providers.twilio.account_sid,
            "from": said.providers.twilio.sender, "port": said.providers.modem.port, "lacking": said.lacking(),
        }  # fmt: skip

    def keep_messages(self, said: Mapping[str, str], *, by: Person) -> None:
        self._refuse_elsewhere("messages")
        chosen = said.get("provider", "console")
        home = self._house.settings.home
        if chosen == "console":
            changes: dict[str, Any] = {"messages": {"order": ["console"]}}
        elif chosen == "modem":
            port = said.get("modem_port", "").strip()
            if not port.startswith("/dev/"):
                raise Invalid("Choose the port of the modem.", {"modem_port": ["Choose the port of the modem."]})
            changes = {"messages": {"order": ["modem"]}, "providers": {"modem": {"port": port}}}
        elif chosen == "twilio":
            changes = self._twilio(said, home)
        else:
            raise Invalid("Choose how messages leave.", {"provider": ["Choose one."]})
        self._write(changes)
        self._did("messages", by)

    def _twilio(self, said: Mapping[str, str], home: Path) -> dict[str, Any]:
        token = said.get("auth_token", "").strip()
        account = {"account_sid": said.get("account_sid", "").strip(), "from": said.get("from", "").strip()}
        known = self._coming().providers.twilio.auth_token
        wrong = {name: ["Missing."] for name, value in account.items() if not value}
        if wrong or not (token or known):
            raise Invalid("Write the account's SID, its token and the sending number.", wrong or {"auth_token": ["-"]})
        if token:
            path = write_secret(home, "twilio-token", token)
            account["auth_token_file"] = str(path)
        return {"messages": {"order": ["twilio"]}, "providers": {"twilio": account}}

    def test_message(self, phone: str, *, lang: str, by: Person) -> str:
        """Sends one test message by the first provider of the settings as they will be; what became of it."""
        number, settings = typed_phone(phone, "test_phone"), self._coming()
        if settings.lacking():
            return "; ".join(f"{key}: {cure}" for key, cure in settings.lacking().items())
        name = settings.messages.order[0]
        running = self._house.providers.get(name)
        as_is = settings.providers == self._house.settings.providers
        provider = (
            running
            if running is not None and as_is
            else make_provider(name, settings, self._house.panel, self._house.clock, new_id)
        )
        sent = provider.send(
            Outgoing(attempt_id=AttemptId(new_id()), channel=Channel.SMS, to=number, text=TEST_SAYS[lang], lang=lang)
        )
        self._did("test_message", by)
        taken = sent.outcome is Outcome.TAKEN
        self._house.transactions.run(lambda tx: Proofs(tx.connection).keep(TEST, tx.now, worked=taken, detail=name))
        return "" if taken else sent.detail or sent.code or name

    def messages_done(self) -> None:
        self._onward(5)

    # ------------------------------------------------------------------------------------------- 5 who hears it

    def hearers(self) -> dict[str, Any]:
        said = self._coming()
        return {
            "phones": ", ".join(said.operators.phones), "ping_url": said.alive.ping_url,
            "sounding": self._house.consoles.sounding(), "needs_console": said.alive.needs_console,
        }  # fmt: skip

    def keep_hearers(self, said: Mapping[str, str], *, by: Person) -> None:
        phones = typed_phones(said.get("phones", ""), "phones")
        if not phones:
            raise Invalid("Write at least one telephone of the people on watch.", {"phones": ["Missing."]})
        url, needs = said.get("ping_url", "").strip(), said.get("needs_console", "") == "yes"
        self._write({"operators": {"phones": phones}, "alive": {"ping_url": url, "needs_console": needs}})
        self._did("hearers", by)
        self._onward(6)

    # ------------------------------------------------------------------------------------------- 6 canary

    def needs_restart(self) -> bool:
        """Whether something was chosen that only a new start takes up."""
        return self._coming() != self._house.settings

    @property
    def can_restart(self) -> bool:
        return self._restart is not None

    def restart(self, *, by: Person) -> None:
        self._did("restart", by)
        assert self._restart is not None
        self._restart()

    def try_all(self, *, by: Person) -> None:
        """Sends the canaries; `checks` tells what has come of them."""
        self._house.lifeline.sing_all(by=by)

    def checks(self) -> list[Check]:
        """Each part of the way from the button to the ear, with the cure where it does not work yet."""
        coming, house, now = self._coming(), self._house, self._house.clock.now()
        proofs = {each.name: each for each in house.lifeline.proofs()}
        found = [Check(name="settings", well=coming == house.settings)]
        found += [Check(name="gateway", well=False)] if not coming.gateways else []
        for each in house.gateways:
            found += self._way(each, proofs.get(CANARY + each.name), now)
        silent = coming.messages.order == ("console",)
        test = proofs.get(TEST)
        tested = test is not None and test.proven_at == test.tried_at and not silent
        found.append(Check(name="nowhere" if silent else "messages", well=tested))
        found.append(Check(name="phones", well=bool(coming.operators.phones)))
        found.append(Check(name="consoles", well=bool(house.consoles.sounding())))
        wrong = called(coming.alive.ping_url) if coming.alive.ping_url else ""
        found.append(Check(name="outside", well=bool(coming.alive.ping_url) and not wrong, detail=wrong))
        return found

    def _way(self, gateway: Any, proof: Any, now: datetime) -> list[Check]:
        """A line, and whether a pretend press came through it; nothing comes through a line that is not there."""
        there, name = gateway.state.connected, gateway.name
        rows = {each.name: each for each in self._house.settings.gateways}
        local = name not in rows or rows[name].port.startswith("/")
        line = Check(name="line" if local else "network", well=there, of=name, detail=gateway.state.error)
        at = proof.proven_at if proof else None
        fresh = at is not None and now - at < timedelta(minutes=10)
        return [line, Check(name="canary", well=fresh, of=name)] if there else [line]

    def needs(self) -> Mapping[str, bool]:
        """What a first alarm needs besides, in the order in which it is made: whether there is one."""
        with self._house.reading.connect() as connection:
            people = People(connection)
            return {
                "carers": bool(people.carers()), "homes": bool(people.residents()),
                "duty": bool(Shifts(connection).future(self._house.clock.now())),
                "devices": bool(Devices(connection).active()),
            }  # fmt: skip

    def finish(self, *, by: Person) -> None:
        self.end_listening()
        self._did("finished", by)
        keep_progress(self._house.settings.home, Progress(step=6, done=True))

    def stop(self) -> None:
        self.end_listening()

    # ------------------------------------------------------------------------------------------- all of them

    def _coming(self) -> Settings:
        """The settings as the next start will have them."""
        return load_settings(self._file)

    def _write(self, changes: Mapping[str, Any]) -> None:
        checked(changes)
        write(self._house.settings.home, changes)

    def _refuse_elsewhere(self, section: str) -> None:
        if self._file is not None and section in parse_toml(self._file):
            what = f"{self._file} says [{section}] already, and has the last word: change it there."
            raise Invalid(what, {section: [what]})

    def _onward(self, step: int) -> None:
        there = read_progress(self._house.settings.home)
        if there is None or not there.done:
            keep_progress(self._house.settings.home, Progress(step=max(step, there.step if there else step)))

    def _did(self, what: str, by: Person) -> None:
        self._house.transactions.run(lambda tx: tx.log(Line(kind="set_up", by=by, facts={"step": what})))
