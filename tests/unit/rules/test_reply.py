"""Answers as people write them, and what they mean; above all what must not be taken for a yes."""

import pytest

from dispatch.rules.alarm import Outcome
from dispatch.rules.reply import ALL, Action, parse

ACCEPT, DECLINE, ARRIVED, DONE, NO_ENTRY = Action

PHRASES: dict[Action, tuple[str, ...]] = {
    ACCEPT: (
        "1", "１", "①", "1.", "1。", " 1 ", "1！", "(1)", "“1”", "回复：1", "回复1", "回1", "按1", "Reply 1",
        "re: 1", "1️⃣", "一",
        "1接单", "1 接单", "1，好的", "接", "接单", "接單", "我接", "我接单", "收到", "收到！", "收到，谢谢", "好",
        "好的", "好 的",
        "好的。", "好的👌", "好的~", "好的，我去", "好的马上到", "我去", "去", "能去", "可以去", "马上到",
        "马上到！", "马上去", "我马上到",
        "马上过来", "在路上了", "出发了", "没问题", "可以", "行", "是的", "12分钟到", "10 分钟后到", "十分钟到",
        "半小时能到", "好的，5分钟到",
        "jiedan", "jie dan", "JIEDAN", "qu", "wo qu", "haode", "hao de", "shoudao", "ok", "OK", "Ok.", "ＯＫ",
        "okay", "yes", "Yes!",
        "accept", "I accept", "coming", "I'm coming", "I’m on my way", "on my way", "no problem", "sure",
        "不好意思，我去",
    ),
    DECLINE: (
        "2", "２", "2。", "回复：2", "回2", "二", "2去不了", "2 不能去", "拒", "拒绝", "不行", "去不了", "去 不 了",
        "没空", "不能去", "来不了",
        "我去不了", "不去", "不去了", "不接", "不接单", "接不了", "到不了", "没时间", "走不开", "无法前往", "不",
        "不了", "好的，去不了",
        "收到，不去", "去不了，谢谢", "不好意思，去不了", "不去 不好意思", "不行，没空", "buqu", "bu qu",
        "qu bu liao", "mei kong", "no", "No.",
        "NO", "decline", "cannot", "can't", "can’t come", "cant", "i cannot come", "not coming", "ok no", "busy",
        "sorry, can't make it",
    ),
    ARRIVED: (
        "3", "３", "3。", "回3", "三", "3到了", "到", "到了", "到 了", "我到了", "到达", "已到", "已到达",
        "已经到了", "到了！", "到了，谢谢",
        "收到，到了", "到现场了", "daole", "dao le", "DAOLE", "yi dao", "arrived", "Arrived.", "i have arrived",
        "I'm here",
    ),
    DONE: (
        "4", "４", "4。", "回4", "四", "4完成", "完成", "完成了", "好了", "好 了", "办完了", "处理好了", "已处理",
        "搞定", "结束了", "完成，谢谢",
        "wancheng", "wan cheng le", "haole", "done", "Done!", "all done", "finished", "completed",
    ),
}  # fmt: skip

UNCLEAR = (
    # Denials of something that would count.
    "不好", "不到", "没到", "没 到", "还没到", "还没有到", "未到", "不是", "没收到", "没有收到", "没完成", "还没好",
    "没好", "未完成", "不用了",
    "不用", "不用去了", "不必了", "别来", "别去", "不知道", "不清楚", "不明白", "bu hao", "mei dao", "hai mei dao",
    "not ok", "not yet",
    "not arrived", "not done", "don't accept", "never", "no no problem", "不可以不去", "不去不行",
    "不能不去", "不得不去", "不接不行",
    # Nearly there is not there.
    "快到了", "马上到了", "就到", "一会到", "一会儿到", "等会到", "到门口", "到家了", "到楼下了", "我来了", "来了",
    "看到了", "接到", "接到了",
    # Questions, and our own words sent back.
    "1?", "1？", "到了吗", "到了吗？", "去吗", "行不行", "去不去", "能不能去", "好不好", "接不接", "到没到",
    "可以吗", "谁去", "去哪",
    "回1接单，2去不了", "1或2", "1/2", "1 2", "1,2", "2、1", "1接单 2不能去", "1 去不了", "2 接单", "1 到了",
    "接单 不去",
    # Somebody else, something else.
    "你去", "他去", "让老王去", "小王到了", "回去", "我回去", "回来了", "回家", "去医院", "接孩子去了", "知道了",
    "嗯", "有事", "不行了", "救命",
    "报警", "叫120", "着火了", "help", "fire", "老人流血", "不行，老人流血",
    "no, he is bleeding",
    "去不了医院", "我去，到了", "没事 我去", "1 没事",
    # Numbers that are neither an action nor a code.
    "", " ", "。", "0", "5", "9", "00", "01", "110", "120", "119", "1234", "12345", "13800138000", "1.5小时到",
    "2.5小时到", "12 1 2",
    "3-2-501", "3号楼", "3号楼到了", "1单元", "2楼", "4号楼", "12点到", "18:05", "10分钟", "+1", "*", "#", "1#2",
    # Signs that may say anything.
    "👍", "👌", "❌", "1❌", "1 ❌", "✓", "😡", "哈哈", "呵呵", "喂", "测", "asdf", "okk", "yesno", "nope1", "1a",
    "a1", "4不对", "4 还没好", "4 不是误报",
    "4 没有送医", "4 报警", "完成不了", "完成 还没", "1 全部", "全部", "都去", "12 2 全部", "4 全部",
)  # fmt: skip


@pytest.mark.parametrize(("text", "action"), [(text, action) for action, texts in PHRASES.items() for text in texts])
def test_a_phrase_means_one_thing(text, action):
    parsed = parse(text)
    assert parsed.action is action
    assert parsed.code is None
    assert not parsed.stop


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_is_not_clear_is_asked_back(text):
    parsed = parse(text)
    assert parsed.action is None
    assert parsed.code is None
    assert parsed.outcome is None
    assert not parsed.stop


def test_the_written_list_is_long_and_says_nothing_twice():
    texts = [*UNCLEAR, *(text for texts in PHRASES.values() for text in texts)]
    assert len(texts) == len(set(texts)) > 300


@pytest.mark.parametrize(
    ("text", "code", "action"),
    [
        ("12 1", 12, ACCEPT), ("12-1", 12, ACCEPT), ("121", 12, ACCEPT), ("１２１", 12, ACCEPT),
        ("12－2", 12, DECLINE),
        ("12，3", 12, ARRIVED), ("99 4", 99, DONE), ("994", 99, DONE), ("10 2", 10, DECLINE),
        ("12 接单", 12, ACCEPT), ("12接单", 12, ACCEPT),
        ("12-去不了", 12, DECLINE), ("12 好的，去不了", 12, DECLINE), ("12 好的", 12, ACCEPT),
        ("12 ok", 12, ACCEPT), ("12ok", 12, ACCEPT),
        ("码12 1", 12, ACCEPT), ("code 12 1", 12, ACCEPT), ("回复：12 1", 12, ACCEPT), ("回12 1", 12, ACCEPT),
        ("12 到了", 12, ARRIVED),
        ("12 没到", None, None), ("12 5分钟到", 12, ACCEPT), ("121 好的", 12, ACCEPT), ("121 去不了", None, None),
        ("12 dao le", 12, ARRIVED),
        ("12.1", 12, ACCEPT), ("12 没事", 12, DONE), ("112", 11, DECLINE), ("125", None, None),
        ("12 5", None, None), ("012 1", None, None),
    ],
)  # fmt: skip
def test_a_code_may_stand_before_the_action(text, code, action):
    parsed = parse(text)
    assert (parsed.code, parsed.action) == (code, action)


@pytest.mark.parametrize(
    ("text", "code"), [("12", 12), ("１２", 12), ("99", 99), (" 10。", 10), ("回复12", 12), ("码37", 37), ("55", 55)]
)
def test_a_bare_code_is_a_code_without_an_action(text, code):
    parsed = parse(text)
    assert (parsed.code, parsed.action, parsed.stop) == (code, None, False)


@pytest.mark.parametrize(
    "text",
    ["STOP", "stop", "Stop.", "ＳＴＯＰ", "stopall", "UNSUBSCRIBE", "quit", "END", "cancel", "optout", "TD", "td",
    "T", "t。", "退订", "回T退订",
     "回复TD", "TD退订", "退订回T", "我要退订", "请退订！", "R"],
)  # fmt: skip
def test_the_wish_to_hear_no_more_is_heard(text):
    parsed = parse(text)
    assert parsed.stop
    assert parsed.action is None
    assert parsed.code is None


@pytest.mark.parametrize(
    "text",
    ["不退订", "不要退订", "别退订", "stop by later", "bus stop", "到站台了", "tdx", "the end", "1 t", "12 stop"],
)
def test_a_word_that_only_looks_like_it_is_not_an_opt_out(text):
    assert not parse(text).stop
    assert parse(text).action is None


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("没事", Outcome.HELPED), ("4没事", Outcome.HELPED), ("4 没事了", Outcome.HELPED),
        ("完成 没事", Outcome.HELPED), ("完成，没事", Outcome.HELPED),
        ("已扶起", Outcome.HELPED), ("好了，已扶起", Outcome.HELPED), ("4 fine", Outcome.HELPED),
        ("送医", Outcome.HOSPITAL), ("4 送医院了", Outcome.HOSPITAL),
        ("4 已叫120", Outcome.HOSPITAL), ("误报", Outcome.FALSE_ALARM), ("done, false alarm", Outcome.FALSE_ALARM),
        ("按错了", Outcome.FALSE_ALARM),
        ("测试", Outcome.TEST), ("4 test", Outcome.TEST), ("4 已报警", Outcome.POLICE_FIRE),
        ("没人在家", Outcome.NOBODY_HOME), ("4 去世", Outcome.DIED),
        ("4 重复", Outcome.DUPLICATE), ("4 其他", Outcome.OTHER), ("4", None), ("没事 误报", None),
    ],
)  # fmt: skip
def test_who_is_done_may_say_how_it_ended(text, outcome):
    parsed = parse(text)
    assert parsed.action is DONE
    assert parsed.outcome is outcome


def test_every_outcome_can_be_said():
    said = {
        parse(f"4 {word}").outcome
        for word in ("没事", "误报", "测试", "送医", "已报警", "没人", "去世", "重复", "其他")
    }
    assert said == set(Outcome)


@pytest.mark.parametrize("text", ["到了，没事", "3 没事", "已到达 没事了"])
def test_who_came_and_found_all_well_has_come(text):
    assert (parse(text).action, parse(text).outcome) == (ARRIVED, Outcome.HELPED)


@pytest.mark.parametrize(
    ("text", "action", "outcome", "rest"),
    [
        ("4 老人自己起来了", DONE, None, ""),
        ("完成，老人 不在家", DONE, Outcome.NOBODY_HOME, "老人"),
        ("4 送医，家属陪同", DONE, Outcome.HOSPITAL, ""),
        ("4 家属陪同，已送医", DONE, Outcome.HOSPITAL, ""),
        ("去不了，孩子发烧了", DECLINE, None, ""),
        ("去不了，水管爆了", DECLINE, None, "水管爆了"),
        ("水管爆了，去不了", DECLINE, None, "水管爆了"),
        ("到了，老人坐在地上", ARRIVED, None, ""),
        ("2 孩子发烧", DECLINE, None, ""),
    ],
)
def test_a_note_may_follow_a_decline_or_an_end(text, action, outcome, rest):
    parsed = parse(text)
    assert (parsed.action, parsed.outcome, parsed.rest) == (action, outcome, rest)


@pytest.mark.parametrize("text", ["2 全部", "2全部", "全部不去", "都不去", "2 all"])
def test_declining_everything_must_be_said(text):
    assert (parse(text).action, parse(text).rest) == (DECLINE, ALL)
    assert parse("2").rest == ""


def test_a_text_that_was_not_understood_is_kept_whole():
    assert parse(" 老人流血，快来 ").rest == "老人流血,快来"


def test_keys_pressed_in_a_call_are_read_the_same():
    assert [parse(key).action for key in ("1", "2", "7", "0", "*", "#")] == [ACCEPT, DECLINE, None, None, None, None]
