"""The board and the phones as pages: what they show, in both languages, and what their forms do without a script."""

import re
from html.parser import HTMLParser

import pytest

from dispatch.rules.alarm import Outcome, Proof, State
from dispatch.rules.people import operator
from dispatch.rules.signal import Cause
from dispatch.store.register_rows import KINDS
from dispatch.web import telling, words
from tests.architecture.tree import files
from tests.builders import DISTRICT
from tests.integration.board_rig import LOGIN, PASSWORD, BoardRig

HAN = re.compile(r"[\u4e00-\u9fff]+")
LATIN = re.compile(r"[A-Za-z]{2,}")
OWN_NAMES = {
    "李护理",
    "王护理",
    "王秀英",
    "王女士",
    "王先生",
    "张桂兰",
    "赵大爷",
    "王芳",
    "柏林小区",
    "红星里",
    "柏林颐养驿站",
    "钥匙盒",
    "中文",
}
FOREIGN_WORDS = {
    "English",
    "Smith",
    "EV",
    "Esc",
    "Enter",
    "Ctrl",
    "Shift",
    "console",
    "SMS",
    "hall",
    "roof",
    "test",
    "rflink",
}


class Words(HTMLParser):
    """The words a reader sees or hears: text and spoken labels, without what people wrote themselves."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._skipped = 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        fields = dict(attrs)
        self.found += [fields[name] for name in ("aria-label", "title", "placeholder") if fields.get(name)]
        self.found += [value for name, value in attrs if name.startswith("data-say") and value]
        if fields.get("id") == "words":
            self.found += [re.sub(r"{\w+}", "", value) for name, value in attrs if name.startswith("data-")]
        if self._skipped or tag in {"q", "option", "code", "kbd"} or "sent" in (fields.get("class") or "").split():
            self._skipped += tag not in {"input", "br", "meta", "link"}

    def handle_endtag(self, tag):
        self._skipped = max(0, self._skipped - 1)

    def handle_data(self, data):
        if not self._skipped and data.strip():
            self.found.append(data.strip())


@pytest.fixture
def rig(tmp_path):
    built = BoardRig(tmp_path)
    yield built
    built.close()


@pytest.fixture
def browser(rig):
    return entered(rig)


def entered(rig, lang="zh"):
    browser = rig.app.test_client()
    browser.set_cookie("anling_lang", lang)
    enter = {"login": LOGIN, "password": PASSWORD, "csrf_token": token(browser, "/login")}
    assert browser.post("/login", data=enter).status_code == 303
    return browser


def token(browser, path="/board"):
    return re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path).text)[1]


def post(browser, path, **form):
    return browser.post(path, data={"csrf_token": token(browser), **form})


def full_story(rig):
    """An alarm to which everything happened that can."""
    world, by = rig.world, operator(rig.operator.id)
    alarm_id = rig.press("H1", "R1")
    rig.world.press("H1", "R1", Cause.FIRE)
    rig.settle()
    for seconds in (35, 35, 35, 35, 35, 15, 35):
        world.advance(seconds)
        rig.settle()
    world.desk.decline(alarm_id, world.carer("C3"), by=world.carer("C3"))
    world.desk.accept(alarm_id, world.carer("C1"), by=by)
    world.desk.attend(alarm_id, world.carer("C1"), proof=Proof.CLAIMED, by=by)
    world.advance(130)
    rig.settle()
    world.desk.note(alarm_id, "neighbour heard a fall", by=by)
    world.desk.emergency_called(alarm_id, reference="0042", by=by)
    world.desk.close(alarm_id, outcome=Outcome.HOSPITAL, by=by)
    world.desk.reopen(alarm_id, by=by)
    rig.settle()
    return alarm_id


# ------------------------------------------------------------------------------------------------ what is shown


def test_a_stranger_is_sent_to_sign_in(rig):
    browser = rig.app.test_client()
    for path in ("/board", "/board/live", "/alarms/1", "/phones", "/phones/live"):
        assert browser.get(path).status_code == 303


def test_the_front_door_leads_to_the_board(browser):
    assert browser.get("/").location == "/board"


def test_a_quiet_board_says_so(browser):
    assert "没有未结束的告警" in browser.get("/board").text


def test_an_open_alarm_shows_who_where_and_what(rig, browser):
    alarm_id = rig.press("H1", "R1", Cause.FALL)
    page = browser.get(f"/board?alarm={alarm_id}").text
    for said in ("跌倒", "柏林小区 3-2-501", "王秀英", "88岁", "+8613800000101", "王女士", "李护理", "中度失能"):
        assert said in page


def test_the_way_in_waits_behind_a_press(rig, browser):
    alarm_id = rig.press("H1", "R1")
    page = browser.get(f"/board?alarm={alarm_id}").text
    hidden = r'<details class="entry"[^>]*><summary>[^<]*</summary><p class="big">钥匙盒 4711</p>'
    assert re.search(hidden, page)


def test_the_candidates_come_with_minutes_and_reasons(rig, browser):
    page = browser.get(f"/board?alarm={rig.press('H1', 'R1')}").text
    assert re.search(r"李护理</b> <b class=\"number\">\d+分钟", page)
    assert "骑电动车约" in page


def test_the_fragment_is_the_board_without_its_frame(rig, browser):
    rig.press("H1", "R1")
    live = browser.get("/board/live").text
    assert live.strip().startswith('<div id="live"')
    assert "<html" not in live
    assert live.strip().endswith("</div>")


def test_an_alarm_that_is_not_there_is_said_to_be_missing(browser):
    assert "没有这个告警" in browser.get("/board?alarm=nothing").text
    assert browser.get("/alarms/nothing").status_code == 404


def test_gateways_and_providers_that_fail_are_told(rig, browser):
    rig.gateways["roof"] = False
    rig.providers["console"] = False
    page = browser.get("/board").text
    assert "网关 1/2" in page
    assert "消息 异常" in page


@pytest.mark.parametrize(("lang", "strange", "known"), [("zh", LATIN, FOREIGN_WORDS), ("en", HAN, OWN_NAMES)])
def test_no_page_mixes_its_languages(rig, lang, strange, known):
    alarm_id = full_story(rig)
    browser = entered(rig, lang)
    for path in (f"/board?alarm={alarm_id}", "/board", f"/alarms/{alarm_id}", "/phones"):
        words = [word for text in Words(browser.get(path).text).found for word in strange.findall(text)]
        others = {word for word in words if not any(name in word for name in known)}
        if path == "/phones":  # what was sent is in its reader's language
            others = {word for word in others if word not in rig_texts(rig)}
        assert others == set(), path


def rig_texts(rig) -> str:
    return " ".join(str(each["text"]) for each in rig.review.messages(200))


# ------------------------------------------------------------------------------------------------ the timeline


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_entry_is_a_sentence(rig, lang):
    alarm_id = full_story(rig)
    page = entered(rig, lang).get(f"/board?alarm={alarm_id}").text
    kinds = {each["kind"] for each in rig.review.story(alarm_id, "zh")["timeline"]}
    assert {"raised", "worsened", "offered", "lapsed", "called", "accepted", "attended", "closed", "reopened"} <= kinds
    assert kinds <= {kind.partition(":")[0] for kind in telling.KINDS}
    assert page.count('<li id="entry-') == len(rig.review.story(alarm_id, "zh")["timeline"])
    shown = re.findall(r'<span class="text">([^<]*)', page)
    assert [text for text in shown if "None" in text or "%(" in text or re.search(r"\b[a-z]+_[a-z]+\b", text)] == []


def test_every_kind_that_the_rules_write_has_a_sentence():
    rooms = ("config", "devices", "dispatch", "schedules")
    source = "\n".join(path.read_text(encoding="utf-8") for path in files(".py", folders=rooms))
    rules = "\n".join(path.read_text(encoding="utf-8") for path in files(".py", folders=("dispatch",)))
    written = set(re.findall(r'change\(\s*[\w.]+,\s*"(\w+)"', rules))
    written |= set(re.findall(r'\bLine\(\s*kind="(\w+)", by', source))
    written |= set(re.findall(r'_line\(\s*"(webhook_\w+)"', source))
    written |= {f"{each.one}_{what}" for each in KINDS.values() for what in ("added", "changed", "ended", "restored")}
    assert len(written) > 100
    assert written - {kind.partition(":")[0] for kind in telling.KINDS} == set()


def test_a_kind_nobody_foresaw_is_shown_by_its_name(rig):
    entry = {"kind": "moon_rose", "by": "service", "facts": {}, "person_name": None}
    assert telling.sentence(entry, {}) == "moon_rose"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sentence_can_be_said_whatever_facts_there_are(rig, lang):
    with rig.app.test_request_context(headers={"Accept-Language": lang}):
        for kind in telling.KINDS:
            entry = {"kind": kind.partition(":")[0], "by": "service", "facts": {}, "person_name": None}
            assert "%(" not in telling.sentence(entry, {})


def test_every_code_has_its_word():
    assert set(words.STATES) == set(words.SHAPES) == {str(each) for each in State}
    assert set(words.CAUSES) == {str(each) for each in Cause}
    assert set(words.OUTCOMES) == {str(each) for each in Outcome}
    assert set(words.PROOFS) == {str(each) for each in Proof}


# ------------------------------------------------------------------------------------------------ without a script


def test_an_alarm_is_closed_by_a_plain_form(rig, browser):
    alarm_id = rig.press("H1", "R1")
    answer = post(browser, f"/alarms/{alarm_id}/close", outcome="false_alarm", note="按错了")
    assert (answer.status_code, answer.location) == (303, f"/board?alarm={alarm_id}")
    alarm = rig.world.alarm(alarm_id)
    assert (alarm.state, alarm.outcome, alarm.closed_by) == ("closed", "false_alarm", f"operator:{rig.operator.id}")
    assert "按错了" in browser.get(f"/board?alarm={alarm_id}").text


def test_a_closing_is_taken_back_by_a_plain_form(rig, browser):
    alarm_id = rig.press("H1", "R1")
    post(browser, f"/alarms/{alarm_id}/close", outcome="test")
    post(browser, f"/alarms/{alarm_id}/reopen", note="")
    assert rig.world.alarm(alarm_id).state == "raised"


def test_a_carer_is_sent_accepts_and_arrives_by_plain_forms(rig, browser):
    alarm_id, person = rig.press("H1", "R1"), rig.world.carer("C2")
    post(browser, f"/alarms/{alarm_id}/offer", person=person)
    post(browser, f"/alarms/{alarm_id}/accept", person=person)
    post(browser, f"/alarms/{alarm_id}/attend", person=person, proof="voice")
    assert (rig.world.alarm(alarm_id).state, rig.world.alarm(alarm_id).proof) == ("attended", "voice")


def test_a_family_member_is_asked_by_a_plain_form(rig, browser):
    alarm_id = rig.press("H1", "R1")
    post(browser, f"/alarms/{alarm_id}/offer", person=rig.world.contact())
    assert rig.world.contact() in {each.person for each in rig.world.offers(alarm_id)}


def test_notes_and_the_number_of_120_are_kept(rig, browser):
    alarm_id = rig.press("H1", "R1")
    post(browser, f"/alarms/{alarm_id}/note", text="门开着")
    post(browser, f"/alarms/{alarm_id}/emergency", reference="A-77")
    page = browser.get(f"/board?alarm={alarm_id}").text
    assert "门开着" in page
    assert "编号 A-77" in page


@pytest.mark.parametrize(
    ("deed", "form"),
    [
        ("close", {"outcome": "tired"}),
        ("close", {}),
        ("note", {"text": "  "}),
        ("offer", {"person": "carer:nobody"}),
        ("accept", {"person": "operator:x"}),
        ("attend", {"person": "", "proof": "voice"}),
        ("emergency", {"reference": ""}),
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing(rig, browser, deed, form):
    alarm_id = rig.press("H1", "R1")
    version = rig.world.alarm(alarm_id).version
    assert post(browser, f"/alarms/{alarm_id}/{deed}", **form).status_code == 422
    assert rig.world.alarm(alarm_id).version == version


def test_nobody_is_sent_to_an_alarm_that_is_over(rig, browser):
    alarm_id = rig.press("H1", "R1")
    post(browser, f"/alarms/{alarm_id}/close", outcome="test")
    assert post(browser, f"/alarms/{alarm_id}/offer", person=rig.world.carer("C2")).status_code == 409


def test_looking_changes_nothing(rig, browser):
    alarm_id = rig.press("H1", "R1")
    head = rig.review.head()
    for path in (f"/board?alarm={alarm_id}", f"/alarms/{alarm_id}", "/phones"):
        browser.get(path)
    for path in (f"/alarms/{alarm_id}/close", f"/alarms/{alarm_id}/accept", "/phones/reply"):
        assert browser.get(path).status_code in {404, 405}
    assert {each["kind"] for each in rig.review.entries(head, 100)} <= {"resident_read"}


def test_a_form_without_its_token_does_nothing(rig, browser):
    alarm_id = rig.press("H1", "R1")
    assert browser.post(f"/alarms/{alarm_id}/close", data={"outcome": "test"}).status_code == 400
    assert rig.world.alarm(alarm_id).open


# ------------------------------------------------------------------------------------------------ hostile names


EVIL = [
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=window.pwned=1>',
    "' onfocus='window.pwned=1",
    "{{ 7*7 }}",
]


def test_whatever_people_write_stays_text(tmp_path):
    district = DISTRICT.replace('name = "王秀英"', "name = '''" + EVIL[1] + "'''").replace(
        'address = "柏林小区 3-2-501"', "address = '''" + EVIL[0] + "'''"
    )
    rig = BoardRig(tmp_path, district=district)
    try:
        alarm_id = rig.press("H1", "R1")
        for text in EVIL:
            rig.world.desk.note(alarm_id, text, by=operator(rig.operator.id))
        browser = entered(rig)
        for path in (f"/board?alarm={alarm_id}", f"/alarms/{alarm_id}", "/phones"):
            page = browser.get(path).text
            assert "<script>window" not in page
            assert "<img src=x" not in page
            assert not re.search(r"\son\w+\s*=", re.sub(r"&[#\w]+;", "", re.sub(r">[^<]*<", "><", page)))
            assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|javascript:", page) == []
    finally:
        rig.close()


# ------------------------------------------------------------------------------------------------ the phones


def test_a_phone_shows_what_was_sent_and_answers_like_a_real_one(rig, browser):
    alarm_id = rig.press("H1", "R1")
    page = browser.get("/phones").text
    assert "演示 – 不会真的发短信" in page
    assert "李护理" in page
    assert "回1接单" in page
    message = rig.review.messages(1)[0]
    post(browser, "/phones/reply", phone=message["to"], text="1", after=message["id"])
    assert rig.world.alarm(alarm_id).state == "accepted"
    assert '<p class="mine">1</p>' in browser.get("/phones").text


def test_a_double_reply_accepts_once(rig, browser):
    alarm_id = rig.press("H1", "R1")
    post(browser, "/phones/reply", phone=rig.review.messages(1)[0]["to"], text="1", twice="1")
    assert rig.world.kinds(alarm_id).count("accepted") == 1


def test_a_key_in_a_call_is_an_answer(rig, browser):
    alarm_id = rig.press("H1", "R1")
    rig.world.advance(31)
    rig.settle()
    call = next(each for each in rig.review.messages(50) if each["channel"] == "voice")
    post(browser, "/phones/key", phone=call["to"], attempt=call["attempts"][-1]["id"], digits="1", after=call["id"])
    assert rig.world.alarm(alarm_id).state == "accepted"


@pytest.mark.parametrize(("kind", "word"), [("delivered", "已送达"), ("undelivered", "未送达"), ("failed", "失败")])
def test_a_receipt_is_the_providers_later_word(rig, browser, kind, word):
    alarm_id = rig.press("H1", "R1")
    message = rig.review.messages(1)[0]
    post(browser, "/phones/receipt", attempt=message["attempts"][-1]["id"], kind=kind)
    assert word in browser.get(f"/board?alarm={alarm_id}").text


@pytest.mark.parametrize("fault", ["refuse", "hang", "not_sent", "unknown"])
def test_faults_of_the_provider_are_switched_on_and_shown(rig, browser, fault):
    post(browser, "/phones/fault", fault=fault)
    assert rig.panel.fault == fault
    rig.press("H1", "R1")
    page = browser.get("/phones").text
    assert ("这部手机没有收到" in page) == (fault in {"refuse", "not_sent"})
    assert ("可能已收到" in page) == (fault in {"hang", "unknown"})


def test_a_pendant_is_pressed_and_the_gateway_unplugged(rig, browser):
    post(browser, "/phones/press", home="H1", cause="fall")
    assert rig.review.board()[0]["cause"] == "fall"
    post(browser, "/phones/gateway", wanted="unplug")
    assert rig.plugged is False
    assert "已拔掉" in browser.get("/phones").text


@pytest.mark.parametrize(
    ("deed", "form"),
    [
        ("reply", {"phone": "", "text": "1"}),
        ("reply", {"phone": "+86138", "text": ""}),
        ("fault", {"fault": "fire"}),
        ("receipt", {"attempt": "x", "kind": "eaten"}),
        ("press", {"home": "H99", "cause": "press"}),
        ("press", {"home": "H1", "cause": "boredom"}),
        ("gateway", {"wanted": "shake"}),
    ],
)
def test_nonsense_on_the_phones_is_refused(browser, deed, form):
    assert post(browser, f"/phones/{deed}", **form).status_code == 422
