"""Two whole services on one PostgreSQL; and what SQLite says to a second one."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.e2e.rig import Rig, district, phone_of, policy, rest, sent_more_than_once, until
from tests.fakes.twilio_faults import Fault
from tests.fakes.twilio_standin import TwilioStandin
from tests.postgres import Postgres

HOMES = 50
CARERS = 60
ROLES = "engine,gateway,web"
STEPS = policy("offer_nearest 20", "offer_nearest 20", "offer_nearest 20", "all_hands 60")


@pytest.fixture(scope="module")
def postgresql(postgres: Postgres) -> str:
    """The address of a PostgreSQL of our own."""
    return postgres.database()


class Carers(threading.Thread):
    """
    Everybody accepts the first alarm they are asked about and declines any other, by its code: now at this engine's
    hook, now at the other's.
    """

    def __init__(self, twilio: TwilioStandin, rigs: list[Rig]) -> None:
        super().__init__(daemon=True)
        self._twilio = twilio
        self._rigs = rigs
        self.ending = threading.Event()
        self.leading: set[str] = set()
        self._answered: set[str] = set()

    def run(self) -> None:
        while not self.ending.wait(0.1):
            for made in list(self._twilio.made):
                code = re.search("码([0-9]{2})", made["body"] or "")
                if code and "接单" in made["body"] and made["sid"] not in self._answered:
                    self._answer(made["sid"], made["to"], code[1])

    def _answer(self, sid: str, phone: str, code: str) -> None:
        rig = self._rigs[len(self._answered) % len(self._rigs)]
        try:
            status, _ = rig.reply(phone, f"{code} {2 if phone in self.leading else 1}")
        except OSError:
            return
        if status == 200:
            self._answered.add(sid)
            self.leading.add(phone)


def test_two_engines_on_one_database_ask_each_once_and_one_finishes_for_the_other(tmp_path, postgresql):
    with ExitStack() as stack:
        twilio = stack.enter_context(TwilioStandin())
        twilio.always = Fault(how="delay", seconds=0.3)
        rigs = [
            stack.enter_context(
                Rig(tmp_path / name, escalation=STEPS, twilio=twilio, radio=False, database_url=postgresql, roles=ROLES)
            )
            for name in ("one", "other")
        ]
        one, other = rigs
        one.load(district(homes=HOMES, carers=[phone_of(number) for number in range(1, CARERS + 1)]))
        key = one.key("alarms signals read")
        for rig in rigs:
            rig.start()
        carers = Carers(twilio, rigs)
        carers.start()
        with ThreadPoolExecutor(16) as callers:
            asked = [callers.submit(_raise, rigs, key, number) for number in range(HOMES * 2)]
            until("a third of the carers are asked", lambda: len(twilio.made) > HOMES // 3)
            one.kill()
            rigs.remove(one)
            assert all(each.result() for each in asked)
        until(
            "every alarm is accepted",
            lambda: other.one("SELECT count(*) FROM alarms WHERE state = 'accepted'") == HOMES,
            60,
        )
        until("nothing waits to be sent", lambda: other.metric("messages_waiting") == 0)
        carers.ending.set()
        carers.join()
        _assert_each_once(other, twilio)
        in_doubt = other.rows(
            "SELECT m.sentence, m.state, m.reason, a.seq, m.tries"
            " FROM attempts a JOIN messages m ON m.id = a.message_id WHERE a.outcome = 'in_flight'"
        )
        assert in_doubt == [], "what the killed engine had in flight was never settled"
        other.assert_sound()
        other.stop()
        assert other.surprises() == []


def _raise(rigs: list[Rig], key: str, number: int) -> bool:
    """The same home by the hotline at one engine and by a forwarding gateway at the other, at about the same time."""
    home, by_gateway = number // 2 + 1, number % 2
    spooled = {
        "seq": home, "protocol": "surgard", "device": f"{4000 + home}", "event": "press",
        "received_at": "2026-11-21T12:00:00+08:00",
    }  # fmt: skip
    path, body = (
        ("/api/v1/signals", {"gateway": "edge", "epoch": "e1", "signals": [spooled]})
        if by_gateway
        else ("/api/v1/alarms", {"home": f"H{home}", "cause": "hotline"})
    )
    for attempt in range(200):
        try:
            status, _ = rigs[(number + attempt) % len(rigs)].post(path, body, key=key)
        except OSError:
            status = 0
        if status in {200, 201}:
            return True
        rest(0.1)
    return False


def _assert_each_once(rig: Rig, twilio: TwilioStandin) -> None:
    assert rig.one("SELECT count(*) FROM alarms") == HOMES
    assert rig.one("SELECT count(*) FROM (SELECT DISTINCT number FROM alarms) n") == HOMES
    first = rig.rows(
        "SELECT alarm_id FROM entries WHERE kind = 'step_taken' AND body LIKE '%\"index\"_0%'"
        " GROUP BY alarm_id HAVING count(*) > 1"
    )
    assert first == [], "the first step was taken twice"
    assert rig.one("SELECT count(*) FROM messages WHERE sentence = 'offer' AND channel = 'sms'") >= HOMES
    doubled = rig.rows(
        "SELECT alarm_id, person, sentence, channel FROM messages WHERE alarm_id IS NOT NULL AND sentence = 'offer'"
        " GROUP BY alarm_id, person, sentence, channel HAVING count(*) > 1"
    )
    assert doubled == []
    assert rig.rows("SELECT person FROM offers WHERE role = 'lead' GROUP BY person HAVING count(*) > 1") == []
    for count, outcomes in sent_more_than_once(rig, twilio).values():
        doubtful = sum(outcome in {"unknown", "confirmed", "in_flight"} for outcome in outcomes)
        assert doubtful >= count - 1, f"sent {count} times with {outcomes}"


def test_on_sqlite_a_second_service_refuses_with_one_sentence(tmp_path):
    with Rig(tmp_path, district=district(), radio=False) as rig:
        rig.start()
        second = rig.anling("serve")
        assert second.returncode == 1
        assert second.stderr.strip().count("\n") == 0
        assert "another anling process owns this database" in second.stderr
        assert rig.is_ready()
        rig.stop()


@pytest.mark.parametrize("roles", ["engine", "web,gateway", "engine,web", "dispatcher"])
def test_on_sqlite_split_roles_refuse_with_one_sentence(tmp_path, roles):
    with Rig(tmp_path, radio=False) as rig:
        refused = rig.anling("serve", "--roles", roles)
        assert refused.returncode == 1
        assert refused.stderr.startswith("anling: --roles")
        assert refused.stderr.strip().count("\n") == 0
