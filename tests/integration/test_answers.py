"""What people answer, through the real answers and the real desk: done, asked back, or put on the operator's list."""

import threading
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql

from dispatch import learning
from dispatch.answers import Answers, Said
from dispatch.errors import Misconfigured
from dispatch.expectations import DeskClaims, Done, Expectation
from dispatch.messages.courier import Courier
from dispatch.rules import offers, reply
from dispatch.rules.alarm import OfferState, Outcome, Proof, Role, State
from dispatch.rules.people import operator
from dispatch.rules.phrases import standing as by_standing
from dispatch.rules.record import Line
from dispatch.rules.reply import Standing, parse
from dispatch.store.people import People
from dispatch.store.record import entries
from dispatch.store.replies import Replies, replies
from tests.builders import DISTRICT, build_world, policies_of
from tests.fakes.line import until
from tests.fakes.provider import ScriptedProvider

WANG = operator("wang")
PHONES = {"C1": "+8613800000001", "C2": "+8613800000002", "C3": "+8613800000003"}
DAUGHTER = "+8613800000201"
STEPS = (
    {"step": "offer_nearest", "wait_s": 20},
    {"step": "offer_nearest", "wait_s": 20},
    {"step": "call_carer", "wait_s": 20},
    {"step": "call_family", "wait_s": 20},
    {"step": "all_hands", "wait_s": 120},
)


class Talk:
    """A world in which people answer by text and by key."""

    def __init__(self, folder, **more):
        self.world = build_world(folder, policies=policies_of(*STEPS), **more)
        self.count = 0

    def press(self, home="H1", resident=None):
        alarm_id = self.world.press(home, resident)
        self.world.wake()
        return alarm_id

    def says(self, who, text, *, key=None, **more):
        """Somebody answers and is understood; what became of it."""
        self.count += 1
        said = Said(key=key or f"said-{self.count}", sender=PHONES.get(who, who), text=text, **more)
        self.world.answers.receive("test", [said])
        self.world.wake()
        return self.result(said.key)

    def result(self, key):
        with self.world.reading.connect() as connection:
            return connection.execute(select(replies.c.result).where(replies.c.key == key)).scalar_one()

    def offer(self, alarm_id, code):
        person = self.world.carer(code)
        return next((each for each in self.world.offers(alarm_id) if each.person == person), None)

    def told(self):
        """What was said back: sentence and facts, oldest first."""
        known = {"ask_which", "not_understood", "closed", "late", "no_task", "ask_outcome"}
        found = [each for each in self.world.messages() if each.sentence in known or "confirm" in each.sentence]
        return [(each.sentence, each.to, dict(each.facts)) for each in reversed(found)]

    def sentences(self):
        return [sentence for sentence, _, _ in self.told()]

    def lines(self, kind):
        query = select(entries.c.body).where(entries.c.kind == kind).order_by(entries.c.number)
        with self.world.reading.connect() as connection:
            return [row.body for row in connection.execute(query)]

    def leads(self, alarm_id, code):
        offer = self.offer(alarm_id, code)
        return offer is not None and offer.role is Role.LEAD


@pytest.fixture
def talk(tmp_path):
    talk = Talk(tmp_path)
    yield talk
    talk.world.close()


@pytest.fixture
def alone(tmp_path):
    """Only one carer on duty: asked about everything."""
    talk = Talk(tmp_path, on_duty=("C1",))
    yield talk
    talk.world.close()


def code_of(talk, alarm_id, code="C1"):
    return talk.offer(alarm_id, code).code


# ------------------------------------------------------------------------------------------------ one alarm


@pytest.mark.parametrize("text", ["1", "１", "1。", " 接单 ", "好的", "我马上到", "OK", "【安铃】1", "1️⃣"])
def test_one_word_or_digit_accepts_what_one_was_asked(talk, text):
    alarm_id = talk.press()
    assert talk.says("C1", text) == "accept"
    assert talk.leads(alarm_id, "C1")
    assert [each.sentence for each in talk.world.messages(alarm_id)].count("details") == 1
    assert talk.told() == [], "the door says it"


def test_a_code_may_stand_before_it(talk):
    alarm_id = talk.press()
    assert talk.says("C1", f"{code_of(talk, alarm_id)} 1") == "accept"
    assert talk.leads(alarm_id, "C1")


def test_a_wrong_code_does_nothing_and_is_answered(talk):
    alarm_id = talk.press()
    wrong = 10 if code_of(talk, alarm_id) != 10 else 11
    assert talk.says("C1", f"{wrong} 1") == "no_task"
    assert talk.world.alarm(alarm_id).state is State.OFFERED
    assert talk.sentences() == ["no_task"]


def test_what_is_answered_is_on_file_with_its_words(talk):
    alarm_id = talk.press()
    talk.says("C1", "2")
    assert "answered" in talk.world.kinds(alarm_id)
    assert '"result":"decline"' in talk.lines("answered")[0]


def test_who_declines_is_thanked_and_replaced(talk):
    alarm_id = talk.press()
    assert talk.says("C1", "去不了") == "decline"
    assert talk.offer(alarm_id, "C1").state is OfferState.DECLINED
    assert talk.offer(alarm_id, "C2").state is OfferState.OPEN
    assert talk.sentences() == ["confirm_decline"]
    assert talk.says("C1", "2") == "again"
    assert talk.sentences() == ["confirm_decline", "confirm_decline"]


@pytest.mark.parametrize(("text", "looked"), [("1", 0), ("3", 0), ("2", 1)])
def test_who_could_come_instead_is_looked_for_only_where_it_may_be_needed(talk, monkeypatch, text, looked):
    talk.press()
    muster, times = talk.world.muster, []
    propose = muster.propose
    monkeypatch.setattr(muster, "propose", lambda *asked: times.append(asked) or propose(*asked))
    talk.world.answers.receive("test", [Said(key="k", sender=PHONES["C1"], text=text)])
    with talk.world.reading.connect() as connection:
        (reply,) = Replies(connection).due(talk.world.clock.now(), 1)
    talk.world.answers.wake(reply)
    assert len(times) == looked


def test_a_leader_may_turn_back(talk):
    alarm_id = talk.press()
    talk.says("C1", "1")
    assert talk.says("C1", "2") == "decline"
    assert talk.offer(alarm_id, "C1").state is OfferState.DECLINED
    assert talk.world.alarm(alarm_id).needs_asking


def test_after_declining_one_may_think_better_of_it(talk):
    alarm_id = talk.press()
    talk.says("C1", "2")
    assert talk.says("C1", "1") == "accept"
    assert talk.leads(alarm_id, "C1")


@pytest.mark.parametrize("before", [["1"], []])
def test_who_is_there_says_so_whether_they_accepted_or_not(talk, before):
    alarm_id = talk.press()
    for text in before:
        talk.says("C1", text)
    assert talk.says("C1", "3") == "arrived"
    alarm = talk.world.alarm(alarm_id)
    assert (alarm.state, alarm.proof) == (State.ATTENDED, Proof.CLAIMED)
    assert talk.sentences() == ["confirm_arrived"]


def test_who_is_done_is_asked_how_it_ended_and_closes_nothing(talk):
    alarm_id = talk.press()
    talk.says("C1", "1")
    talk.says("C1", "3")
    assert talk.says("C1", "4") == "done"
    assert talk.sentences() == ["confirm_arrived", "ask_outcome"]
    assert talk.world.alarm(alarm_id).open
    assert talk.lines("reported_done") == ['{"outcome":null}']


def test_who_says_how_it_ended_is_not_asked_for_it(talk):
    alarm_id = talk.press()
    talk.says("C1", "3")
    assert talk.says("C1", "完成，没事") == "done"
    assert talk.sentences() == ["confirm_arrived", "confirm_done"]
    assert talk.lines("reported_done") == ['{"outcome":"helped"}']
    assert talk.world.alarm(alarm_id).open, "only an operator closes"


def test_who_never_accepted_cannot_be_done(talk):
    talk.press()
    assert talk.says("C1", "4") == "no_task"
    assert talk.lines("reported_done") == []


def test_in_the_room_nobody_declines_any_more(talk):
    alarm_id = talk.press()
    talk.says("C1", "3")
    assert talk.says("C1", "2") == "no_task"
    assert talk.world.alarm(alarm_id).state is State.ATTENDED


# ------------------------------------------------------------------------------------------------ not understood


@pytest.mark.parametrize("text", ["不好", "？", "1？", "1 2", "老人流血了", "救命", "", "👻", "x" * 5000])
def test_what_is_not_understood_is_asked_back_and_accepts_nothing(talk, text):
    alarm_id = talk.press()
    assert talk.says("C1", text) == "not_understood"
    assert talk.told() == [("not_understood", PHONES["C1"], {"code": code_of(talk, alarm_id)})]
    assert talk.world.alarm(alarm_id).state is State.OFFERED


def test_a_code_alone_is_asked_back(talk):
    alarm_id = talk.press()
    assert talk.says("C1", str(code_of(talk, alarm_id))) == "not_understood"


def test_out_of_the_blue_nothing_is_understood_and_nothing_done(talk):
    assert talk.says("C1", "天气不错") == "not_understood"
    assert talk.told() == [("not_understood", PHONES["C1"], {"code": None})]
    assert talk.says("C1", "1") == "no_task"


def test_an_unknown_sender_is_for_the_operator_and_hears_nothing(talk):
    talk.press()
    assert talk.says("+8613999999999", "1") == "unknown_sender"
    assert talk.told() == []
    assert '"result":"unknown_sender"' in talk.lines("answered")[0]


@pytest.mark.parametrize("text", ["进不去", "门打不开", "没人开门", "到了，敲门没人应", "can't get in"])
def test_who_cannot_get_in_pages_the_desk_and_is_told_so(talk, text):
    alarm_id = talk.press()
    talk.says("C1", "1")
    assert talk.says("C1", text) == "no_entry"
    assert talk.sentences() == ["confirm_no_entry"]
    assert '"why":"no_entry"' in talk.lines("operator_paged")[-1]
    assert talk.world.alarm(alarm_id).state is State.ACCEPTED


def test_who_is_not_going_cannot_be_at_the_door(talk):
    talk.press()
    assert talk.says("C1", "进不去") == "no_task"
    assert talk.lines("no_entry") == []


SAID = ["1", "2", "3", "4", "进不去", "啊？", "99 1", "2 全部", "1 2", "没到", "到了吗", "12", "", "👻"]


@pytest.mark.parametrize("before", [[], ["1"], ["2"], ["1", "3"]])
@pytest.mark.parametrize("text", SAID)
def test_every_answer_of_somebody_known_is_answered_in_the_unit_that_understands_it(talk, before, text):
    talk.press()
    for each in before:
        talk.says("C1", each)
    count = len(talk.world.messages())
    talk.says("C1", text)
    new = [each for each in talk.world.messages() if each.to == PHONES["C1"]]
    assert len(talk.world.messages()) > count
    assert new


def test_a_bare_answer_to_one_of_two_names_both_and_their_codes(alone):
    first, second = alone.press("H1"), alone.press("H2", "R2")
    texts = [each for each in alone.world.messages() if each.sentence == "offer" and str(each.channel) == "sms"]
    named = {each.alarm_id: each.facts["code"] for each in texts}
    assert named == {first: None, second: code_of(alone, second)}, "a code only when it is needed"
    assert alone.says("C1", "好的马上到") == "asked_back"
    assert str(code_of(alone, first)) in alone.told()[-1][2]["choices"]


# ------------------------------------------------------------------------------------------------ two alarms


def test_with_two_open_the_code_is_asked_for_and_never_guessed(alone):
    first, second = alone.press("H1"), alone.press("H2", "R2")
    assert alone.says("C1", "1") == "asked_back"
    ((sentence, to, facts),) = alone.told()
    assert (sentence, to) == ("ask_which", PHONES["C1"])
    assert set(facts["choices"].split("；")) == {
        f"{code_of(alone, first)} 柏林小区", f"{code_of(alone, second)} 红星里",
    }  # fmt: skip
    assert {alone.world.alarm(each).state for each in (first, second)} == {State.OFFERED}


def test_the_code_picks_one_of_two(alone):
    first, second = alone.press("H1"), alone.press("H2", "R2")
    assert alone.says("C1", f"{code_of(alone, second)}1") == "accept"
    assert alone.leads(second, "C1")
    assert alone.world.alarm(first).state is State.OFFERED


def test_everything_may_be_declined_at_once(alone):
    both = alone.press("H1"), alone.press("H2", "R2")
    assert alone.says("C1", "2 全部") == "decline"
    assert {alone.offer(each, "C1").state for each in both} == {OfferState.DECLINED}
    assert alone.sentences() == ["confirm_decline"], "thanked once"


def test_nothing_else_may_be_said_about_everything(alone):
    both = alone.press("H1"), alone.press("H2", "R2")
    assert alone.says("C1", "1 全部") == "not_understood"
    assert {alone.world.alarm(each).state for each in both} == {State.OFFERED}


def test_on_the_way_to_one_a_second_needs_its_code(alone):
    first = alone.press("H1")
    alone.says("C1", "3")
    second = alone.press("H2", "R2")
    assert alone.says("C1", "1") == "asked_back"
    assert alone.told()[-1] == ("ask_which", PHONES["C1"], {"choices": f"{code_of(alone, second)} 红星里"})
    assert alone.world.alarm(second).state is State.OFFERED
    assert alone.says("C1", f"{code_of(alone, second)} 1") == "accept"
    assert alone.leads(second, "C1")
    assert alone.leads(first, "C1")
    assert '"both":1' in alone.lines("accepted")[-1]


def test_on_the_way_to_one_the_other_may_be_declined_without_a_code(alone):
    first = alone.press("H1")
    alone.says("C1", "3")
    second = alone.press("H2", "R2")
    assert alone.says("C1", "2") == "decline"
    assert alone.offer(second, "C1").state is OfferState.DECLINED
    assert alone.world.alarm(first).state is State.ATTENDED


def test_who_arrived_at_one_of_two_says_at_which(alone):
    first, second = alone.press("H1"), alone.press("H2", "R2")
    assert alone.says("C1", "到了") == "asked_back"
    assert alone.says("C1", f"{code_of(alone, first)} 3") == "arrived"
    assert alone.world.alarm(first).state is State.ATTENDED
    assert alone.world.alarm(second).state is State.OFFERED


# ------------------------------------------------------------------------------------------------ where they stand


@pytest.mark.parametrize(
    ("before", "text", "result"),
    [
        ([], "五分钟", "accept"), ([], "嗯", "accept"), ([], "👌", "not_understood"), ([], "在忙", "decline"),
        ([], "好了", "no_task"), ([], "嗯。。。", "not_understood"), (["1"], "堵车", "accept"),
        (["1"], "到门口了", "arrived"), (["1", "3"], "走了", "done"), (["1", "3"], "好的", "no_task"),
        (["2"], "五分钟", "not_understood"),
    ],
)  # fmt: skip
def test_what_is_unclear_anywhere_may_be_clear_from_where_one_stands(talk, before, text, result):
    alarm_id = talk.press()
    for each in before:
        talk.says("C1", each)
    assert talk.says("C1", text) == result
    assert talk.leads(alarm_id, "C1") is (before in (["1"], ["1", "3"]) or result == "accept")


def test_asked_about_one_and_on_the_way_to_another_nothing_is_read_into_a_few_words(alone):
    first, second = alone.press("H1"), alone.press("H2", "R2")
    alone.says("C1", f"{code_of(alone, first)} 1")
    assert alone.says("C1", "五分钟") == "not_understood"
    assert alone.world.alarm(second).state is State.OFFERED


class Eager:
    """Somebody beside the desk who takes any yes for an answer."""

    def expects(self, tx, person, parsed, reply):
        if parsed.action != "accept":
            return []
        return [Expectation(99, "elsewhere", lambda tx: Done("eager"))]


def test_what_is_read_by_where_one_stands_is_for_the_desk_alone(talk):
    alarm_id = talk.press()
    talk.world.answers.join([Eager()], [])
    assert talk.says("C1", "1") == "asked_back"
    assert talk.says("C1", "五分钟") == "accept"
    assert talk.leads(alarm_id, "C1")


def test_a_few_words_about_one_of_two_are_asked_back(alone):
    first, second = alone.press("H1"), alone.press("H2", "R2")
    assert alone.says("C1", "五分钟") == "asked_back"
    assert {alone.world.alarm(each).state for each in (first, second)} == {State.OFFERED}


def test_in_the_room_nobody_is_told_that_they_have_no_task(talk):
    alarm_id = talk.press()
    talk.says("C1", "3")
    talk.says("C1", "好的")
    assert talk.told()[-1] == ("not_understood", PHONES["C1"], {"code": code_of(talk, alarm_id)})


# ------------------------------------------------------------------------------------------------ too late


@pytest.mark.parametrize("text", ["五分钟", "天气不错", "1", "3", "2"])
def test_whatever_is_answered_after_another_accepted_changes_nothing(talk, text):
    alarm_id = talk.press()
    talk.world.advance(20)
    talk.says("C2", "1")
    talk.says("C1", text)
    assert talk.leads(alarm_id, "C2")
    assert not talk.leads(alarm_id, "C1")
    assert talk.sentences()[-1] == {"2": "confirm_decline", "3": "confirm_arrived"}.get(text, "late")


@pytest.mark.parametrize("text", ["五分钟", "嗯", "1"])
def test_a_lapsed_offer_is_taken_while_nobody_else_has(talk, text):
    alarm_id = talk.press()
    talk.world.advance(20)
    assert talk.offer(alarm_id, "C1").state is OfferState.LAPSED
    assert talk.says("C1", text) == "accept"
    assert talk.leads(alarm_id, "C1")


def test_who_answers_after_another_accepted_hears_that_it_is_late(talk):
    alarm_id = talk.press()
    talk.world.advance(20)
    talk.says("C2", "1")
    assert talk.says("C1", "1") == "late"
    assert talk.told()[-1] == ("late", PHONES["C1"], {"place": "柏林小区", "number": "1121-001"})
    assert talk.leads(alarm_id, "C2")


def test_after_the_closing_everybody_hears_that_it_is_over(talk):
    alarm_id = talk.press()
    talk.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=WANG)
    assert talk.says("C1", "1") == "closed"
    assert talk.says("C1", "天气不错") == "closed"
    assert talk.told()[0] == ("closed", PHONES["C1"], {"number": "1121-001"})
    assert not talk.world.alarm(alarm_id).open


def test_after_a_day_it_is_nobodys_any_more(talk):
    alarm_id = talk.press()
    talk.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=WANG)
    talk.world.clock.advance(24 * 3600)
    assert talk.says("C1", "1") == "no_task"


def test_after_a_backup_reached_the_room_who_comes_late_is_told(talk):
    alarm_id = talk.press()
    talk.says("C1", "1")
    talk.world.desk.attend(alarm_id, talk.world.carer("C2"), proof=Proof.DOOR_CODE, by=WANG)
    assert talk.says("C1", "2") == "decline"
    talk.world.desk.offer(alarm_id, talk.world.carer("C3"), by=WANG)
    assert talk.says("C3", "1") == "late"
    assert talk.world.alarm(alarm_id).state is State.ATTENDED


# ------------------------------------------------------------------------------------------------ stop


@pytest.mark.parametrize("text", ["STOP", "退订", "TD"])
def test_who_wants_no_more_messages_gets_none(talk, text):
    talk.press()
    assert talk.says("C1", text) == "opted_out"
    with talk.world.reading.connect() as connection:
        carers = {each.code: each.opted_out for each in People(connection).carers()}
    assert carers == {"C1": True, "C2": False, "C3": False}
    assert len(talk.lines("opted_out")) == 1
    assert talk.told() == []


@pytest.mark.parametrize("text", ["STOP", "stop", "退订", "TD", "回T退订", "Unsubscribe"])
def test_an_opt_out_in_the_middle_of_an_alarm_asks_the_next_at_once_and_tells_the_desk(tmp_path, text):
    talk = Talk(tmp_path, operators=["+8613800000900"])
    alarm_id = talk.press()
    assert talk.offer(alarm_id, "C2") is None
    assert talk.says("C1", text) == "opted_out"
    assert talk.offer(alarm_id, "C1").state is OfferState.LAPSED
    assert talk.offer(alarm_id, "C2").state is OfferState.OPEN
    (told,) = [each for each in talk.world.messages() if each.sentence == "opted_out"]
    assert (told.to, told.facts["number"]) == ("+8613800000900", "C1")
    talk.says("C1", text)
    assert talk.world.alarm(alarm_id).open
    talk.world.close()


def test_who_opted_out_is_not_asked_about_the_next_alarm(talk):
    talk.says("C1", "STOP")
    alarm_id = talk.press()
    assert talk.offer(alarm_id, "C1") is None
    assert talk.offer(alarm_id, "C2").state is OfferState.OPEN


# ------------------------------------------------------------------------------------------------ a shared number


SHARED = DISTRICT.replace(f'phone = "{DAUGHTER}"', f'phone = "{PHONES["C1"]}"')


@pytest.fixture
def shared(tmp_path):
    """The daughter of H1 answers from the phone of carer C1."""
    talk = Talk(tmp_path, district=SHARED, on_duty=("C1",))
    yield talk
    talk.world.close()


def test_a_shared_number_answers_for_the_one_who_was_asked(shared):
    alarm_id = shared.press()
    assert shared.says("C1", "1") == "accept"
    assert shared.leads(alarm_id, "C1")


def test_a_shared_number_asked_twice_is_asked_back(shared):
    alarm_id = shared.press()
    shared.world.advance(60)
    people = {each.person: each for each in shared.world.offers(alarm_id)}
    daughter = shared.world.contact("H1/0")
    assert {shared.world.carer("C1"), daughter} <= set(people)
    assert shared.says("C1", "1") == "asked_back"
    assert shared.says("C1", f"{people[daughter].code} 1") == "accept"
    assert {each.person for each in shared.world.offers(alarm_id) if each.role is Role.LEAD} == {daughter}


# ------------------------------------------------------------------------------------------------ keys in a call


class Called(Talk):
    """A world whose offers are called, because texts are a one-way road; each call has its attempt."""

    def __init__(self, folder, **more):
        super().__init__(folder, two_way=lambda phone: False, **more)
        self.provider = ScriptedProvider("voice")
        world = self.world
        self.courier = Courier(
            world.transactions,
            world.reading,
            {"voice": self.provider},
            world.clock,
            local=world.calendar.local,
            unreached=world.desk,
        )

    def call(self):
        """Everything leaves; the attempts of the calls among it, newest last."""
        before = len(self.provider.sent)
        for job in self.courier.claim(100, emergency=True):
            self.courier.carry(job)
        return [each.attempt_id for each in self.provider.sent[before:] if each.channel == "voice"]


@pytest.fixture
def called(tmp_path):
    talk = Called(tmp_path, on_duty=("C1",))
    yield talk
    talk.world.close()


def test_a_key_pressed_in_a_call_names_its_offer_whatever_else_is_open(called):
    first, second = called.press("H1"), called.press("H2", "R2")
    calls = called.call()
    assert len(calls) == 2
    assert called.says("C1", "1", attempt_id=calls[0], voice=True) == "accept"
    assert (called.leads(first, "C1"), called.leads(second, "C1")) == (True, False)
    assert called.says("C1", "1", attempt_id=calls[1], voice=True) == "accept", "a key in its own call is meant"
    assert called.leads(second, "C1")
    assert called.told() == [], "in a call nothing is texted back"


def test_a_key_from_another_number_is_still_the_one_called(called):
    alarm_id = called.press("H1")
    (attempt,) = called.call()
    assert called.says("+8613999999999", "2", attempt_id=attempt, voice=True) == "decline"
    assert called.offer(alarm_id, "C1").state is OfferState.DECLINED


def test_a_key_for_what_is_over_does_nothing(called):
    alarm_id = called.press("H1")
    (attempt,) = called.call()
    called.world.desk.close(alarm_id, outcome=Outcome.TEST, by=WANG)
    called.world.clock.advance(1)
    other = called.press("H2", "R2")
    assert called.says("C1", "1", attempt_id=attempt, voice=True) == "no_task"
    assert called.world.alarm(other).state is State.OFFERED


def test_a_key_for_an_unknown_call_is_understood_by_its_number(called):
    alarm_id = called.press("H1")
    assert called.says("C1", "1", attempt_id="nothing", voice=True) == "accept"
    assert called.leads(alarm_id, "C1")


# ------------------------------------------------------------------------------------------------ copies and poison


def test_a_replayed_answer_is_harmless(talk):
    alarm_id = talk.press()
    assert talk.says("C1", "1", key="k") == "accept"
    before = (talk.world.alarm(alarm_id), len(talk.world.messages()), len(talk.lines("answered")))
    talk.says("C1", "1", key="k")
    with talk.world.reading.connect() as connection:
        (reply,) = Replies(connection).recent(10)
    talk.world.answers.wake(reply.id)
    talk.world.answers.wake("nothing")
    assert (talk.world.alarm(alarm_id), len(talk.world.messages()), len(talk.lines("answered"))) == before


def test_no_answers_are_no_work(talk):
    before = len(talk.world.nudges)
    talk.world.answers.receive("test", [])
    assert len(talk.world.nudges) == before


class Stumbling:
    """A claimant that cannot bear one text."""

    def __init__(self, claims):
        self._claims = claims

    def expects(self, tx, person, parsed, reply):
        if "毒" in reply.text:
            raise ZeroDivisionError
        return self._claims.expects(tx, person, parsed, reply)


def test_an_answer_that_fails_twice_is_given_up_and_the_others_go_on(talk):
    world = talk.world
    alarm_id = talk.press()
    answers = Answers(
        world.transactions, world.reading, [Stumbling(DeskClaims(world.desk))], world.desk, nudge=lambda: None
    )
    answers.receive("test", [Said(key=key, sender=PHONES["C1"], text=text) for key, text in (("p", "毒"), ("g", "1"))])
    for seconds in (0, 5):
        world.clock.advance(seconds)
        for id_ in answers.due(world.clock.now(), 10):
            try:
                answers.wake(id_)
            except ZeroDivisionError as error:
                answers.stumble(id_, error)
    assert (talk.result("p"), talk.result("g")) == ("failed", "accept")
    assert answers.next_due() is None
    assert talk.leads(alarm_id, "C1")
    with world.reading.connect() as connection:
        assert {each.failures for each in Replies(connection).recent(10)} == {0, 2}
    assert talk.sentences() == ["not_understood"], "whoever wrote it hears so"


def test_nothing_is_understood_before_everybody_has_joined_who_may_expect_it(talk):
    world, joined = talk.world, []
    answers = Answers(
        world.transactions, world.reading, [DeskClaims(world.desk)], world.desk, nudge=lambda: None,
        complete=lambda: joined or (joined.append(1), answers.join([Expecting()], [])),
    )  # fmt: skip
    answers.receive("test", [Said(key="early", sender=PHONES["C1"], text="777 1")])
    for id_ in answers.due(world.clock.now(), 10):
        answers.wake(id_)
    assert talk.result("early") == "expected"


@pytest.mark.error_lines("answer_not_heard")
@pytest.mark.parametrize(
    "mistake", [Misconfigured("care", "a book of care is broken"), KeyError("x"), ImportError("x")]
)
def test_rooms_that_cannot_be_furnished_cost_no_answer_to_an_alarm(talk, mistake):
    """A service that ends and begins again over such a mistake must not give the carer's answer up meanwhile."""

    def broken():
        raise mistake

    world, alarm_id = talk.world, talk.press()
    answers = Answers(
        world.transactions, world.reading, [DeskClaims(world.desk)], world.desk, nudge=lambda: None, complete=broken
    )
    answers.receive("test", [Said(key="yes", sender=PHONES["C1"], text="1")])
    for id_ in answers.due(world.clock.now(), 10):
        answers.wake(id_)
    assert talk.result("yes") == "accept"
    assert talk.leads(alarm_id, "C1")


class Expecting:
    """Who expects this, and joined late."""

    def expects(self, tx, person, parsed, reply):
        return [Expectation(777, "", lambda _: Done("expected"))]


def test_a_first_failure_waits_five_seconds(talk):
    world = talk.world
    world.answers.receive("test", [Said(key="p", sender=PHONES["C1"], text="毒")])
    (id_,) = world.answers.due(world.clock.now(), 10)
    world.answers.stumble(id_, ZeroDivisionError())
    assert (world.answers.next_due() - world.clock.now()).total_seconds() == 5
    assert talk.result("p") is None


def test_stumbling_over_what_is_done_or_unknown_changes_nothing(talk):
    talk.press()
    talk.says("C1", "1", key="k")
    with talk.world.reading.connect() as connection:
        (reply,) = Replies(connection).recent(1)
    talk.world.answers.stumble(reply.id, ZeroDivisionError())
    talk.world.answers.stumble("nothing", ZeroDivisionError())
    assert talk.result("k") == "accept"


# ------------------------------------------------------------------------------------------------ languages


def test_who_speaks_english_only_is_answered_in_english(talk):
    assert talk.says("C3", "what a day") == "not_understood"
    assert [each.lang for each in talk.world.messages()] == ["en"]


def test_family_answers_like_everybody(talk):
    alarm_id = talk.press()
    talk.world.advance(60)
    assert talk.says(DAUGHTER, "能去") == "accept"
    assert {each.person for each in talk.world.offers(alarm_id) if each.role} == {talk.world.contact("H1/0")}
    assert talk.says(DAUGHTER, "不去了") == "decline"
    assert talk.told()[-1][1] == DAUGHTER


class Broken:
    """Somebody beside the desk whose room is in disorder."""

    def expects(self, tx, *_):
        tx.log(Line(kind="moon_rose", by=WANG))
        tx.connection.execute(sql("SELECT nothing FROM nowhere"))

    take = expects


@pytest.mark.error_lines("answer_not_heard")
def test_a_mistake_of_anybody_beside_the_desk_costs_no_answer_to_an_alarm(tmp_path):
    talk = Talk(tmp_path)
    world = talk.world
    world.answers = Answers(
        world.transactions, world.reading, [DeskClaims(world.desk), Broken()], world.desk, orders=[Broken()],
        nudge=lambda: None,
    )  # fmt: skip
    alarm_id = talk.press()
    assert talk.says("C1", "1") == "accept"
    assert world.alarm(alarm_id).state is State.ACCEPTED
    with world.reading.connect() as connection:
        assert connection.execute(select(entries.c.kind).where(entries.c.kind == "moon_rose")).all() == []
    world.close()


# ------------------------------------------------------------------------------------------------ learning at the start


def test_a_number_is_read_without_any_phrase_right_after_a_start(monkeypatch):
    """The commonest answer of all: it would wait for patterns that it does not need."""

    def needed(*said, **more):
        raise AssertionError(f"a phrase was needed for {said}")

    for name in ("composed", "standing_means"):
        monkeypatch.setattr(reply, name, needed)
    for text in ("1", " 2 ", "3。", "４", "12 1", "47，2", "11", "3333"):
        assert reply.BARE.fullmatch(text), text
        assert {parse(text, standing).action for standing in (None, *Standing)} != {None}
    assert not any(reply.BARE.fullmatch(text) for text in ("5", "123 4", "1 去", "2不在", "12", "1 2 3", ""))


def test_what_is_learned_in_advance_waits_for_who_needs_something_at_once(talk, monkeypatch):
    learned, owner = [], talk.world.answers.learning
    monkeypatch.setattr(learning, "lessons", lambda: [partial(learned.append, number) for number in range(3)])
    monkeypatch.setattr(learning, "PATIENCE_S", 60.0)
    learner = threading.Thread(target=owner.learn, daemon=True)
    with owner._at_once():
        learner.start()
        until(lambda: owner._turn._waiters)
        assert learned == []
    learner.join(10)
    assert learned == [0, 1, 2]


@pytest.mark.parametrize(("text", "latin"), [("嗯呐哪个", [False]), ("Hmm La", [False, True]), ("我去", [])])
def test_what_a_text_needs_by_where_its_sender_stands_is_learned_before_anything_is_written(
    talk, monkeypatch, text, latin
):
    """Else the writer would be held for as long as learning takes."""
    learned, units = [], []
    run = talk.world.transactions.run
    monkeypatch.setattr(by_standing, "learn", lambda *, latin: learned.append((latin, len(units))))
    monkeypatch.setattr(talk.world.transactions, "run", lambda work: (units.append(work), run(work))[1])
    talk.says("C1", text)
    assert [each for each, _ in learned] == latin
    assert {before for _, before in learned} <= {1}, "only the answer itself was kept by then"


def test_a_code_comes_again_only_after_a_week(tmp_path, monkeypatch):
    monkeypatch.setattr(offers, "CODES", (37,))
    monkeypatch.setattr(offers, "LONG_CODES", (126,))
    fortnight = '[[shifts]]\ncarer = "C1"\nstart = 2026-11-20T00:00:00Z\nend = 2026-12-04T00:00:00Z\n'
    talk = Talk(tmp_path, on_duty=(), district=DISTRICT + fortnight)

    def given_after(days):
        talk.world.clock.advance(days * 86_400)
        alarm_id = talk.press()
        code = code_of(talk, alarm_id)
        talk.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=WANG)
        return code

    # One of two digits is taken first, wherever one is free.
    assert [given_after(days) for days in (0, 6.9, 0.2)] == [37, 126, 37]
    talk.world.close()
