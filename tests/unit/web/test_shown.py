"""What changes between two moments of a board, and that applying it gives the later one."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatch.web.shown import TOKEN, Shown, changes, clock_mark, filled

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)

boards = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["raised", "offered", "accepted"])).flatmap(
    lambda rows: st.permutations(list(rows.items()))
)


def shown(rows, parts=None) -> Shown:
    return Shown(version="a-1", head=1, rows=dict(rows), parts=parts or {}, oldest=None)


def applied(old: dict[str, str], told) -> list[tuple[str, str]]:
    """As the page's script does it."""
    rows = {**old, **told["rows"]}
    order = [id_ for id_ in old if id_ not in told["gone"]]
    order += [id_ for id_ in told["rows"] if id_ not in order]
    for id_, before in told["placed"]:
        order.remove(id_)
        order.insert(0 if before is None else order.index(before) + 1, id_)
    return [(id_, rows[id_]) for id_ in told["order"] or order]


@given(boards, boards)
def test_the_changes_make_the_later_board_of_the_earlier(old, new):
    assert applied(dict(old), changes(shown(old), shown(new), NOW)) == new


def test_of_two_hundred_rows_only_the_one_that_changed_is_told():
    rows = [(str(number), "accepted") for number in range(200)]
    told = changes(shown(rows), shown([("new", "raised"), *rows]), NOW)
    assert told == {"parts": {}, "rows": {"new": "raised"}, "gone": [], "placed": [["new", None]], "order": None}


def test_a_part_is_told_when_it_says_something_else():
    old, new = shown([], {"facts": "1", "hint": "x"}), shown([], {"facts": "2", "hint": "x"})
    assert changes(old, new, NOW)["parts"] == {"facts": "2"}


def test_a_row_that_only_grew_older_has_not_changed():
    raised = (NOW - timedelta(seconds=65)).isoformat()
    rows = [("a", f"<b>{clock_mark('since', raised)}</b>")]
    assert changes(shown(rows), shown(rows), NOW)["rows"] == {}
    assert filled(rows[0][1], NOW) == "<b>01:05</b>"
    assert filled(clock_mark("until", (NOW + timedelta(hours=1)).isoformat()), NOW) == "1:00:00"


def test_nobodys_token_goes_to_many():
    told = changes(shown([]), shown([], {"calls": f"<input value='{TOKEN}'>"}), NOW)
    assert told["parts"] == {"calls": "<input value=''>"}
    assert filled(f"<input value='{TOKEN}'>", NOW, "mine") == "<input value='mine'>"
