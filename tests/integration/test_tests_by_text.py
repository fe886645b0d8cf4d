"""Test presses begun by text: by those who may, answered by text, and no way to mute anybody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from devices.upkeep.by_text import TestsByText, asked_for
from dispatch.accounts.sign_in import SignIn
from dispatch.answers import Answers, Said
from dispatch.expectations import DeskClaims
from dispatch.rules.signal import Event
from tests.integration.devices_rig import DevicesRig
from tests.integration.test_pairing import INSTALLER

STRANGER = "+8613900000042"


class Texts:
    """A rig whose answers are read, with one installer whose number is registered."""

    def __init__(self, folder: Path) -> None:
        self.rig = DevicesRig(folder)
        world = self.rig.world
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        sign_in = SignIn(world.transactions, world.reading, world.clock, hasher)
        self.installer = sign_in.add_operator("zhao", "赵师傅", "梯子-9-螺丝刀", phone=INSTALLER)
        sign_in.close()
        self.answers = Answers(
            world.transactions, world.reading, [DeskClaims(world.desk)], world.desk, nudge=lambda: None,
            orders=[TestsByText(self.rig.tests)],
        )  # fmt: skip
        self._count = 0

    def send(self, text: str, sender: str = INSTALLER) -> str:
        """Somebody sends a text; what became of it."""
        self._count += 1
        self.answers.receive("fake", [Said(key=str(self._count), sender=sender, text=text)])
        for id_ in self.answers.due(self.rig.world.clock.now(), 9):
            self.answers.wake(id_)
        return str(self.rig.one("SELECT result FROM replies WHERE key = :key", key=str(self._count)))

    def told(self, phone: str = INSTALLER) -> list[str]:
        return [str(text["sentence"]) for text in self.rig.texts(phone)]


@pytest.fixture
def texts(tmp_path: Path) -> Iterator[Texts]:
    texts = Texts(tmp_path)
    yield texts
    texts.rig.close()


@pytest.mark.parametrize("text", ["测 D1", "测D1", " test d1 ", "TEST: D1", "测试 D1。", "试按 D1"])
def test_a_text_of_an_installer_begins_a_test_and_is_answered_when_the_press_was_seen(texts, text):
    assert texts.send(text) == "test_begun"
    assert texts.told() == ["test_waiting"]
    texts.rig.hear(Event.BUTTON)
    assert texts.told() == ["test_waiting", "test_seen"]
    assert texts.rig.alarms() == []
    assert texts.rig.device("D1")["proven_at"] is not None
    assert texts.rig.rows('SELECT "by" FROM press_tests')[0]["by"] == f"operator:{texts.installer.id}"


def test_nothing_is_done_until_the_centre_saw_the_press(texts):
    texts.send("测 D1")
    texts.rig.live(601, step=60)
    assert texts.told() == ["test_waiting", "test_lapsed"]
    texts.rig.hear(Event.BUTTON)
    assert len(texts.rig.alarms()) == 1


def test_the_second_press_is_an_alarm(texts):
    texts.send("测 D1")
    texts.rig.hear(Event.BUTTON)
    texts.rig.hear(Event.BUTTON)
    assert len(texts.rig.alarms()) == 1


@pytest.mark.parametrize("sender", [STRANGER, "+8613800000001", "+8613800000201"])
def test_nobody_else_begins_one(texts, sender):
    """Neither a stranger nor a carer nor a daughter: their text is an answer like others."""
    assert texts.send("测 D1", sender) != "test_begun"
    assert texts.rig.rows("SELECT * FROM press_tests") == []
    texts.rig.hear(Event.BUTTON)
    assert len(texts.rig.alarms()) == 1


def test_who_may_not_sign_in_any_more_may_not_do_it_by_text_either(texts):
    texts.rig.world.transactions.run(lambda tx: tx.connection.exec_driver_sql("UPDATE operators SET disabled = 1"))
    assert texts.send("测 D1") == "unknown_sender"


@pytest.mark.parametrize("text", ["测 D99", "test nothing"])
def test_a_device_that_is_not_there_is_said_to_be_none(texts, text):
    assert texts.send(text) == "test_refused"
    assert texts.told() == ["test_refused"]


def test_while_somebody_in_the_home_needs_help_nothing_is_tested(texts):
    texts.rig.hear(Event.BUTTON)
    assert texts.send("测 D1") == "test_refused"
    assert texts.send("测 D2") == "test_begun"


def test_asked_twice_it_is_waited_for_once(texts):
    assert (texts.send("测 D1"), texts.send("测 D1")) == ("test_begun", "test_refused")
    assert len(texts.rig.rows("SELECT * FROM press_tests")) == 1


def test_one_that_is_proven_is_waited_for_as_briefly_as_on_the_page(texts):
    texts.send("测 D1")
    texts.rig.hear(Event.BUTTON)
    texts.send("测 D1")
    waits = texts.rig.rows("SELECT purpose, until_at - begun_at AS us FROM press_tests ORDER BY begun_at")
    assert [(each["purpose"], each["us"] / 60e6) for each in waits] == [("pairing", 10), ("campaign", 2)]


@pytest.mark.parametrize("text", ["1", "测", "test", "测 D1 D2", "请测 D1", "接单", "D1", "测" * 2000])
def test_other_texts_are_none(text):
    assert asked_for(text) is None


def test_an_installer_still_answers_what_was_asked(texts):
    assert texts.send("1") in {"unknown_sender", "no_task"}
