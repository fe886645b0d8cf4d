"""What many boards ask for at once is made once, and never older than what the asker knows of."""

import threading

import pytest

from dispatch.clock import SystemClock
from dispatch.web.options import MapOptions
from dispatch.web.rendered import Fresh, Rendered


class Steady:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def steady():
    return Steady()


def counting():
    made = []
    return made, lambda: made.append(len(made)) or len(made)


def test_what_was_made_lately_is_given_again(steady):
    kept, (made, make) = Rendered(lasts_s=2, most=4, steady_s=steady), counting()
    assert [kept.get("a", make), kept.get("a", make)] == [1, 1]
    steady.now_s = 1.999
    assert kept.get("a", make) == 1
    steady.now_s = 2.0
    assert kept.get("a", make) == 2
    assert len(made) == 2


def test_the_one_asked_for_longest_ago_is_forgotten(steady):
    kept = Rendered(lasts_s=9, most=2, steady_s=steady)
    for key in ("a", "b", "a", "c"):
        kept.get(key, lambda key=key: key)
    assert kept.get("a", lambda: "new") == "a"
    assert kept.get("b", lambda: "new") == "new"


def test_a_making_that_fails_is_tried_again(steady):
    kept = Rendered(lasts_s=9, most=2, steady_s=steady)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 7) == 7


def test_many_at_once_have_it_made_once(steady):
    kept, made, begin = Rendered(lasts_s=9, most=2, steady_s=steady), [], threading.Barrier(8)

    def ask():
        begin.wait()
        kept.get("a", lambda: made.append(1))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert made == [1]


def test_nobody_gets_less_than_they_know_of(steady):
    head = [5]
    fresh = Fresh(lasts_s=9, apart_s=0.0, most=2, steady_s=steady)
    make = lambda: (head[0], f"as of {head[0]}")  # noqa: E731
    assert fresh.get("a", 5, make) == "as of 5"
    head[0] = 8
    assert fresh.get("a", 5, make) == "as of 5"
    assert fresh.get("a", 7, make) == "as of 8"
    assert fresh.get("a", 8, make) == "as of 8"


def test_it_is_made_again_after_its_time_although_nothing_happened(steady):
    fresh, (made, make) = Fresh(lasts_s=1, apart_s=0.0, most=2, steady_s=steady), counting()
    fresh.get("a", 1, lambda: (1, make()))
    steady.now_s = 1.0
    fresh.get("a", 1, lambda: (1, make()))
    assert len(made) == 2


def test_a_storm_of_news_is_gathered():
    clock = SystemClock()
    fresh, begun_s = (
        Fresh(lasts_s=9, apart_s=0.05, most=2, steady_s=lambda: clock.look().steady_s),
        clock.look().steady_s,
    )
    for version in range(1, 4):
        fresh.get("a", version, lambda version=version: (version, None))
    assert clock.look().steady_s - begun_s >= 0.1


@pytest.mark.parametrize(
    ("tiles", "host"),
    [
        ("", ""),
        ("/tiles/{z}/{x}/{y}.png", ""),
        ("https://t.example/{z}/{x}/{y}", "https://t.example"),
        ("https://{s}.t.example:8443/{z}/{x}/{y}", "https://*.t.example:8443"),
    ],
)
def test_only_the_host_of_the_tiles_may_be_asked_for_images(tiles, host):
    assert MapOptions(tiles=tiles).host == host
