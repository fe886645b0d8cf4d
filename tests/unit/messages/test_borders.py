"""What a provider abroad is told: no word of a resident's, in no sentence, language or channel; and still enough."""

import pytest

from dispatch.messages.providers.provider import Capability
from dispatch.messages.segments import segments
from dispatch.messages.sentences import LANGUAGES, SENTENCES
from dispatch.messages.wording import PARAMETER_MAX, parameters, render
from dispatch.rules.message import Channel
from tests.unit.messages.test_wording import ALL_FACTS, ASKED, local

ABROAD = Capability(two_way=True, urls=True, cross_border=True)
MUTE_ABROAD = Capability(cross_border=True)
AT_HOME = Capability(two_way=True, urls=True)

RESIDENT = {
    "place": "柏林小区", "address": "柏林小区 3-2-501", "entry": "门禁1234#，电表箱后", "name": "王秀英",
    "phone": "+8613800138000", "illness": "高血压", "choices": "12 柏林小区；37 红星里",
}  # fmt: skip
TELLTALES = (
    "柏林", "红星", "3-2-501", "3杠2", "501", "5 0 1", "1234", "1 2 3 4", "电表箱", "王秀英", "王", "138",
    "1 3 8", "高血压", "重听", "hard of hearing", "失智", "dementia", "1940", "Berlin",
)  # fmt: skip


def said(sentence, channel, lang, capability, facts):
    return render(sentence, channel, lang, facts, capability=capability, local=local)


@pytest.mark.parametrize("capability", [ABROAD, MUTE_ABROAD], ids=["two_way", "one_way"])
@pytest.mark.parametrize("talk", ["hard_of_hearing", "dementia"])
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("sentence", sorted(SENTENCES))
def test_no_sentence_carries_a_word_of_the_residents_abroad(sentence, channel, lang, talk, capability):
    facts = {**ALL_FACTS, **RESIDENT, "talk": talk}
    text = said(sentence, channel, lang, capability, facts)
    filled = parameters(sentence, lang, facts, capability=capability, local=local)
    for told in (text, *filled.values()):
        assert [telltale for telltale in TELLTALES if telltale in told] == []
    assert text


@pytest.mark.parametrize("sentence", sorted(SENTENCES))
def test_whatever_a_register_holds_stays_at_home(sentence):
    """Every text field filled with a mark of its own: none of them is found, but for the number of the alarm."""
    names = ("place", "address", "entry", "name", "phone", "illness", "choices")
    facts = {**ALL_FACTS, **{name: f"MARK{name}" for name in names}}
    for lang in LANGUAGES:
        for channel in Channel:
            assert "MARK" not in said(sentence, channel, lang, ABROAD, facts).replace(" ", "")


def test_the_same_facts_are_told_at_home():
    """Or the test above would find nothing because nothing was there."""
    text = said("details", Channel.SMS, "zh", AT_HOME, {**ALL_FACTS, **RESIDENT})
    assert "王秀英" in text
    assert "柏林小区 3-2-501" in text
    assert "电表箱" in text


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("sentence", ["offer", "offer_all", "offer_family"])
def test_an_offer_abroad_still_says_what_when_how_far_and_how_to_answer(sentence, lang):
    text = said(sentence, Channel.SMS, lang, ABROAD, ASKED)
    for told in ({"zh": "跌倒", "en": "fall"}[lang], "18:05", "12"):
        assert told in text
    assert "1" in text[-25:]
    assert segments(text) == 1


def test_several_tasks_are_asked_back_by_their_codes_alone():
    text = said("ask_which", Channel.SMS, "zh", ABROAD, {"choices": "12 柏林小区；37 红星里"})
    assert "12；37" in text
    assert "12 1" in text


# ------------------------------------------------------------------------------------------------ templates


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("sentence", sorted(SENTENCES))
@pytest.mark.parametrize("facts", [ALL_FACTS, ASKED, {}], ids=["all", "asked", "none"])
def test_every_variable_of_a_template_is_filled_and_short(sentence, lang, facts):
    filled = parameters(sentence, lang, facts, capability=Capability(two_way=True, free_text=False), local=local)
    assert all(0 < len(value) <= PARAMETER_MAX for value in filled.values())
    assert "phone" not in filled
    assert not any("http" in value or "www." in value for value in filled.values())


def test_the_variables_of_an_offer_are_those_of_its_words():
    filled = parameters("offer", "zh", ASKED, capability=Capability(two_way=True, free_text=False), local=local)
    assert filled == {
        "place": "柏林小区",
        "cause": "跌倒",
        "at": "18:05",
        "minutes": "12",
        "code": "12",
        "presses": "-",
    }


def test_a_link_in_a_place_stays_out_of_a_template():
    filled = parameters(
        "offer", "zh", {**ASKED, "place": "柏林 https://evil.example/x"}, capability=Capability(), local=local
    )
    assert filled["place"] == "柏林"
