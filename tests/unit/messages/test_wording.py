"""What people are told: every sentence exists, fits, gives nothing away too early, and no fact can break it."""

import ast
import functools
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.messages.providers.provider import Capability
from dispatch.messages.segments import segments
from dispatch.messages.sentences import LANGUAGES, SENTENCES, Words
from dispatch.messages.wording import SIGNATURE, render
from dispatch.messages.words import CAUSES, NOTHING, TALK, WHYS
from dispatch.rules.letters import TALK_TO_BE_TOLD
from dispatch.rules.message import Channel
from dispatch.rules.reply import Action, parse
from dispatch.rules.signal import Cause

ROOT = Path(__file__).parents[3]
CHINA = timezone(timedelta(hours=8))
ANSWERS, SILENT = Capability(two_way=True), Capability()
LINKS = Capability(two_way=True, urls=True)
OFFERS = ("offer", "offer_all", "offer_family", "offer_call", "offer_family_call")
BEFORE_ACCEPTANCE = sorted(
    SENTENCES.keys() - {"details", "emergency_sheet", "confirm_no_entry", "key_wanted", "order_taken"}
)

ASKED = {
    "place": "柏林小区", "cause": "fall", "at": "2026-07-21T10:05:00+00:00", "minutes": 12, "code": 12, "presses": 1,
}  # fmt: skip
DOOR = {
    "address": "柏林小区 3-2-501", "entry": "门禁1234#，钥匙在物业", "name": "王秀英", "phone": "+8613800138000",
    "illness": "高血压", "talk": "hard_of_hearing", "born_on": "1940-03-02",
}  # fmt: skip
ALL_FACTS = {**ASKED, **DOOR, "number": "0721-003", "why": "not_arrived", "choices": "12 柏林小区；37 红星里"}


def local(at: datetime) -> datetime:
    return at.astimezone(CHINA)


def say(sentence, facts, lang="zh", channel=Channel.SMS, capability=ANSWERS):
    return render(sentence, channel, lang, facts, capability=capability, local=local)


def units(text: str) -> int:
    return len(text.encode("utf-16-be")) // 2


def forms() -> list[tuple[str, str, str]]:
    """Every form of words: sentence, language, form."""
    return [
        (name, lang, form)
        for name, tongues in SENTENCES.items()
        for lang, words in tongues.items()
        for form in (words.sms, words.one_way, words.voice)
    ]


def fields(form: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", form))


def needed(form: str) -> set[str]:
    return fields(re.sub(r"\[.*?\]", "", form))


# ------------------------------------------------------------------------------------------------ completeness

CALLS = {"offer_text": 3, "offer_call": 3, "tell": 2, "to_people": 2, "_draft": 2, "_say": 3, "_confirm": 3}
"""Where a sentence is named: the function and the place of the argument."""


def named_in(path: Path) -> set[str]:
    """The sentences a file names: constant arguments of the letters, of `sentence=`, and their defaults."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CALLS and len(node.args) > CALLS[name]:
                found |= constants(node.args[CALLS[name]])
            found |= {text for word in node.keywords if word.arg == "sentence" for text in constants(word.value)}
        if isinstance(node, ast.FunctionDef) and node.name in {"offer_text", "offer_call", "_words"}:
            found |= {text for default in node.args.defaults for text in constants(default)}
            found |= {text for each in ast.walk(node) if isinstance(each, ast.Return) for text in returned(each)}
    return found


def constants(node: ast.AST) -> set[str]:
    if isinstance(node, ast.IfExp):
        return constants(node.body) | constants(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def returned(node: ast.Return) -> set[str]:
    chosen = [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
    return {text for each in chosen if each is not None for text in constants(each)}


@functools.cache
def named() -> set[str]:
    return set().union(*(named_in(path) for path in (ROOT / "dispatch").rglob("*.py")))


def test_the_search_finds_the_sentences_of_the_rules():
    assert named() >= {
        "offer", "offer_all", "offer_family", "offer_call", "offer_family_call", "details", "taken", "now_backup",
        "stand_down", "ask_arrival", "ask_outcome", "page", "emergency_sheet",
    }  # fmt: skip


def test_every_sentence_that_is_named_exists_in_both_languages():
    assert named() - SENTENCES.keys() == set()
    assert all(set(tongues) == set(LANGUAGES) for tongues in SENTENCES.values())


def test_an_unknown_sentence_is_a_programmers_error():
    with pytest.raises(KeyError):
        say("farewell", {})


def test_every_cause_and_every_talk_that_is_told_has_words():
    assert set(CAUSES) == {str(cause) for cause in Cause}
    assert set(TALK) >= set(TALK_TO_BE_TOLD)
    tables = (CAUSES, WHYS, TALK, NOTHING)
    assert all(set(words) == set(LANGUAGES) and all(words.values()) for table in tables for words in table.values())


def test_every_reason_to_page_has_words():
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "dispatch").rglob("*.py"))
    paged = set(re.findall(r"""(?:letters\.page|paged)\(\w+, "(\w+)"\)|\bwhy = "(\w+)" if""", source))
    assert {why for pair in paged for why in pair if why} <= WHYS.keys()


@pytest.mark.parametrize(("name", "lang", "form"), forms())
def test_forms_have_known_fields_and_a_stand_in_for_what_they_need(name, lang, form):
    known = {*ALL_FACTS, "age", "born", "example", "link", "desk"}
    always = {*NOTHING, "why", "example"}
    assert fields(form) <= known
    assert needed(form) <= always
    assert form.count("[") == form.count("]")


# ------------------------------------------------------------------------------------------------ offers


def test_an_offer_holds_compound_cause_time_code_and_minutes():
    assert say("offer", ASKED) == "【安铃】急 柏林小区 跌倒 18:05 码12 约12分钟，回12 1接单，12 2去不了"


def test_unknown_minutes_are_left_out():
    assert say("offer", {**ASKED, "minutes": None}) == "【安铃】急 柏林小区 跌倒 18:05 码12，回12 1接单，12 2去不了"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("sentence", ["offer", "offer_all", "offer_family", "not_understood", "order_offer"])
def test_whoever_types_what_the_text_shows_answers_the_one_it_is_about(sentence, lang):
    """Where a code stands, a bare digit could mean another alarm: no digit stands there without its code."""
    text = say(sentence, {**ASKED, "code": 37}, lang)
    shown = re.findall(
        r"(?<!\d)(?:37 )?[1-4](?= ?(?:接单|能去|去不了|不接|到了|完成|accept|yes|no\b|cannot|arrived|done))", text
    )
    assert len(shown) == (4 if sentence == "not_understood" else 2)
    assert [(parse(each).code, parse(each).action) for each in shown] == [
        (37, action) for action in list(Action)[: len(shown)]
    ]
    bare = say(sentence, {**ASKED, "code": None}, lang)
    assert "37" not in bare
    assert re.search(r"回1|[Rr]eply 1", bare)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("sentence", ["offer", "offer_all", "offer_family"])
def test_an_offer_sent_along_is_no_answer_with_a_code_either(sentence, lang):
    text = say(sentence, {**ASKED, "code": 37}, lang).removeprefix(SIGNATURE)
    assert parse(text).action is None
    answered = parse(f"{text}\n37 2")
    assert (answered.code, answered.action) == (37, Action.DECLINE)


def test_repeated_presses_are_told():
    assert "已按3次" in say("offer", {**ASKED, "presses": 3})


@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("sentence", OFFERS)
@pytest.mark.parametrize("capability", [ANSWERS, SILENT])
def test_every_offer_is_one_part_with_place_cause_and_time(cause, lang, sentence, capability):
    text = say(sentence, {**ASKED, "cause": str(cause), "presses": 14}, lang, capability=capability)
    assert segments(text) == 1
    assert "柏林小区" in text
    assert CAUSES[cause][lang] in text
    assert "18:05" in text
    assert not capability.two_way or re.search(r"(?:回|Reply )12 1", text)


def test_what_is_dropped_goes_in_the_order_that_is_stated():
    facts = {**ASKED, "presses": 3}
    texts = [say("offer", {**facts, "place": "长" * length}) for length in range(1, 90)]
    assert all(segments(text) == 1 for text in texts)
    kept = [[mark in text for mark in ("回12 1", "18:05", "约12分钟", "已按3次")] for text in texts]
    assert kept == sorted(kept, reverse=True)
    assert [True, True, True, False] in kept
    assert [True, False, False, False] in kept
    assert kept[-1] == [True, False, False, False]


def test_the_place_is_shortened_last_and_never_dropped():
    text = say("offer", {**ASKED, "place": "长" * 300})
    assert segments(text) == 1
    assert units(text) == 70
    assert "长长长…" in text
    assert text.endswith("回12 1接单，12 2去不了")


def test_without_a_home_the_place_is_said_to_be_unknown():
    assert say("offer", {**ASKED, "place": ""}).startswith("【安铃】急 地点不明 跌倒")


@pytest.mark.parametrize(("name", "lang"), [(name, lang) for name in SENTENCES for lang in LANGUAGES])
@pytest.mark.parametrize("channel", Channel)
def test_no_answer_is_asked_for_where_none_can_return(name, lang, channel):
    text = say(name, ALL_FACTS, lang, channel, SILENT)
    assert not re.search(r"回\s*[1-4：没码]|[Rr]eply", text)


@pytest.mark.parametrize("sentence", OFFERS)
def test_where_replies_cannot_return_a_call_is_announced(sentence):
    assert "请接听来电按键" in say(sentence, ASKED, capability=SILENT)
    assert "answer our call" in say(sentence, ASKED, "en", capability=SILENT)


@pytest.mark.parametrize("sentence", OFFERS)
def test_a_call_is_plain_speech_with_both_keys(sentence):
    text = say(sentence, {**ASKED, "presses": 2}, channel=Channel.VOICE)
    assert re.fullmatch(r"[\u4e00-\u9fff0-9，。]+", text), text
    assert "请按一" in text
    assert "请按二" in text
    assert "18点05分" in text
    english = say(sentence, ASKED, "en", Channel.VOICE)
    assert "press 1" in english
    assert "press 2" in english


# ------------------------------------------------------------------------------------------------ what is private


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("capability", [ANSWERS, SILENT, LINKS])
@pytest.mark.parametrize("sentence", BEFORE_ACCEPTANCE)
def test_nothing_about_the_person_or_the_door_leaves_before_acceptance(sentence, lang, channel, capability):
    text = say(sentence, ALL_FACTS, lang, channel, capability)
    private = (
        "501",
        "5 0 1",
        "门禁",
        "钥匙",
        "王秀英",
        "13800138000",
        "1 3 8 0 0",
        "高血压",
        "重听",
        "hearing",
        "1940",
    )
    assert [word for word in private if word in text] == []


ABROAD = Capability(two_way=True, urls=True, voice=True, cross_border=True)
LINK = "https://anling.example/t/abcdefghijklmnopqrstuv"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("two_way", [True, False])
@pytest.mark.parametrize("sentence", sorted(SENTENCES))
def test_no_name_no_door_and_no_illness_ever_leaves_the_country(sentence, lang, channel, two_way):
    for link in (None, LINK):
        facts = {**ALL_FACTS, "link": link}
        text = say(sentence, facts, lang, channel, replace(ABROAD, two_way=two_way))
        private = (
            "501",
            "5 0 1",
            "门禁1234",
            "1 2 3 4#",
            "王秀英",
            "13800138000",
            "1 3 8 0 0",
            "高血压",
            "重听",
            "hearing",
            "1940",
        )
        assert [word for word in private if word in text] == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("sentence", ["offer", "offer_all", "offer_family", "details"])
def test_a_link_stands_where_links_may_and_costs_two_parts_at_most(sentence, lang):
    facts = {**ALL_FACTS, "link": LINK}
    assert LINK in say(sentence, facts, lang, capability=LINKS)
    assert segments(say(sentence, facts, lang, capability=LINKS)) <= 2
    assert "http" not in say(sentence, facts, lang)
    assert segments(say("offer", facts, lang)) == 1


DESK = "031188888888"
NAMES_DESK = sorted({name for name, _, form in forms() if "{desk}" in form})


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("facts", [ALL_FACTS, {}, {**ALL_FACTS, "place": "长" * 40}, {**ALL_FACTS, "link": LINK}])
@pytest.mark.parametrize("two_way", [True, False])
@pytest.mark.parametrize("sentence", NAMES_DESK)
def test_the_desks_number_costs_no_part_and_drops_nothing_else(sentence, two_way, facts, lang):
    """It is worth less than anything else that stands in a text, so it is the first to go."""
    road = Capability(two_way=two_way, urls=True)
    without, with_it = (say(sentence, facts | more, lang, capability=road) for more in ({}, {"desk": DESK}))
    assert segments(with_it) <= segments(without)
    assert with_it == without or DESK in with_it
    for form in (SENTENCES[sentence][lang].sms, SENTENCES[sentence][lang].one_way):
        assert "{desk}" not in form or re.findall(r"\[.*?\]", form)[-1].count("{desk}") == 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("sentence", "two_way"),
    [
        ("plain", True), ("not_understood", True), ("no_task", True), ("key_wanted", True), ("confirm_no_entry", True),
        ("offer", False), ("offer_all", False), ("offer_family", False), ("ask_arrival", False),
    ],
)  # fmt: skip
def test_whoever_is_sent_to_the_desk_reads_its_number(sentence, two_way, lang):
    """Where an answer comes back, an offer asks for that; else the call may not come, and there is nothing but this."""
    place = "柏林小区" if lang == "zh" else "Berlin Court"  # Amid English one Chinese sign leaves room for 70 signs.
    facts = {**ASKED, "place": place, "number": "0721-003", "minutes": None, "code": None, "desk": DESK}
    road = replace(LINKS, two_way=two_way)
    assert DESK in say(sentence, facts, lang, capability=road)
    assert DESK in say(sentence, facts, lang, capability=replace(road, cross_border=True))
    stopped = say(sentence, facts, lang, capability=replace(road, urls=False))
    assert DESK not in stopped, "carriers that stop links stop numbers with them"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_call_without_keys_says_the_desks_number_digit_by_digit(lang):
    road = Capability(voice=True, keys=False)
    assert " ".join(DESK) in say("offer", {**ASKED, "desk": DESK}, lang, Channel.VOICE, road)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("sentence", NAMES_DESK)
def test_a_text_with_the_desks_number_sent_along_is_no_other_answer(sentence, lang):
    for code in (None, 37):
        facts = {**ALL_FACTS, "code": code}
        texts = [say(sentence, facts | more, lang, capability=LINKS) for more in ({}, {"desk": DESK})]
        read = [parse(f"{text.removeprefix(SIGNATURE)}{after}") for text in texts for after in ("", "\n2")]
        assert [(each.code, each.action) for each in read[:2]] == [(each.code, each.action) for each in read[2:]]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_backup_reads_whether_to_go_on_and_what_to_answer(lang):
    text = say("now_backup", {"place": "柏林小区"}, lang)
    said = {
        "zh": ("后备", "快到了请继续", "到了回3", "可返回", "回2"),
        "en": ("another", "Go on", "reply 3", "reply 2"),
    }
    assert [each for each in said[lang] if each not in text] == []
    assert segments(text) == segments(say("now_backup", {"place": "柏林小区"}, lang, capability=SILENT)) == 1


def test_links_and_phones_stay_out_where_carriers_stop_them():
    facts = {**DOOR, "entry": "见 https://example.com/door?x=1 说明"}
    plain, linked = say("details", facts), say("details", facts, capability=LINKS)
    assert "http" not in plain
    assert "+86" not in plain
    assert "说明" in plain
    assert "https://example.com/door?x=1" in linked
    assert "+8613800138000" in linked


# ------------------------------------------------------------------------------------------------ details and others


def test_who_accepted_gets_door_entry_name_and_how_to_speak():
    door = "柏林小区 3-2-501 进门：门禁1234#，钥匙在物业 王秀英 重听，请大声 高血压 1940年生"
    assert say("details", DOOR) == f"【安铃】已接单：{door}。到了回3"
    assert say("details", DOOR, "en").startswith("Accepted: ")
    assert "eply 3 on arrival" in say("details", DOOR, "en")


@pytest.mark.parametrize("length", [1, 20, 40, 60, 90, 150])
def test_details_drop_whole_fields_and_never_cut_one(length):
    facts = {**DOOR, "entry": "入" * length, "illness": "病" * length}
    text = say("details", facts)
    assert segments(text) <= 2
    assert units(text) <= 134
    assert text.count("入") in {0, length}
    assert text.count("病") in {0, length}
    assert "柏林小区 3-2-501" in text
    assert text.endswith("到了回3")


def test_a_door_is_never_cut():
    address = "长" * 140 + "3-2-501"
    assert address in say("details", {**DOOR, "address": address})


def test_details_without_an_address_send_to_the_desk():
    assert say("details", {"address": ""}) == "【安铃】已接单：地址请问值守台。到了回3"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("why", [*WHYS, "never_heard_of"])
def test_a_page_is_one_part_and_names_the_alarm(why, lang):
    text = say("page", {**ALL_FACTS, "why": why}, lang)
    assert segments(text) == 1
    assert "0721-003" in text
    assert "柏林小区" in text


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("capability", [ANSWERS, SILENT])
@pytest.mark.parametrize("sentence", sorted(SENTENCES))
def test_typical_facts_fit(sentence, lang, capability):
    assert segments(say(sentence, ALL_FACTS, lang, capability=capability)) <= SENTENCES[sentence][lang].parts


def test_a_place_leads_what_is_said_about_a_task():
    assert say("taken", {"place": "柏林小区", "cause": "fall"}) == "【安铃】柏林小区：已有人接单，不用去了，谢谢"
    assert say("taken", {}) == "【安铃】已有人接单，不用去了，谢谢"


def test_several_tasks_are_listed_with_an_answer_that_works():
    text = say("ask_which", {"choices": "37 柏林小区；12 红星里"})
    assert "37 柏林小区；12 红星里" in text
    assert text.endswith("如：37 1")
    many = say("ask_which", {"choices": "；".join(f"{code} 一个名字很长的小区" for code in range(10, 60))})
    assert segments(many) <= 2
    assert "10 一个名字很长的小区；11 一个名字很长的小区；" in many


def test_the_plain_sentence_needs_nothing():
    assert say("plain", {"number": "0721-003", "place": "柏林小区"}) == "【安铃】告警 0721-003，柏林小区，请联系值守台"
    assert say("plain", {"number": "0721-003", "place": ""}) == "【安铃】告警 0721-003，请联系值守台"
    assert say("plain", {}) == "【安铃】告警，请联系值守台"


def test_the_sheet_for_120_says_where_what_who_and_how_to_get_in():
    text = say("emergency_sheet", {**DOOR, "cause": "fall", "at": ASKED["at"]}, channel=Channel.VOICE)
    for words in ("柏林小区 3杠2杠5 0 1", "跌倒", "18点05分", "王秀英", "86岁", "高血压", "门禁1 2 3 4井号", "救护车"):
        assert words in text
    assert "出生" not in text


def test_without_a_time_the_year_of_birth_stands_for_the_age():
    assert "1940年出生" in say("emergency_sheet", DOOR, channel=Channel.VOICE)


def test_the_answers_we_suggest_are_understood():
    for word in ("没事", "扶起", "送医", "误报", "测试", "fine", "hospital", "false"):
        assert parse(word).action is Action.DONE, word
    assert parse("4 没事").action is parse("4 fine").action is Action.DONE
    assert parse("12 1").code == 12
    assert parse("1接单").action is parse("1能去").action is parse("1 yes").action is Action.ACCEPT
    assert parse("2去不了").action is parse("2 cannot go").action is Action.DECLINE
    assert parse("3到了").action is parse("3 arrived").action is Action.ARRIVED
    assert parse("4完成").action is parse("4 done").action is Action.DONE


# ------------------------------------------------------------------------------------------------ strange facts

STRANGE = st.one_of(
    st.none(), st.integers(), st.text(max_size=300),
    st.text(alphabet="{}[]%$【】“”‘’\u00a0\u200b\u202e\x00\n\r\t🚑👍🏽\ud800１２；;-#*0123456789abc柏林", max_size=60),
    st.sampled_from(["{address}", "{0.__class__}", "[{name}]", "%s", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00Z"]),
)  # fmt: skip
ALL_CAPABILITIES = [ANSWERS, SILENT, LINKS]


@given(
    sentence=st.sampled_from(sorted(SENTENCES)), lang=st.sampled_from([*LANGUAGES, "fr", ""]),
    channel=st.sampled_from(list(Channel)), capability=st.sampled_from(ALL_CAPABILITIES),
    facts=st.dictionaries(st.sampled_from(sorted(ALL_FACTS)), STRANGE),
)  # fmt: skip
@settings(max_examples=500)
def test_no_fact_breaks_a_sentence(sentence, lang, channel, capability, facts):
    text = say(sentence, facts, lang, channel, capability)
    assert text.strip() == text != ""
    assert text.isprintable()
    text.encode("utf-8")
    if channel is Channel.SMS:
        assert text.startswith(SIGNATURE) == (lang != "en")
        assert text.count("【") == (lang != "en")
        words: Words = SENTENCES[sentence].get(lang, SENTENCES[sentence]["zh"])
        assert segments(text) <= words.parts or not words.shrinks


@given(value=st.sampled_from(["{address}", "{name}", "[{illness}]", "{cause", "}{", "{{place}}", "[x]"]))
def test_what_a_value_says_is_never_filled_in(value):
    assert value in say("offer", {**ALL_FACTS, "place": value})


def test_signs_that_steer_or_cost_are_made_plain():
    assert (
        say("taken", {"place": "“柏\u00a0林”\u202e\x07小区🚑３【x】"})
        == '【安铃】"柏 林"小区3(x)：已有人接单，不用去了，谢谢'
    )
    rare = "𠮷祥里"
    assert rare in say("taken", {"place": rare})


def test_a_time_without_a_zone_or_out_of_range_is_left_out():
    for at in ("2026-07-21T10:05:00", "yesterday", "", None, 7, "9999-12-31T23:59:59+00:00"):
        assert not re.search(r"\d\d:\d\d", say("page", {**ALL_FACTS, "at": at}))
    assert datetime.fromisoformat(str(ASKED["at"])).tzinfo is UTC


CARERS_PAGE = ("visit_remind", "visit_unsigned", "swap_asked", "order_offer", "round_due", "visits_given")


@pytest.mark.parametrize("sentence", CARERS_PAGE)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_texts_to_carers_lead_to_their_page_where_an_address_may_stand_and_only_there(sentence, lang):
    link = "https://anling.example/c/2MGoUqPCbH7yq7M7ptrbTg"
    facts = {"place": "柏林小区", "choices": "11-27 10:00", "number": "C1", "code": 100, "minutes": 20, "link": link}
    for two_way in (True, False):
        may, never = (Capability(two_way=two_way, urls=urls) for urls in (True, False))
        assert link in render(sentence, Channel.SMS, lang, facts, capability=may, local=local)
        assert "http" not in render(sentence, Channel.SMS, lang, facts, capability=never, local=local)
