"""Two programs that share nothing count the same record: they agree to the last number, and an altered entry shows."""

import json
import re

import pytest

from dispatch.rules.figures import calls, tallies
from dispatch.rules.figures.counting import Limits
from dispatch.rules.figures.report import differences
from dispatch.rules.rights import DISTRICT, Area
from tests.integration.figures_rig import ALONE, Book, alone, diced, jsonable, recounted

MONTHS = ("2026-09", "2026-10", "2026-11", "2026-12")


@pytest.fixture
def book(tmp_path):
    book = Book(tmp_path)
    yield book
    book.close()


@pytest.mark.parametrize("seed", range(12))
def test_months_of_everything_are_counted_alike_by_every_part(book, seed):
    diced(book, seed)
    figures, lines = book.figures(Limits(ack_s=20, response_s=60, on_site_min=15)), book.exported()
    told = [figures.report(month, area) for month in MONTHS for area in (DISTRICT, Area(frozenset({"s1"})))]
    assert [recounted(lines, each) for each in told] == told
    assert sum(each["figures"]["calls_total"]["n"] for each in told) > 60, "there was something to count"


def test_the_other_program_needs_nothing_but_python(book, tmp_path):
    diced(book, 99)
    told, lines = book.report(), book.exported()
    assert not re.search(r"^(from|import) (dispatch|config|devices|schedules)", ALONE.read_text(), re.M)
    (tmp_path / "report.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    assert alone(tmp_path, lines, "--compare", str(tmp_path / "report.json")) == (0, "All figures are alike.\n")
    code, printed = alone(tmp_path, lines, "--month", "2026-11")
    assert (code, json.loads(printed)) == (0, jsonable(told))
    assert alone(tmp_path, ["no json"], "--month", "2026-11")[0] == 2
    assert alone(tmp_path, lines)[0] == 2, "a month must be said"


def test_a_report_is_counted_again_by_its_own_head_when_more_has_been_written_since(book):
    diced(book, 5)
    told = book.report()
    book.raised()
    book.keep()
    assert recounted(book.exported(), told) == told


# ------------------------------------------------------------------------------------------------ altered entries


def _known(book):
    """A month in which every entry that matters decides some figure alone."""
    book.raised(home="h9", station="s9", at=book.at)
    first = book.raised(home="h2", station="s2", cause="fall", street="东里街道", community="二社区", delayed_s=90)
    book.write("offered", alarm=first, after=1)
    book.write("accepted", "carer:c1", first, 15)
    book.write("attended", "carer:c1", first, 600)
    book.write("emergency_called", "operator:o1", first, 700)
    book.write("closed", "operator:o1", first, 900, outcome="helped")
    second = book.raised(home="h3", at=book.at.replace(hour=5), happened_at=book.at.replace(hour=4).isoformat())
    book.write("closed", "operator:o1", second, 3600 * 5 + 50, outcome="false_alarm")
    third = book.raised(home="h4", at=book.at.replace(hour=6))
    book.write("shadowed", alarm=third, at=book.at.replace(hour=6), street="x")
    book.raised(home="h5", cause="exercise")
    fourth = book.raised(home="h6", at=book.at.replace(hour=7))
    for after, kind, facts in ((5, "noted", {}), (7, "declined", {}), (9, "claimed", {}), (30, "resident_said", {}),
                               (70, "closed", {"outcome": "test"}), (80, "reopened", {})):  # fmt: skip
        book.write(kind, "operator:o1", fourth, 7 * 3600 + after, **facts)
    book.raised(home="h7", at=book.at.replace(hour=8))
    book.raised(home="h7", at=book.at.replace(hour=8, second=30))
    book.write("message_settled", provider="twilio", outcome="refused", after=5)
    book.write("satisfaction", score=4, of=5, team="t1", after=5)
    book.write("measured", what="devices", station="s1", met=7, of=9, after=5)
    book.write("measured", what="coverage", station="s1", met=3, of=4, after=5)
    book.write("call_came", call="k1", after=5)
    book.write("call_answered", call="k1", after=8)
    book.write("check_due", check="p1", asked=1, after=5)
    book.write("check_done", check="p1", after=9)
    book.keep()


DECIDES = {
    "raised": {"cause", "station", "street", "community", "home", "delayed_s", "happened_at", "resident"},
    "closed": {"outcome"}, "message_settled": {"provider", "outcome"}, "satisfaction": {"score", "of", "team"},
    "measured": {"what", "station", "met", "of"}, "call_came": {"call"}, "call_answered": {"call"},
    "check_due": {"check", "asked"}, "check_done": {"check"},
}  # fmt: skip
"""The facts that some figure needs, by the kind of line."""


def altered(lines, number, change):
    """The export with one entry changed."""
    entries = [json.loads(line) for line in lines]
    change(entries[number])
    return [json.dumps(each, ensure_ascii=False) for each in entries]


def _other(value):
    if isinstance(value, int):
        return value + 1 if value < 3 else value - 2
    others = {"refused": "taken"}
    return "2026-10-31T23:00:00+08:00" if str(value).startswith("2026") else others.get(value, f"{value or ''}x")


def test_every_fact_that_matters_is_missed_when_it_is_altered(book):
    _known(book)
    told, lines = book.report(), book.exported()
    assert recounted(lines, told) == told
    entries, tried, unseen = [json.loads(line) for line in lines], set(), set()
    for number, entry in enumerate(entries):
        for name in DECIDES.get(entry["kind"], set()) & json.loads(entry["body"]).keys():
            facts = json.loads(entry["body"])
            facts[name] = _other(facts[name])
            body = json.dumps(facts, ensure_ascii=False)
            seen = recounted(altered(lines, number, lambda each, body=body: each.update(body=body)), told) != told
            tried.add((entry["kind"], name))
            unseen |= {(entry["kind"], name)} if not seen else set()
            if seen:
                unseen.discard((entry["kind"], name))
                tried.add((entry["kind"], name, "seen"))
    pairs = {(kind, name) for kind, names in DECIDES.items() for name in names}
    assert {each for each in tried if len(each) == 2} == pairs
    assert {each[:2] for each in tried if len(each) == 3} == pairs, unseen


@pytest.mark.parametrize("column", ["kind", "at_us", "steady_us", "by", "alarm_id", "missing"])
def test_an_entry_that_is_altered_or_gone_makes_them_differ(book, column):
    _known(book)
    told, lines = book.report(), book.exported()
    shown = set()
    for number, line in enumerate(lines):
        entry = json.loads(line)
        if column == "missing":
            other = lines[:number] + lines[number + 1 :]
        else:
            value = {"kind": "heard", "at_us": entry["at_us"] - 86_400_000_000 * 20, "by": "nobody:",
                     "steady_us": entry["steady_us"] + 10**9, "alarm_id": "zz"}[column]  # fmt: skip
            other = altered(lines, number, lambda each, value=value: each.update({column: value}))
        if recounted(other, told) != told:
            shown.add(entry["kind"])
    assert shown >= SHOWN[column]


_ENDS = {"closed", "attended", "accepted", "emergency_called", "raised"}
SHOWN = {
    "kind": (calls.KINDS - {"pressed_again", "worsened", "arrival_proved", "declined", "claimed"})
    | tallies.KINDS | tallies.ANSWERS,
    "missing": (calls.KINDS - {"pressed_again", "worsened", "arrival_proved", "declined", "claimed"})
    | tallies.KINDS | tallies.ANSWERS,
    "at_us": {"raised"} | tallies.KINDS,
    "steady_us": {"raised", "accepted", "attended", "closed"},
    "by": {"accepted", "noted"},
    "alarm_id": {"raised", "accepted", "attended", "closed", "offered", "emergency_called", "shadowed"},
}  # fmt: skip
"""By the column: the kinds of entries whose alteration must show in this month. The facts have a test of their own."""


def test_what_differs_is_named(book):
    _known(book)
    told = book.report()
    other = jsonable(told)
    other["figures"]["closed"]["n"] += 1
    other["by"]["cause"][0]["figures"]["onsite_p90"]["seconds"] = 1
    assert differences(told, told) == []
    assert differences(told, {**other, "head": {"number": 1, "hash": ""}}) == [
        f"by.cause.{told['by']['cause'][0]['of']}.figures.onsite_p90.seconds", "figures.closed.n",
    ]  # fmt: skip
