"""Texts that cannot be read in time are read nowhere, and whoever sent one hears what to press."""

import os
import random
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from config import probing
from config.probing import Probe
from dispatch.answers import Said
from dispatch.learning import SHORT, Learning, Unreadable
from tests.fakes.line import until
from tests.integration.test_answers import PHONES, Talk
from tests.property.test_reply_forms import corpus

LONG = "我马上到，大概十分钟左右就可以到了"
ENDLESS = "刚" * 40 + "中"
"""Its parts can be parted in some hundred million ways."""


@pytest.fixture(scope="module")
def probe():
    probe = Probe()
    yield probe
    probe.close()


def test_a_long_answer_is_read_and_an_endless_one_is_given_up(probe):
    assert len(LONG) > SHORT
    assert [probe(each) for each in (LONG, ENDLESS, LONG, "\n\u0000\ud7ff" * 9)] == [True, False, True, True]


def test_what_is_short_is_read_in_time_whatever_is_repeated(probe):
    draw = random.Random(1)
    words = sorted({word for _, text in corpus() for word in re.findall("[a-z]{1,5}|[一-鿿]{1,3}", text.lower())})
    texts = [(word * SHORT)[:SHORT] for word in draw.sample(words, 80)]
    texts += [
        "".join(draw.choice(pair) for _ in range(SHORT))[:SHORT]
        for pair in zip(words, draw.sample(words, 80), strict=False)
    ]
    assert [each for each in ["刚" * SHORT, *texts] if not probe(each)] == []


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_one_that_ended_is_begun_anew_and_asked_again(probe, sign):
    probe.begin()
    first = probe._child
    first.send_signal(sign)
    first.wait()
    assert probe(LONG)
    assert probe._child is not first


def test_one_that_is_dying_and_not_yet_dead_is_asked_nothing_more(monkeypatch):
    dying = "import os, signal; os.write(1, b'ready\\n'); os.close(0); os.close(1); signal.pause()"
    probe = Probe()
    with monkeypatch.context() as begun_with:
        begun_with.setattr(probing, "_PROGRAM", dying)
        probe.begin()
    first = probe._child
    assert probe(LONG)
    assert first.returncode == -signal.SIGKILL
    probe.close()


def test_one_that_is_silent_is_ended_and_the_next_text_has_a_new_one(probe, monkeypatch):
    probe.begin()
    first = probe._child
    os.kill(first.pid, signal.SIGSTOP)
    monkeypatch.setattr(probing, "SAYS_S", 0.05)
    assert not probe(LONG)
    assert first.returncode == -signal.SIGKILL
    monkeypatch.undo()
    assert probe(LONG)


def test_whoever_does_not_come_to_their_turn_is_not_read(monkeypatch):
    monkeypatch.setattr(probing, "TURN_S", 0.01)
    busy = Probe()
    with busy._lock, ThreadPoolExecutor(1) as other:
        assert not other.submit(busy, LONG).result()
    busy.close()


def test_where_no_process_can_be_begun_answers_are_read_all_the_same(monkeypatch):
    def refused(*_, **__):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(probing.subprocess, "Popen", refused)
    assert Probe()(LONG)


def test_one_that_cannot_begin_is_as_good_as_none(monkeypatch):
    monkeypatch.setattr(probing, "_PROGRAM", "raise SystemExit(1)")
    broken = Probe()
    assert broken(LONG)
    assert broken._child is None
    broken.close()


def test_one_whose_service_was_killed_ends_without_a_word():
    begun = subprocess.Popen(
        [sys.executable, "-c", probing._PROGRAM, "."],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    begun.stdout.close()
    begun.stdin.close()
    assert (begun.stderr.read(), begun.wait(60)) == (b"", 0)
    begun.stderr.close()


def test_closing_ends_what_is_tried(monkeypatch):
    monkeypatch.setattr(probing, "LIMIT_S", 60.0)
    probe = Probe()
    probe.begin()
    child = probe._child
    os.kill(child.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as other:
        asked = other.submit(probe, LONG)
        until(probe._lock.locked)
        probe.close()
        assert asked.result()
    assert child.returncode == -signal.SIGKILL
    assert probe._child is None


# ------------------------------------------------------------------------------------------------ what becomes of it


def test_only_what_is_long_is_tried():
    tried = []
    learning = Learning(lambda text: tried.append(text) or False)
    for short in ("1", " 2 ", "12 1", "我马上到", "x" * SHORT):
        learning.prepare(short)
    assert tried == []
    with pytest.raises(Unreadable):
        learning.prepare("x" * (SHORT + 1))
    assert len(tried) == 1


def test_an_endless_answer_is_kept_and_told_and_the_next_one_counts(tmp_path, probe):
    talk = Talk(tmp_path)
    alarm_id = talk.press()
    answers, now = talk.world.answers, talk.world.clock.now()
    answers.learning = Learning(probe)
    answers.receive("test", [Said(key="endless", sender=PHONES["C1"], text=ENDLESS)])
    (id_,) = answers.due(now, 10)
    with pytest.raises(Unreadable) as error:
        answers.wake(id_)
    answers.stumble(id_, error.value)
    assert (talk.result("endless"), answers.due(now, 10)) == ("failed", [])
    assert talk.sentences() == ["not_understood"], "at once, and not after it was tried twice"
    assert len(talk.lines("answer_failed")) == 1
    assert talk.says("C1", LONG) == "accept"
    assert talk.leads(alarm_id, "C1")
    talk.world.close()
