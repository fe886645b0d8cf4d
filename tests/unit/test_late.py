"""What is made when it is first asked for, and what is waited for until somebody has made it."""

import threading

import pytest

from config.late import Awaited, GivenUp, Late


def test_it_is_made_once_by_whoever_asks_first_and_the_others_wait_for_it():
    asked, go, made = threading.Barrier(5), threading.Event(), []

    def make():
        assert go.wait(10)
        made.append(object())
        return made[-1]

    late, got = Late(make), []

    def ask():
        asked.wait(10)
        got.append(late.get())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    asked.wait(10)
    assert late.made is None
    go.set()
    for each in threads:
        each.join(60)
    assert len(made) == 1
    assert got == made * 4


def test_what_could_not_be_made_is_tried_again():
    tries = iter([ValueError("no book of care"), "rooms"])

    def make():
        found = next(tries)
        if isinstance(found, Exception):
            raise found
        return found

    late = Late(make)
    with pytest.raises(ValueError, match="no book"):
        late.get()
    assert late.get() == late.get() == "rooms"


def test_what_somebody_else_makes_is_waited_for():
    awaited, got = Awaited(), []
    thread = threading.Thread(target=lambda: got.append(awaited.get()))
    thread.start()
    assert got == []
    awaited.put("desk")
    thread.join(60)
    awaited.give_up()
    assert [*got, awaited.get()] == ["desk", "desk"]


def test_nobody_waits_for_what_does_not_come():
    awaited, seen = Awaited(), []

    def ask():
        with pytest.raises(GivenUp):
            awaited.get()
        seen.append("told")

    thread = threading.Thread(target=ask)
    thread.start()
    awaited.give_up()
    thread.join(60)
    assert seen == ["told"]
