"""Keys of machines known in memory: read once, and good for nothing the moment they are revoked."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.accounts.keys import USED_EVERY, Keys, UnknownKey
from dispatch.accounts.remembered import Remembered
from dispatch.errors import Busy, NotAllowed, NotFound
from tests.builders import build_world


class Counting:
    """A reading engine that counts how often it is asked."""

    def __init__(self, inner) -> None:
        self.inner, self.asked = inner, 0

    def connect(self):
        self.asked += 1
        return self.inner.connect()


class Shop:
    """Keys over a database, and how often that was read."""

    def __init__(self, world) -> None:
        self.world, self.reading = world, Counting(world.reading)
        self.keys = Keys(world.transactions, self.reading, world.clock, remembers=True)
        self.key = self.keys.new_key("edge", "signals")
        self.prefix = self.key[3:15]
        self.keys.check(self.key, "signals")

    def reads(self, key: str, gateway: str = "hall") -> int:
        before = self.reading.asked
        assert self.keys.speaks_for(self.keys.check(key, "signals"), gateway)
        return self.reading.asked - before


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    world = build_world(tmp_path)
    yield Shop(world)
    world.close()


def test_a_key_is_read_once_and_so_is_whose_gateways_are_taken(shop):
    assert [shop.reads(shop.key) for _ in range(3)] == [2, 0, 0]


def test_its_use_is_marked_each_minute_all_the_same(shop):
    shop.reads(shop.key)
    shop.world.clock.advance(USED_EVERY.total_seconds() + 1)
    shop.reads(shop.key)
    assert shop.keys.keys()[0].last_used_at == shop.world.clock.now()
    assert shop.reads(shop.key) > 0
    assert shop.reads(shop.key) == 0


def test_a_revoked_key_is_refused_at_once(shop):
    shop.reads(shop.key)
    shop.keys.revoke(shop.prefix)
    with pytest.raises(UnknownKey):
        shop.keys.check(shop.key, "signals")


def test_a_wrong_secret_and_a_wrong_scope_are_refused_by_what_is_remembered_too(shop):
    shop.reads(shop.key)
    before = shop.reading.asked
    with pytest.raises(UnknownKey):
        shop.keys.check(shop.key[:-1] + ("A" if shop.key[-1] != "A" else "B"), "signals")
    with pytest.raises(NotAllowed):
        shop.keys.check(shop.key, "read")
    assert shop.reading.asked == before


def test_a_gateway_is_taken_from_the_moment_a_key_is_made_for_it(shop):
    shop.reads(shop.key)
    shop.keys.new_key("garden edge", "signals", gateways=["garden"])
    assert not shop.keys.speaks_for(shop.keys.check(shop.key, "signals"), "garden")


def test_a_change_that_failed_changes_nothing_and_memory_goes_on(shop):
    with pytest.raises(NotFound):
        shop.keys.revoke("000000000000")
    shop.reads(shop.key)
    assert shop.reads(shop.key) == 0


def test_without_memory_each_request_asks_the_database(shop):
    shop.keys = Keys(shop.world.transactions, shop.reading, shop.world.clock)
    assert [shop.reads(shop.key) for _ in range(2)] == [2, 2]


# ------------------------------------------------------------------------------------------- while it changes


def test_what_was_read_before_a_change_is_not_remembered_after_it():
    remembered, reading, changed = Remembered(remembers=True), threading.Event(), threading.Event()
    found: list[str] = []

    def read() -> str:
        reading.set()
        assert changed.wait(10)
        return "old"

    reader = threading.Thread(target=lambda: found.append(remembered.get("key", read)))
    reader.start()
    assert reading.wait(10)
    with remembered.changing():
        pass
    changed.set()
    reader.join()
    assert (found, remembered.get("key", lambda: "new")) == (["old"], "new")


def test_nothing_is_remembered_while_something_changes():
    remembered = Remembered(remembers=True)
    with remembered.changing():
        remembered.get("key", lambda: "old")
    assert remembered.get("key", lambda: "new") == "new"


def test_after_a_change_that_may_still_be_done_nothing_is_remembered_any_more():
    remembered = Remembered(remembers=True)
    with pytest.raises(Busy), remembered.changing():
        raise Busy("too late")
    assert [remembered.get("key", lambda each=each: each) for each in ("old", "new")] == ["old", "new"]


def test_what_is_not_there_is_asked_for_again():
    remembered, answers = Remembered(remembers=True), iter([None, "made since"])
    assert [remembered.get("key", lambda: next(answers)) for _ in range(2)] == [None, "made since"]
