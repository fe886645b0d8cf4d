"""
Lists of answers by where the carer stands (`tests/data/replies_by_standing.toml`), read by whoever knows that: what was
meant and what was read, in a table. Nothing may be misread, and a floor holds how much is understood.
"""

import tomllib
from pathlib import Path

import pytest

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.meaning import POSSIBLE
from dispatch.rules.reply import Action, Standing
from tests.property import test_replies_at_first_look as older
from tests.property.reading import parse

LISTS = tomllib.loads((Path(__file__).parent.parent / "data" / "replies_by_standing.toml").read_text(encoding="utf-8"))
FLOORS = {"S": 0.97, "T": 0.93, "U": 0.92, "V": 0.93, "W": 0.79, "X": 0.92, "Y": 0.93, "Z": 0.98}
"""Of the texts that have one meaning, how many are read so; the rest is asked back, a bare sign ("👍") among it."""

A_HUMAN_COMES = {Outcome.HOSPITAL, Outcome.DIED, Outcome.POLICE_FIRE}
FOR_A_HUMAN = {"question", "help", "unclear"}


def texts(name):
    """Standing, meaning and text of one list."""
    return [
        (Standing(where), meant, text)
        for where, said in LISTS[name].items()
        for meant, lines in said.items()
        for text in lines.strip("\n").split("\n")
    ]


def judged(where, meant, text):
    """Right, asked back, or wrong; what is for a human is right where nothing is done, or where the desk is told."""
    read = parse(text, where)
    if meant in FOR_A_HUMAN:
        harmless = read.action not in POSSIBLE[where] or read.outcome in A_HUMAN_COMES
        return "right" if harmless or (where is Standing.THERE and read.action is Action.ARRIVED) else "wrong"
    if meant == "stop" or read.stop:
        return "right" if read.stop and meant == "stop" else "wrong"
    if read.action not in POSSIBLE[where]:
        return "asked"
    came = where is Standing.COMING and meant == "done" and read.action is Action.ARRIVED
    return "right" if read.action in meant.split("_or_") or came else "wrong"


def table(name):
    """Where they stood and what was meant, and how often it was read as what."""
    read = ((f"{where} {meant}", str(parse(text, where).action or "asked")) for where, meant, text in texts(name))
    return older.confusion(name, read)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_nothing_is_misread(name, capsys):
    with capsys.disabled():
        print(f"\n{table(name)}")
    assert [each for each in texts(name) if judged(*each) == "wrong"] == []


@pytest.mark.parametrize("name", sorted(LISTS))
def test_what_has_one_meaning_is_understood(name):
    said = [each for each in texts(name) if each[1] not in FOR_A_HUMAN]
    missed = [each for each in said if judged(*each) != "right"]
    assert len(said) - len(missed) >= FLOORS[name] * len(said), missed


STANDS = {"offered": Standing.ASKED, "on_the_way": Standing.COMING, "at_the_door": Standing.COMING}


@pytest.mark.parametrize("name", sorted(set(older.LISTS) - {"R"}))
def test_older_lists_are_read_no_worse_by_whoever_knows_where_they_stand(name):
    wrong = []
    for place, said in older.LISTS[name].items():
        for meant, lines in said.items() if place in STANDS else ():
            may_be = meant.removeprefix("open_").split("_or_")
            for text in (each.partition(" → ")[0].replace("⏎", "\n") for each in lines.strip("\n").split("\n")):
                plain, read = parse(text), parse(text, STANDS[place])
                if read.action != plain.action and read.action not in may_be:
                    wrong.append((place, meant, text, read.action))
    assert wrong == []


@pytest.mark.parametrize("standing", Standing)
def test_what_is_possible_anywhere_is_read_as_anywhere(standing):
    for text in ("1", "2去不了", "3", "12 1", "12", "退订", "接单", "到了"):
        plain = parse(text)
        assert plain.action is None or parse(text, standing).action in {plain.action, None}
        assert parse(text, standing).stop == plain.stop


@pytest.mark.parametrize(
    ("text", "asked", "coming", "there"),
    [
        ("在路上", "accept", "accept", None), ("嗯", "accept", "accept", None), ("五分钟", "accept", "accept", None),
        ("来了", "accept", "accept", None), ("好了", None, "done", "done"), ("走了", None, None, "done"),
        ("在忙", "decline", "decline", None), ("堵车", None, "accept", None), ("倒了", None, "arrived", None),
        ("到门口了", None, "arrived", None), ("快到了", "accept", "accept", None), ("👌", None, None, None),
        ("❌", None, None, None), ("👍👍", None, None, None),
        ("✅", None, None, None), ("没完成", "decline", None, None), ("嗯。。。", None, None, None),
        ("快来", None, None, None), ("快好了", None, None, None), ("老人倒了", None, None, None),
        ("晚点", None, "accept", None), ("过会儿去", None, None, None), ("走得开就去", None, None, None),
        ("两个小时", None, None, None), ("要去吗?", None, None, None), ("小李去了", None, None, None),
        ("让小李去吧", "decline", None, None), ("on it", "accept", "accept", None), ("ok done", None, "done", "done"),
        ("一个小时以后可以", None, None, None), ("好的", "accept", "accept", None),
        ("不在家", "decline", "done", "done"),
        ("好 不好意思", "accept", "accept", None),
        ("stuck in traffic 10 min", None, "accept", None), ("关上了", None, None, None),
        ("水龙头没关 关上了", None, None, None), ("门关着呢", None, "no_entry", "no_entry"),
        ("可以关了", None, None, "done"),
        ("cannot leave her, call ambulance", None, None, None), ("骑车呢 不方便", None, None, None),
        ("我没事 我去", None, None, None), ("jiedan", "accept", "accept", None),
        ("hao le ma", None, None, None), ("还在处理", None, None, None), ("不行了", None, None, None),
    ],
)  # fmt: skip
def test_the_same_words_by_where_they_stand(text, asked, coming, there):
    """None where nothing is read that is possible there."""
    read = [(parse(text, each).action, POSSIBLE[each]) for each in Standing]
    assert [action and str(action) if action in possible else None for action, possible in read] == [
        asked,
        coming,
        there,
    ]
