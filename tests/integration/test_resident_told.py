"""The resident hears that somebody comes, in the way that suits them; what they answer by key reaches the desk."""

import json

import pytest

from dispatch.messages.segments import segments
from dispatch.rules.message import Channel
from tests.builders import DISTRICT
from tests.integration.call_rig import rigs

C1, RESIDENT, LINE = "+8613800000001", "+8613800000101", "+8631187654321"


def told(tmp_path, talk=None, phone=RESIDENT, **more):
    """The rig after the nearest carer has accepted, everything sent."""
    what = f'phone = "{phone}", talk = {json.dumps(talk)}' if talk else f'phone = "{phone}"'
    district = DISTRICT.replace(f'phone = "{RESIDENT}"', what)
    for rig in rigs(tmp_path, district=district, **more):
        alarm_id = rig.world.press()
        rig.settle()
        rig.answer(rig.calls(C1)[0]).press("1")
        rig.settle()
        yield rig, alarm_id


def made_for(rig, phone):
    return [each for each in rig.standin.made if each["to"] == phone]


def test_the_resident_is_called_and_hears_how_long_it_takes(tmp_path):
    for rig, _ in told(tmp_path):
        (made,) = made_for(rig, RESIDENT)
        phone = rig.answer(made)
        assert phone.said[0].startswith("您好，这里是安铃。已经有人赶来帮您了。大约")
        assert phone.said[0] == phone.said[1]
        assert not phone.asks
        assert not [word for word in ("王秀英", "柏林", "3-2-501", "4711") if word in "".join(phone.said)]


def test_who_hears_badly_gets_a_text(tmp_path):
    for rig, _ in told(tmp_path, ["hard_of_hearing"]):
        (made,) = made_for(rig, RESIDENT)
        assert made["body"].startswith("【安铃】您的呼叫已有人接，正在赶来")
        assert segments(made["body"]) == 1


def test_who_hears_badly_on_a_line_that_takes_no_text_is_spoken_to_slowly(tmp_path):
    for rig, _ in told(tmp_path, ["hard_of_hearing"], phone=LINE):
        (made,) = made_for(rig, LINE)
        assert '<prosody rate="slow" volume="x-loud">' in made["_params"]["Twiml"]
        assert "已经有人赶来" in rig.answer(made).said[0]


def test_who_has_dementia_hears_short_sentences_without_figures(tmp_path):
    for rig, _ in told(tmp_path, ["dementia"]):
        (made,) = made_for(rig, RESIDENT)
        assert rig.answer(made).said[0] == "您好。有人来看您了。请坐好，等一等。"


def test_who_must_not_be_phoned_is_left_alone(tmp_path):
    for rig, _ in told(tmp_path, ["do_not_phone", "hard_of_hearing"]):
        assert made_for(rig, RESIDENT) == []
        assert rig.entries("resident_told") == []


@pytest.mark.parametrize(("key", "said", "pages"), [("1", "heard", 0), ("2", "worse", 1)])
def test_who_cannot_speak_answers_by_key(tmp_path, key, said, pages):
    for rig, alarm_id in told(tmp_path, ["no_voice"]):
        (made,) = made_for(rig, RESIDENT)
        phone = rig.answer(made)
        assert "听到了请按一，情况更急请按二" in phone.said[0]
        assert phone.press(key).said[-1] == "记下了，请放心。"
        (entry,) = rig.entries("resident_said")
        assert json.loads(entry.body)["said"] == said
        assert rig.world.kinds(alarm_id).count("operator_paged") == pages
        assert sum(each.facts.get("why") == "resident_asks" for each in rig.world.messages(alarm_id)) == pages


def test_a_resident_who_does_not_pick_up_changes_nothing_for_who_is_coming(tmp_path):
    for rig, alarm_id in told(tmp_path, ["no_voice"]):
        (made,) = made_for(rig, RESIDENT)
        before = rig.world.alarm(alarm_id)
        rig.ends(made, "no-answer")
        assert rig.world.alarm(alarm_id) == before


def test_the_record_says_how_and_to_whom_but_not_the_number(tmp_path):
    for rig, _ in told(tmp_path):
        (entry,) = rig.entries("resident_told")
        facts = json.loads(entry.body)
        assert facts == {"person": f"resident:{rig.world.resident()}", "channel": "voice", "how": "coming"}


def test_who_gave_up_before_it_left_is_announced_to_nobody(tmp_path):
    for rig in rigs(tmp_path):
        alarm_id = rig.world.press()
        rig.settle()
        c1 = rig.world.carer("C1")
        rig.world.desk.accept(alarm_id, c1, by=c1)
        rig.world.desk.decline(alarm_id, c1, by=c1)
        rig.settle()
        assert made_for(rig, RESIDENT) == []
        (message,) = [each for each in rig.world.messages(alarm_id) if each.sentence == "coming"]
        assert (message.channel, message.state, message.reason) == (Channel.VOICE, "cancelled", "the offer is declined")


def test_the_end_of_the_residents_call_is_not_the_carers(tmp_path):
    for rig, alarm_id in told(tmp_path, ["no_voice"]):
        (made,) = made_for(rig, RESIDENT)
        c1 = rig.world.carer("C1")
        rig.world.desk.decline(alarm_id, c1, by=c1)
        rig.world.desk.offer(alarm_id, c1, by=c1)
        rig.ends(made, "no-answer")
        assert rig.entries("not_answered") == []
