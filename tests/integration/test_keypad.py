"""Carers who ring in sign visits by key; nobody who wants the desk is ever held by it."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from dispatch.rules.calls import WAIT_S, CallState
from dispatch.rules.people import carer_id
from dispatch.store.people import carers, contacts
from schedules.care.rules.evidence import Limits
from schedules.care.rules.lateness import Patience
from schedules.care.rules.presence import State
from schedules.care.rules.visit import Source, Wanted
from schedules.care.store.visits import Visits
from schedules.care.visit_letters import Letters
from schedules.care.visit_planning import Planning
from schedules.care.visiting import Visiting
from schedules.carers.keypad import VisitKeypad
from tests.builders import PUBLIC_URL
from tests.integration.call_rig import DESK, CallRig, incoming

CARER, DAUGHTER = "+8613800000001", "+8613800000201"
VOICE = f"{PUBLIC_URL}/hooks/twilio/voice"
MENU = "签到请按一，签退请按二，找值守台请按零。"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Rig(CallRig):
    """Calls into a world in which C1 has visits."""

    def __init__(self, folder):
        super().__init__(folder, keypad=self._keypad)
        self.keys = 0

    def _keypad(self, world):
        self.visiting = Visiting(
            world.transactions, world.reading, world.clock, world.calendar, world.desk, letters=Letters([]),
            patience=Patience(), limits=Limits(), nudge=lambda: None,
        )  # fmt: skip
        return VisitKeypad(
            world.transactions, self.visiting, world.calls, local=world.calendar.local, nudge=lambda: None
        )

    def visit(self, after=timedelta(), home="H1", resident="R1"):
        """One of C1 that begins then: what it is, whenever it is called."""
        world, self.keys = self.world, self.keys + 1
        start, key = world.clock.now() + after, f"plan:{self.keys}"
        wanted = Wanted(
            key=key, source=Source.PLAN, home_id=world.home(home), resident_id=world.resident(resident),
            on=world.calendar.day_of(start), start_from=start, start_by=start + 30 * MINUTE, minutes=60,
            items=("B01",), usual=(carer_id(world.carer("C1")),),
        )  # fmt: skip

        class Wants:
            def wanted(self, day):
                return [wanted] if day == wanted.on else []

        Planning(
            world.transactions, world.reading, world.clock, world.calendar, sources=[Wants()], patience=Patience(),
            days_ahead=1, nudge=lambda: None,
        ).plan(wanted.on)  # fmt: skip

        def now():
            with world.reading.connect() as connection:
                return Visits(connection).by_key([key])[key]

        return now

    def alarms(self):
        return self.house.review.board()

    def over(self, sender=CARER):
        """The caller hangs up, and the time for a call to be missed goes by."""
        self.hangs_up(sender)
        self.world.advance(WAIT_S + 5)
        self.settle()


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def test_a_carer_signs_in_and_out_by_key_and_no_call_of_theirs_is_missed(rig):
    visit = rig.visit()
    phone = rig.rings_in(CARER)
    assert (phone.said, phone.asks) == ([MENU], True)
    assert phone.press("1").said[-1] == "已签到，谢谢。找值守台请按零。"
    assert visit().state is State.BEGUN
    assert phone.wait().over
    rig.over()
    (call,) = rig.on_file()
    assert (call.state, call.judged, call.judged_by) == (CallState.ANSWERED, "no_alarm", rig.world.carer("C1"))
    rig.rings_in(CARER, "CA78").press("2")
    assert visit().state is State.FINISHED
    rig.hangs_up(CARER, sid="CA78")
    rig.world.advance(WAIT_S + 5)
    assert rig.alarms() == []
    assert [each.kind for each in rig.entries() if each.kind.startswith("call")] == ["call_came", "call_answered"] * 2


def test_no_key_and_every_other_key_is_the_desk(rig):
    visit = rig.visit()
    for sid, key in (("CA70", "0"), ("CA71", "7"), ("CA72", "#")):
        phone = rig.rings_in(CARER, sid).press(key)
        assert [number for number, _ in phone.dialled] == [DESK[0]]
    phone = rig.rings_in(CARER).wait()
    assert [number for number, _ in phone.dialled] == [DESK[0]]
    phone.dial_ends("no-answer").dial_ends("busy")
    rig.over()
    assert [each["cause"] for each in rig.alarms()] == ["missed_call"]
    assert visit().state is State.PLANNED


def test_whoever_wants_the_desk_after_a_key_is_waited_for_like_any_other(rig):
    visit = rig.visit()
    rig.rings_in(CARER, "CA70").press("1").press("2")
    assert visit().state is State.BEGUN, "after a key every further key is the desk"
    phone = rig.rings_in(CARER).press("2").press("0")
    assert [number for number, _ in phone.dialled] == [DESK[0]]
    assert rig.on_file()[0].state is CallState.RINGING
    rig.over()
    assert [each["cause"] for each in rig.alarms()] == ["missed_call"]


def test_without_a_visit_near_now_everything_is_as_it_was(rig):
    rig.visit(after=5 * HOUR)
    phone = rig.rings_in(CARER)
    assert (phone.asks, [number for number, _ in phone.dialled]) == (False, [DESK[0]])


def test_nobody_else_hears_a_menu(rig):
    rig.visit()
    for nth, sender in enumerate([DAUGHTER, "+8613800000101", "+8613912345678", "anonymous", ""]):
        assert [number for number, _ in rig.rings_in(sender, f"CA7{nth}").dialled] == [DESK[0]], sender
    kin = update(contacts).where(contacts.c.phone == DAUGHTER).values(phone=CARER)
    assert rig.rings_in(CARER, "CA80").asks
    rig.world.transactions.run(lambda tx: tx.connection.execute(kin))
    assert rig.rings_in(CARER, "CA81").dialled, "a carer who is also somebody's kin"


def test_a_number_that_two_carers_share_and_a_carer_who_left_are_put_through(rig):
    rig.visit()
    shared = update(carers).where(carers.c.code == "C2")
    rig.world.transactions.run(lambda tx: tx.connection.execute(shared.values(phone=CARER)))
    assert rig.rings_in(CARER, "CA70").dialled
    rig.world.transactions.run(lambda tx: tx.connection.execute(shared.values(phone=None)))
    assert rig.rings_in(CARER, "CA71").asks
    left = update(carers).where(carers.c.code == "C1")
    rig.world.transactions.run(lambda tx: tx.connection.execute(left.values(ended_at=tx.now)))
    assert rig.rings_in(CARER).dialled


def test_who_is_asked_to_an_alarm_is_put_through_and_signs_nothing(rig):
    visit = rig.visit()
    phone = rig.rings_in(CARER)
    rig.world.press()
    rig.settle()
    assert rig.rings_in(CARER, "CA78").dialled
    assert phone.press("1").dialled, "asked meanwhile: the key is no answer to the visit any more"
    assert visit().state is State.PLANNED


def test_of_two_visits_a_further_key_says_which_by_its_time(rig):
    first, second = rig.visit(), rig.visit(after=HOUR, home="H2", resident="R3")
    phone = rig.rings_in(CARER).press("1")
    at = [rig.world.calendar.local(each().wanted.start_from) for each in (first, second)]
    assert phone.said[-1] == "".join(f"{each.hour}点{each:%M}分的上门请按{n}。" for n, each in enumerate(at, start=1))
    assert phone.press("2").said[-1].startswith("已签到")
    assert (first().state, second().state) == (State.PLANNED, State.BEGUN)


def test_a_choice_that_is_none_is_the_desk(rig):
    visits = rig.visit(), rig.visit(after=HOUR, home="H2", resident="R3")
    for sid, key in (("CA1", "3"), ("CA2", "0"), ("CA3", None)):
        phone = rig.rings_in(CARER, sid).press("1")
        assert (phone.wait() if key is None else phone.press(key)).dialled
    assert [each().state for each in visits] == [State.PLANNED] * 2


def test_a_key_with_nothing_to_sign_leads_to_the_desk(rig):
    rig.visit()
    phone = rig.rings_in(CARER).press("2")
    assert (phone.said[-1], bool(phone.dialled)) == ("现在没有可签的上门。正在接通值守台。", True)


def test_told_thrice_and_forged_is_told_once(rig):
    visit = rig.visit()
    form = incoming(CARER, "CA77")
    press = form | {"Digits": "1"}
    rig.post(VOICE, form)
    assert rig.post(f"{VOICE}?i=keys&l=zh", press, token="guessed")[0] == 403
    assert visit().state is State.PLANNED
    answers = {rig.post(f"{VOICE}?i=keys&l=zh", press)[1] for _ in range(3)}
    assert len(answers) == 1
    assert [each.kind for each in rig.entries()].count("visit_begun") == 1
    rig.post(VOICE, form)
    assert rig.on_file()[0].state is CallState.ANSWERED, "a copy of its coming rings no desk"


@pytest.mark.error_lines("keypad_failed")
def test_a_mistake_in_the_keys_never_keeps_a_call_from_the_desk(rig, monkeypatch):
    rig.visit()
    phone = rig.rings_in(CARER)

    def broken(*_):
        raise RuntimeError("a mistake")

    monkeypatch.setattr(rig.house.keypad, "hear", broken)
    assert phone.press("1").dialled
    assert rig.rings_in(CARER, "CA78").dialled


def test_question_wait_and_all_telephones_fit_into_the_time_before_a_call_is_missed():
    from dispatch.messages.providers.twilio_inbound import DESK_MAX, RING_S
    from dispatch.messages.providers.twilio_keys import KEY_WAIT_S

    spoken_s = len(MENU + "正在接通值守台。") / 4
    assert spoken_s + KEY_WAIT_S + DESK_MAX * RING_S < WAIT_S
