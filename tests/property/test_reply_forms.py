"""
Answers made up by rules of their own, none of which stands in the phrase list or in our own sentences: how they are
read, counted in a table. Asking back counts as not understood.
"""

import itertools
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from dispatch.messages.sentences import SENTENCES
from dispatch.rules.phrases import chinese, english
from dispatch.rules.phrases.pinyin import romanised
from dispatch.rules.reply import Action, parse

CASES = Path(__file__).parent.parent / "cases" / "replies.toml"
MEANINGS = [*map(str, Action), "unclear"]


def corpus():
    """The phrase list: what is meant, and the words."""
    told = tomllib.loads(CASES.read_text(encoding="utf-8"))
    odd = told.pop("odd")
    lines = [
        (meaning, phrase)
        for meaning, text in told.items()
        for phrase in text.strip("\n").replace("\n", "|").split("|")
        if phrase or meaning == "unclear"
    ]
    return list(dict.fromkeys(lines + [(each["meaning"], text) for each in odd for text in each["texts"]]))


def forms():
    """Sentences put together from who, when, what and a word of courtesy, with what they mean."""
    before = (*("您好，", "嗨，", "收到指令，", "好的好的，")[:1], "嗯，", "")
    who, soon = ("我", "咱们", "俺"), ("现在就", "马上", "立刻", "尽快")
    yield from (
        (Action.ACCEPT, "".join(each))
        for each in itertools.product(
            before, who, soon, ("赶往现场去", "赶过去处理", "过去一趟", "出发前往")[1:3], ("！", "，谢谢")
        )
    )
    yield from (
        (Action.ACCEPT, f"{a}{n}分钟{b}{c}")
        for a, n, b, c in itertools.product(
            ("我约", "预计我"), (3, 8, 12, 25, "七", "十八"), ("以内", "左右"), ("能到", "赶到现场")
        )
        if a == "我约" or n in {3, 8}
    )
    yield from (
        (Action.DECLINE, "".join(each))
        for each in itertools.product(
            ("真抱歉，", "哎呀，", ""),
            ("我今晚", "我这会儿", "俺目前"),
            ("实在",),
            ("走不开", "赶不过来", "没空过去", "无法前往"),
            ("，请换人", "！"),
        )
    )
    yield from (
        (Action.ARRIVED, "".join(each))
        for each in itertools.product(
            ("报告领导，", "您好，", ""),
            ("我刚刚", "我们已经", "俺已经"),
            ("到张大爷家了", "抵达现场了", "进到屋里了", "看到李奶奶了"),
            ("，放心", "。"),
        )
    )
    yield from (
        (Action.DONE, "".join(each))
        for each in itertools.product(
            ("", "您好，"),
            ("事情都已经", "现场已"),
            ("处理妥当了", "安置好了", "解决了"),
            ("，张大爷没事", "，老人平安", "！"),
        )
    )
    yield from (
        (Action.NO_ENTRY, "".join(each))
        for each in itertools.product(
            ("", "到了，"),
            ("大门反锁了", "防盗门打不开", "敲门一直没人应"[:2] + "没有回应", "我没带钥匙"),
            ("", "，进不去屋"),
            ("！！", "啊"),
        )
        if each != ("", "我没带钥匙", "", "啊")
    )
    yield from (
        ("unclear", "".join(each))
        for each in itertools.product(
            ("我还没", "他们没", "老人还没", "救护车没"), ("到", "去", "完成", "出发"), ("呢", "，等等")
        )
    )
    yield from (
        ("unclear", "".join(each))
        for each in itertools.product(
            ("你们", "老张", "她儿子", "谁"), ("去了", "到了", "接单了", "去不了", "没空"), ("。", "吗", "，我不清楚")
        )
    )
    yield from (
        ("unclear", "".join(each))
        for each in itertools.product(("快要", "差一点就", "差不多"), ("到了", "办完了", "处理好了"), ("！", "，放心"))
    )
    english = {
        Action.ACCEPT: (
            ("OK, ", "Hi, "),
            ("I am", "we are"),
            (" heading over", " coming over", " on the way there"),
            (" right now", " asap"),
        ),
        Action.DECLINE: (
            ("Sorry, ", "Hello, "),
            ("I cannot", "I can't", "I am unable to"),
            (" attend", " make it"),
            (" tonight", " at the moment"),
        ),
        Action.ARRIVED: (
            ("Ok, ", ""),
            ("I have just", "we have already", "I just"),
            (" arrived",),
            (" safely", " at the flat", " at her house"),
        ),
        "unclear": (
            ("Has he", "Have they", "The doctor has", "Nobody has"),
            (" arrived", " finished", " accepted"),
            (" yet", " now", "?"),
        ),
    }
    yield from ((meaning, "".join(each)) for meaning, parts in english.items() for each in itertools.product(*parts))


def own_words():
    """Every word of ours, and every pattern spelled out that holds no choice."""
    sentences = {text for each in SENTENCES.values() for words in each.values() for text in (words.sms, words.one_way)}
    listed = (*chinese.SAID.values(), *chinese.DIALECT.values(), *english.SAID.values())
    return sentences | {phrase for phrases in listed for phrase in phrases}


def read(text):
    parsed = parse(text)
    return "stop" if parsed.stop else str(parsed.action or "unclear")


def table(counts):
    """How many of each meaning (down) were read as what (across)."""
    head = f"{'':>10}" + "".join(f"{each:>10}" for each in MEANINGS)
    rows = (f"{meant:>10}" + "".join(f"{counts[meant, got]:>10}" for got in MEANINGS) for meant in MEANINGS)
    return "\n".join([head, *rows])


@pytest.mark.parametrize("source", [corpus, forms], ids=["phrase list", "made up"])
def test_none_is_misread_and_all_but_one_in_a_hundred_are_understood(source, capsys):
    said = [(str(meant), text) for meant, text in source()]
    counts = Counter((meant, read(text)) for meant, text in said)
    with capsys.disabled():
        print(f"\n{source.__name__}: {len(said)} answers\n{table(counts)}")
    misread = [(meant, read(text), text) for meant, text in said if read(text) not in {meant, "unclear"}]
    assert misread == []
    meant = sum(count for (meaning, _), count in counts.items() if meaning != "unclear")
    understood = sum(counts[each, each] for each in map(str, Action))
    assert understood >= 0.99 * meant, [text for meaning, text in said if read(text) != meaning]


def test_every_character_of_a_pattern_can_be_written_in_pinyin():
    written = "".join(phrase for phrases in chinese.SAID.values() for phrase in map(romanised, phrases))
    assert re.findall("[\u4e00-\u9fff]", written) == []


def test_what_is_made_up_stands_nowhere_else():
    listed = {text for _, text in corpus()} | own_words()
    made = [text for _, text in forms()]
    assert len(set(made)) == len(made) >= 300
    assert listed.isdisjoint(made)


def test_the_phrase_list_means_one_thing_by_each_phrase():
    texts = [text for _, text in corpus()]
    assert len(texts) == len(set(texts)) > 3000
