"""What an answer says, who is drawn, who may ask, and what is never shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.survey import read_form
from dispatch.rules.satisfaction import (
    SMALL,
    Staff,
    draw,
    may_interview,
    results,
    sample_size,
    score_of,
)
from tests.integration.test_retention import FILE

FORM = read_form(FILE.with_name("survey.toml"))


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("1", 5), ("5", 1), ("２", 4), (" 3。", 3), ("回1", 5), ("回复：4", 2), ("1 非常满意", 5), ("2满意", 4),
        ("很不满意", 1),
        ("satisfied", 4), ("Very dissatisfied", 1), ("5 非常满意", None), ("1 很不满意", None), ("5分", None),
        ("12", None),
        ("6", None), ("", None), ("满意吗", None), ("不", None), ("1接单", None), ("我很满意但是等太久", None),
    ],
)  # fmt: skip
def test_a_key_or_a_word_gives_its_points_and_what_is_unclear_gives_none(text, score):
    assert score_of(text) == score


@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text):
    assert score_of(text) in {None, 1, 2, 3, 4, 5}


@given(st.sets(st.text(min_size=1, max_size=8), max_size=60), st.integers(0, 80), st.text(max_size=8))
def test_the_draw_is_the_same_for_the_same_seed_whatever_the_order(ids, size, seed):
    drawn = draw(ids, seed, size)
    assert drawn == draw(sorted(ids, reverse=True), seed, size)
    assert len(drawn) == min(size, len(ids))
    assert set(drawn) <= ids


def test_everybody_is_drawn_about_as_often():
    ids = [f"r{number}" for number in range(20)]
    times = dict.fromkeys(ids, 0)
    for seed in range(2000):
        for each in draw(ids, str(seed), 5):
            times[each] += 1
    # 2,000 draws of 5 of 20: 500 each, with a standard deviation of 19.
    assert all(400 < count < 600 for count in times.values())


def test_the_sample_is_a_share_of_at_least_so_many_and_never_more_than_all():
    assert [sample_size(n, share=0.05, least=10) for n in (0, 4, 100, 1000)] == [0, 4, 10, 50]


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (Staff(name="王芳"), True),
        (Staff(name="李护理"), False),
        (Staff(name=" 李护理 "), False),
        (Staff(name="李娜", phone="+8613800000001"), False),
        (Staff(name="李娜", phone="+8613800000002"), True),
        (Staff(name="李娜", phone=None), True),
    ],
)
def test_whoever_served_does_not_ask(who, may):
    assert may_interview(who, [Staff(name="李护理", phone="+8613800000001"), Staff(name="老赵")]) is may


def shares(**groups):
    return results([(name, score, "sms") for name, scores in groups.items() for score in scores], FORM)


def test_the_rate_counts_four_and_five_and_is_held_to_the_yardstick():
    found = shares(a=[5, 5, 4, 4, 4, 4, 4, 4, 4, 3], b=[5, 4, 3, 2, 1])
    assert [(each.group, each.n, each.satisfied, each.rate, each.meets) for each in found.groups] == [
        ("a", 10, 9, 0.9, True),
        ("b", 5, 2, 0.4, False),
    ]
    assert (found.whole.n, found.whole.satisfied, found.whole.meets) == (15, 11, False)
    assert (found.least, "南京" in found.source) == (0.90, True)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.lists(st.integers(1, 5), min_size=1, max_size=12), max_size=8))
def test_no_small_group_is_shown_nor_told_by_the_others(groups):
    found = shares(**groups)
    shown = {each.group: each.n for each in found.groups if each.n is not None}
    assert all(n >= SMALL for n in shown.values())
    if found.whole.n is not None and shown and len(shown) < len(groups):
        assert found.whole.n - sum(shown.values()) >= SMALL, "the whole less the rest tells a small group"
        assert len(groups) - len(shown) >= 2, "the whole less the rest tells a single group"
