"""
Three lists of answers written before the parser was read, by three habits of typing (`tests/data/replies.toml`): how
they are read, counted, and held by a floor. A wrong yes is far worse than asking back, so none is allowed.
"""

import time
import tomllib
from collections import Counter
from itertools import cycle, islice
from pathlib import Path

import pytest

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases import learn
from dispatch.rules.reply import Action, parse
from tests.property.test_reply_forms import corpus

LISTS = tomllib.loads((Path(__file__).parent.parent / "data" / "replies.toml").read_text(encoding="utf-8"))
YES = {Action.ACCEPT, Action.ARRIVED}
A_HUMAN_COMES = {Outcome.HOSPITAL, Outcome.DIED, Outcome.POLICE_FIRE}

FLOORS = {"A": 0.99, "B": 0.95, "C": 0.60}
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


def test_an_answer_is_read_within_a_millisecond_of_the_processor():
    learn()
    times = []
    for _, text in texts("A"):
        started = time.process_time()
        parse(text)
        times.append(time.process_time() - started)
    assert sorted(times)[len(times) // 2] < 0.001


POLITE = (
    "您好，{}", "领导好，{}", "不好意思，{}", "嗯，{}", "嗯嗯{}", "请问{}", "抱歉{}", "哎，{}", "{}，谢谢", "{} 谢谢您", "{}，辛苦了",
    "{}，麻烦您了", "{}，请放心", "{}。。。", "{}！！", "{}~", "（{}）", "“{}”", "{}🙏", "{}👍", "{}😊", "🌹{}", "{}😭", "{}🏃",
    "hi, {}", "sorry, {}", "{} thanks", "{} please", "Hello {}", "{}, sir",
)  # fmt: skip


def test_politeness_and_signs_never_make_a_yes_of_what_was_none():
    """Each text in three dresses, in turn: all of them would take the suite ten seconds."""
    said = [*corpus(), *(each for name in LISTS for each in texts(name))]
    noes = [text for meant, text in said if meant in {"unclear", "decline", "help"} and parse(text).action not in YES]
    dresses = cycle(POLITE)
    turned = [worn for text in noes for dress in islice(dresses, 3) if parse(worn := dress.format(text)).action in YES]
    assert len(noes) > 2000
    assert turned == []


@pytest.mark.parametrize(
    "text", ["王姐 到了", "站长 马上到", "其他人到了", "别人去了", "you coming", "you free", "like", "is it done"]
)
def test_what_others_do_is_no_answer(text):
    assert parse(text).action is None


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("码上到", Action.ACCEPT), ("我以经出发了", Action.ACCEPT), ("王姐 我去不了", Action.DECLINE),
        ("我这就过去　路上有点堵", Action.ACCEPT), ("腿摔了去不了", Action.DECLINE), ("到了 老人坐在地上", Action.ARRIVED),
        ("我騎電動車過去", Action.ACCEPT), ("請聯繫其他護理員", Action.DECLINE),
    ],
)  # fmt: skip
def test_slips_blanks_and_old_characters_are_seen_through(text, action):
    assert parse(text).action is action
