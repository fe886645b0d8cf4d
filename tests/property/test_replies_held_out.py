"""
Lists of answers, each by another habit of typing (`tests/data/replies.toml`): how they are read, counted, and held by
a floor. A wrong yes is far worse than asking back, so none is allowed.
"""

import time
import tomllib
from collections import Counter
from itertools import cycle
from pathlib import Path

import pytest
from pypinyin import Style, pinyin

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases import learn, sounds
from dispatch.rules.reply import AGAIN_MAX, TEXT_MAX, Action, parse
from tests.property.test_reply_forms import corpus

LISTS = tomllib.loads((Path(__file__).parent.parent / "data" / "replies.toml").read_text(encoding="utf-8"))
YES = {Action.ACCEPT, Action.ARRIVED}
A_HUMAN_COMES = {Outcome.HOSPITAL, Outcome.DIED, Outcome.POLICE_FIRE}

FLOORS = {"A": 0.99, "B": 0.95, "C": 0.94, "D": 0.84}
"""Of all texts of a list, how many are read as they were meant; the rest is asked back."""


def texts(name):
    """Meaning and text of one list."""
    return [(meant, text) for meant, lines in LISTS[name].items() for text in lines.strip("\n").split("\n")]


def judged(meant, text):
    """Right, asked back, or wrong."""
    read = parse(text)
    right = {
        "unclear": read.action is None,
        "help": read.action is None or read.outcome in A_HUMAN_COMES,
        "fine": read.action is Action.DONE,
        "no_entry": read.action is Action.NO_ENTRY or read.outcome is Outcome.NOBODY_HOME,
    }.get(meant, read.action is not None and read.action == meant)
    if right:
        return "right"
    return "wrong" if read.action else "asked"


@pytest.mark.parametrize("name", sorted(LISTS))
def test_what_people_write_is_understood_or_asked_back_and_never_misread(name, capsys):
    said = texts(name)
    counts = Counter(judged(meant, text) for meant, text in said)
    with capsys.disabled():
        print(f"\n{name}: {len(said)} answers, {dict(counts)}")
    assert [(meant, text) for meant, text in said if judged(meant, text) == "wrong"] == []
    assert counts["right"] >= FLOORS[name] * len(said), [text for m, text in said if judged(m, text) != "right"]


def test_an_answer_is_read_within_a_few_milliseconds_of_the_processor():
    # Six tenths of one on an idle machine.
    learn()
    times = []
    for _, text in texts("A"):
        started = time.process_time()
        parse(text)
        times.append(time.process_time() - started)
    assert sorted(times)[len(times) // 2] < 0.005


POLITE = (
    "您好，{}", "领导好，{}", "不好意思，{}", "嗯，{}", "嗯嗯{}", "请问{}", "抱歉{}", "哎，{}", "{}，谢谢", "{} 谢谢您",
    "{}，辛苦了", "{}，麻烦您了", "{}，请放心", "{}。。。", "{}！！", "{}~", "（{}）", "“{}”", "{}🙏", "{}👍", "{}😊",
    "🌹{}", "{}😭", "{}🏃", "hi, {}", "sorry, {}", "{} thanks", "{} please", "Hello {}", "{}, sir", "站长，{}",
)  # fmt: skip


def noes():
    """Every text of all lists that is no yes."""
    said = [*corpus(), *(each for name in LISTS for each in texts(name))]
    return [text for meant, text in said if meant in {"unclear", "decline", "help"}]


def turned(text, dress):
    """Whether this dress makes a yes of it."""
    return parse(dress.format(text)).action in YES and parse(text).action not in YES


def test_politeness_and_signs_never_make_a_yes_of_what_was_none():
    """Each text in one dress, in turn."""
    assert [(text, dress) for text, dress in zip(noes(), cycle(POLITE), strict=False) if turned(text, dress)] == []


@pytest.mark.drill
@pytest.mark.parametrize("dress", POLITE)
def test_no_dress_makes_a_yes_of_any_of_them(dress):
    assert [text for text in noes() if turned(text, dress)] == []


@pytest.mark.parametrize(
    "text", ["王姐 到了", "站长 马上到", "其他人到了", "别人去了", "you coming", "you free", "like", "is it done"]
)
def test_what_others_do_is_no_answer(text):
    assert parse(text).action is None


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("码上到", Action.ACCEPT), ("我以经出发了", Action.ACCEPT), ("我这就过去　路上有点堵", Action.ACCEPT),
        ("王姐 我去不了", Action.DECLINE), ("站长，到了", Action.ARRIVED), ("到了 老人坐在地上", Action.ARRIVED),
        ("我騎電動車過去", Action.ACCEPT), ("請聯繫其他護理員", Action.DECLINE), ("I'm comming", Action.ACCEPT),
        ("arrvied", Action.ARRIVED), ("nearly going", None), ("触发了", None), ("4 已结单", Action.DONE),
    ],
)  # fmt: skip
def test_slips_blanks_and_old_characters_are_seen_through(text, action):
    assert parse(text).action is action


@pytest.mark.parametrize(
    ("text", "action", "rest"),
    [
        ("车子被我儿子开走了 没法去", Action.DECLINE, "车子被我儿子开走了"),
        ("腿摔了去不了", Action.DECLINE, ""),
        ("水管爆了去不了", Action.DECLINE, "水管爆了"),
        ("正排队结账 我这就过去", Action.ACCEPT, ""),
        ("司机 到了", None, "司机到了"),
        ("老王家漏水了 我马上到", None, "老王家漏水了我马上到"),
        ("正排队结账 去", None, "正排队结账去"),
        ("不 好", None, "不好"),
        ("能不能去", None, "能不能去"),
        ("到了 老人流血了", None, "到了老人流血了"),
        ("我到了，取消吧", None, "我到了,取消吧"),
        ("有空我就去", None, "有空我就去"),
        ("正排队结账，去", None, "正排队结账,去"),
        ("菜市场门口，我马上到", None, "菜市场门口,我马上到"),
        ("正考虑这件事，我马上去", None, "正考虑这件事,我马上去"),
        ("地上有血，去不了", None, "地上有血,去不了"),
        ("物业锁门了，去不了", None, "物业锁门了,去不了"),
        ("马尚处理好了", None, "马尚处理好了"),
    ],
)
def test_unknown_words_may_be_a_reason_or_a_circumstance_and_nothing_more(text, action, rest):
    parsed = parse(text)
    assert (parsed.action, parsed.rest) == (action, rest)


def test_a_long_text_is_not_read_again_with_its_slips_mended():
    long = "谢谢您，" * 25 + "{}"
    assert AGAIN_MAX < len(long) < TEXT_MAX
    assert [parse(each).action for each in (long.format("马上到"), "码上到", long.format("码上到"))] == [
        Action.ACCEPT,
        Action.ACCEPT,
        None,
    ]


def test_the_sounds_of_the_table_are_those_of_the_characters():
    """`pypinyin` knows them; 了 is read liǎo in the words of the table."""
    wrong = {
        char: sound
        for char, sound in sounds.SOUND.items()
        if char != "了" and sound not in {each.replace("ü", "v") for each in pinyin(char, style=Style.NORMAL)[0]}
    }
    assert wrong == {}


def test_a_word_is_mended_only_where_one_of_its_signs_stands_and_none_of_its_own():
    assert sounds.mended("码上出发") == "马上出发"
    assert sounds.mended("处罚,触发,结单") == "处罚,触发,结单"
