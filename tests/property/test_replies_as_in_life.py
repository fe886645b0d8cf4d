"""
Lists of answers weighted as people send them, and the hard rest (`tests/data/replies_as_in_life.toml`): what was meant
and what was read, in a table. Nothing may be misread, and a floor holds how much is understood.
"""

import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.meaning import POSSIBLE
from dispatch.rules.phrases.pinyin import READ_SO
from dispatch.rules.reply import Action, Standing
from tests.property import test_replies_by_standing as standing
from tests.property.reading import parse
from tests.property.test_replies_by_standing import FOR_A_HUMAN, judged

LISTS = tomllib.loads((Path(__file__).parent.parent / "data" / "replies_as_in_life.toml").read_text(encoding="utf-8"))
APART = {Outcome.HOSPITAL, Outcome.NOBODY_HOME}
"""What nobody may take for an end at home; that it was nothing and that somebody helped are told apart at the desk."""

HAN = re.compile("[\u4e00-\u9fff]")
FLOORS = {
    ("AA", "life"): 0.999, ("AB", "life"): 0.999, ("AC", "life"): 0.994,
    ("AG", "checker"): 0.99, ("AH", "checker"): 0.97, ("AI", "checker"): 0.99,
    ("AE", "life"): 0.99, ("AE", "hard"): 0.9, ("AF", "life"): 0.97,
    ("AA", "hard"): 0.99, ("AB", "hard"): 0.95, ("AC", "hard"): 0.78, ("AD", "hard"): 0.9,
}  # fmt: skip
"""Of what has one meaning, how much is read so; AC and AF are as they were at their only look."""


@cache
def read(name, part):
    """Standing, meaning, text, how many send it, what was read, and how that is judged."""
    found = []
    for where, said in LISTS[name][part].items():
        for meant, lines in said.items():
            for line in lines.strip("\n").split("\n"):
                told, _, many = line.partition(" ×")
                text, _, code = told.replace("⏎", "\n").partition(" → ")
                heard = str(parse(text, Standing(where)).action or "asked")
                found.append((where, meant, text, int(many or 1), heard, judged_so(Standing(where), meant, text, code)))
    return found


def judged_so(where, meant, text, code):
    """As in `judged`; besides, the code must be heard, and an end is no end of another kind."""
    means, _, kind = meant.removeprefix("open_").partition("_of_")
    found, as_read = judged(where, means, text), parse(text, where)
    if found != "right":
        return "right" if found == "asked" and meant.startswith("open_") else found
    other = as_read.outcome in APART and as_read.outcome != kind
    missed = as_read.outcome and kind in APART and as_read.outcome != kind
    return "wrong" if (kind and (other or missed)) or (code and as_read.code != int(code)) else "right"


def table(name, part):
    counts = Counter()
    for where, meant, _, many, heard, _ in read(name, part):
        counts[f"{where} {meant}", heard] += many
    rows = sorted({row for row, _ in counts})
    return "\n".join(
        f"{name} {part} {row:>24} " + str({got: n for (meant, got), n in counts.items() if meant == row})
        for row in rows
    )


@pytest.mark.parametrize(("name", "part"), sorted(FLOORS))
def test_nothing_is_misread(name, part, capsys):
    with capsys.disabled():
        print(f"\n{table(name, part)}")
    assert [each for each in read(name, part) if each[-1] == "wrong"] == []


@pytest.mark.parametrize(("name", "part"), sorted(FLOORS))
def test_what_has_one_meaning_is_understood(name, part):
    said = [each for each in read(name, part) if each[1] not in FOR_A_HUMAN and not each[1].startswith("open_")]
    missed = [each for each in said if each[-1] != "right"]
    all_of_them, lost = sum(each[3] for each in said), sum(each[3] for each in missed)
    assert all_of_them - lost >= FLOORS[name, part] * all_of_them, missed


@pytest.mark.parametrize("where", ["coming", "there"])
def test_a_menu_that_nobody_is_sent_is_an_end_or_asked_back(where):
    """41 to 44 as kinds of ends: nobody is sent home for it, and nobody is counted as coming."""
    said = [line for lines in LISTS["AE"]["menu"][where].values() for line in lines.strip("\n").split("\n")]
    read = {parse(re.split(" [×→]", each)[0], Standing(where)).action for each in said}
    assert len(said) > 4
    assert read & POSSIBLE[Standing(where)] <= {Action.DONE, Action.NO_ENTRY, Action.ARRIVED}


@pytest.mark.parametrize(
    "text",
    [
        "收到，处理完回4", "等下回4", "到了回3", "处理完回4", "处理完就走", "有没有钥匙", "没人送医院了",
        "我叫我老公先过去了", "让我妹妹过去", "ok I will reply 4 when done", "等120拉走",
        "送医院吗", "要不要送医院", "没送医院", "小李车坏了去不了", "她病了去不了", "不是车坏了去不了",
        "家里有人去不了", "救护车没来", "血压不正常", "打扫的时候碰到头", "三没事", "二到了", "一去不了", "2 我去",
        "3 去不了", "要2个人",
        "我给你切水果", "马上切断", "没到现场了", "未达", "把她放下就走", "没事就不去",
        "她没事就是头晕", "有个老人摔了",
        "jiao 120", "jiao jiashu", "jiao yisheng", "jiao er zi", "ke neng xing", "ke neng keyi", "you kong jiu qu",
        "能去，就是要先问问领导", "能去，但要等人来换我", "我能去，不过先看看孩子", "到了给我打电话", "试一下",
        "他想去，走不开",
        "小李应该去不了", "老人没人照顾", "老人不在了", "切不了菜", "我克服一下",
        "guo hui er qu", "yi ge xiao shi yi hou ke yi", "可能没事", "估计没什么事", "大概没事", "ke neng mei shi",
        "等我忙完", "手机打不开", "链接打不开", "收了工就去", "我有别的活，干完去", "好的\n王芳去", "收到——李芳去",
        "一小时后去", "两个小时后再过去", "我回复不了", "jiedan2", "bu1 jiedan2", "要晚2个小时，怎么办",
        "11点到", "22楼", "120", "收到小李", "急 柏林小区 跌倒，回1接单，2去不了", "11111", "没放假",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_asked_back_wherever_somebody_stands(text):
    assert [parse(text, each).action for each in (None, *Standing)] == [None] * 4


def in_pinyin():
    """What is for a human in any list by standing, as a phone without Chinese writes it."""
    lists = [*standing.LISTS.values(), *(part for each in LISTS.values() for part in each.values())]
    for where, said in (each for one in lists for each in one.items()):
        for meant in FOR_A_HUMAN & said.keys():
            for text in (each.partition(" ×")[0] for each in said[meant].strip("\n").split("\n")):
                read = HAN.sub(lambda char: READ_SO.get(char[0], "?") + " ", text).strip()
                if HAN.search(text) and read.count("?") == text.count("?"):
                    yield Standing(where), meant, read


def test_what_is_for_a_human_is_so_in_pinyin_too():
    """ "jiao 120" calls for an ambulance and does not hand over to one: a word in pinyin is all that sound so."""
    texts = set(in_pinyin())
    assert len(texts) > 250
    assert [each for each in texts if judged(*each) == "wrong"] == []


@pytest.mark.parametrize(
    ("text", "action", "code"),
    [
        ("11", "accept", None), ("22", "decline", None), ("333", "arrived", None), ("4444", "done", None),
        ("l 接单", "accept", None), ("四没事", "done", None), ("1 好嘞哥", "accept", None),
        ("1接单 码12", "accept", 12),        ("急 柏林小区 跌倒，回1接单，2去不了\n1", "accept", None),
        ("jie1dan1", "accept", None), ("12 hao3de", "accept", 12), ("jie-dan", "accept", None),
        ("jv jue", "decline", None), ("j i e d a n", "accept", None),
        ("【接单】", "accept", None), ("「安护：王秀英 跌倒」\n———\n我去", "accept", None), ("不去 12", "decline", 12),
        ("转发：【安护】紧急求助 王秀英\n2", "decline", None), ("没问题（李护工）", "accept", None),
        ("收到 —— 王芳", "accept", None), ("我回复接单", "accept", None), ("1谢谢小王", "accept", None),
        ("“回1接单” 去不了", "decline", None), ("“回1”", "accept", None),
    ],
)  # fmt: skip
def test_digits_in_yet_other_dresses(text, action, code):
    assert (parse(text).action, parse(text).code) == (action, code)


@pytest.mark.parametrize(
    ("text", "where", "action"),
    [
        ("坐起来了没事", "there", "done"), ("五分钟，马上到", "asked", "accept"), ("已交家属", "there", "done"),
        ("jiao gei jiashu le", "there", "done"), ("ke neng qu bu liao", "asked", "decline"),
        ("能来，就是慢点，腿疼", "asked", "accept"), ("到了跟你说", "asked", "accept"),
        ("到了，跟你说", "asked", None), ("到了，跟你说", "coming", None),
        ("人不在", "there", "done"), ("人不在了", "there", None), ("今天我值班，我去", "asked", "accept"),
        ("mei kong zai shang ban", "asked", "decline"), ("马上，不去了", "asked", None),
        ("没办法，我去", "asked", None), ("堵车，晚10分钟", "coming", "accept"), ("晚点回你", "coming", None),
        ("要晚2个小时", "coming", None), ("running 5 mins late", "coming", "accept"), ("晚到十分钟", "asked", None),
        ("老人不行了", "there", None), ("行了", "there", "done"), ("孩子在家没人看去不了", "asked", "decline"),
    ],
)  # fmt: skip
def test_what_every_piece_says_all_of_them_say(text, where, action):
    assert parse(text, Standing(where)).action == action
