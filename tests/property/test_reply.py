"""Laws of answers: whatever comes in is read without an error, and how it is written does not change what it means."""

import string
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.rules.reply import Action, parse

WIDE = str.maketrans({char: chr(ord(char) + 0xFEE0) for char in string.ascii_letters + string.digits})
PLAIN = {
    Action.ACCEPT: (
        "1",
        "接单",
        "收到",
        "好的",
        "我去",
        "马上到",
        "jiedan",
        "qu",
        "ok",
        "yes",
        "accept",
        "12 1",
        "121",
    ),
    Action.DECLINE: ("2", "拒绝", "不行", "去不了", "没空", "来不了", "buqu", "no", "decline", "cannot", "12-2", "122"),
    Action.ARRIVED: ("3", "到了", "到达", "已到", "daole", "arrived", "12 3", "123"),
    Action.DONE: ("4", "完成", "好了", "办完了", "处理好了", "wancheng", "done", "12 4", "124", "没事"),
}
SAID = [(action, text) for action, texts in PLAIN.items() for text in texts]
PIECES = [text for texts in PLAIN.values() for text in texts] + [
    "不", "没", "还没", "未", "别", "不用", "了", "吗", "?", "，", " ", "我", "他", "退订", "stop", "t", "not ",
    "分钟", "到", "去", "12", "1",
    "全部", "❌", "👌", "没事", "送医", "报警", "老人",
]  # fmt: skip
TEXTS = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=8).map("".join))


@given(TEXTS)
@settings(max_examples=1500)
def test_any_text_is_read_without_an_error(text):
    parsed = parse(text)
    assert not (parsed.stop and parsed.action)
    assert parsed.code is None or 10 <= parsed.code <= 999
    assert parsed.outcome is None or parsed.action in {Action.DONE, Action.ARRIVED}
    assert parsed == parse(text)


@given(
    st.sampled_from(SAID),
    st.text(alphabet=" \t\r\n\u00a0\u3000\u200b", max_size=3),
    st.text(alphabet=" 。．.!！,，、;；~～…)）”\"'\n\u3000\u200b👌", max_size=4),
    st.sampled_from([str, str.upper, str.title, lambda text: text.translate(WIDE)]),
    st.sampled_from(["", "回复：", "回复", "“", "(", "【安铃】"]),
)
@settings(max_examples=1000)
def test_blanks_width_case_and_punctuation_change_nothing(said, before, after, written, quote):
    action, text = said
    parsed = parse(f"{before}{quote}{written(text)}{after}")
    assert parsed.action is action
    assert parsed.code == parse(text).code


@given(st.sampled_from([each for each in SAID if not each[1].isascii()]), st.data())
def test_stray_blanks_inside_chinese_change_nothing(said, data):
    action, text = said
    blanks = [data.draw(st.sampled_from(["", " ", "\u3000", "\t"])) for _ in text]
    assert parse("".join(char + blank for char, blank in zip(text, blanks, strict=True))).action is action


@pytest.mark.parametrize("blank", [" ", "\u3000", "\t", "\n", "\r\n", " \n", "\n\u3000 "])
def test_a_thousand_blanks_are_read_as_three(blank):
    many, few = (f"{blank * number}我马上到{blank * number}" for number in (1000, 3))
    assert parse(many) == parse(few)
    assert parse(many).action is Action.ACCEPT
    within = "\u3000" * 1000
    assert parse(f"我{within}去") == parse("我\u3000\u3000\u3000去")


def test_a_denial_before_it_never_leaves_the_meaning():
    denials = (
        "不",
        "没",
        "没有",
        "还没",
        "还没有",
        "未",
        "别",
        "不是",
        "不能",
        "不会",
        "not ",
        "don't ",
        "never ",
        "bu ",
        "mei ",
    )
    said = [(action, text) for action, text in SAID if not text[0].isdigit()]
    kept = [
        denial + text
        for denial, (action, text) in product(denials, said)
        if action is not Action.DECLINE and parse(denial + text).action is action
    ]
    assert kept == []


def test_two_different_answers_are_never_one_unless_one_is_only_a_nod():
    nods = {"收到", "好的", "ok"}
    guessed = [
        f"{one}，{two}"
        for (action, one), (other, two) in product(SAID, SAID)
        if action is not other and not {one, two} & nods and parse(f"{one}，{two}").action not in {None, Action.ARRIVED}
    ]
    assert guessed == []


@given(
    st.integers(10, 99).filter(lambda code: code not in {11, 22, 33, 44}),
    st.sampled_from(list(Action)[:4]),
    st.sampled_from(["", " ", "-", "，", "－", "  "]),
)
def test_a_code_and_a_digit_are_told_apart(code, action, between):
    parsed = parse(f"{code}{between}{list(Action).index(action) + 1}")
    assert (parsed.code, parsed.action) == (code, action)


@given(st.integers(0, 10**12).filter(lambda number: len(str(number)) > 3))
def test_a_long_number_is_nothing(number):
    assert parse(str(number)).action is None
