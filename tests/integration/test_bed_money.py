"""Months of beds and services on file: settled once, corrected by reversals, ended by a death, never paid twice."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import StationId
from dispatch.registry.leaving import Why as Left
from dispatch.rules.rights import DISTRICT, Area
from schedules.care.rules.bed import Deed, State, Why
from schedules.money.beds.drawn import DrawnSchemes
from schedules.money.beds.filing import Asked
from schedules.money.beds.reckoning import Fitted
from schedules.money.closing import Closing
from schedules.money.rules.bills import Line
from schedules.money.rules.ledger import reversal
from schedules.money.rules.policies import NoRule
from schedules.money.store.ledger import Books as Ledger
from schedules.money.store.versions import Versions
from tests.integration.money_rig import CLERK, MoneyRig
from tests.unit.money.rig import SHIPPED

NOV, DEC, JAN = "2026-11", "2026-12", "2027-01"
CITY = """
[policy]
id = "city"
kind = "home_bed"
title = "本市床位"
grade = "A"
[eligible]
age_min = 60
[construction]
mode = "fixed"
amount = "3000.00"
once_per = "{once}"
if_prior_adaptation = "1000.00"
[operating]
per_bed_month_up_to = "310.00"
[standard]
visits_per_day_min = 1
"""


@pytest.fixture
def rig(tmp_path):
    rig = MoneyRig(tmp_path, policies=_city(tmp_path), beds="city")
    yield rig
    rig.close()


def _city(folder, once="person"):
    rules = folder / "rules"
    rules.mkdir()
    for name in ("nat-voucher-2026", "nat-visit-2024", "fz-bed-2022", "hz-binjiang-call", "wh-retrofit-2021",
                 "exclusions"):  # fmt: skip
        (rules / f"{name}.toml").write_text((SHIPPED / f"{name}.toml").read_text("utf-8"), "utf-8")
    (rules / "city.toml").write_text(CITY.format(once=once), "utf-8")
    return rules


def pass_to(rig, day):
    """Noon of a later day."""
    noon = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    rig.world.clock.advance((noon - rig.world.clock.now()).total_seconds())


def active(rig, until=date(2026, 12, 31), skip=()):
    """A bed in service from 21 November on, visited on every day up to one."""
    bed = rig.until(State.ACTIVE)
    visit(rig, date(2026, 11, 21), until, skip)
    return bed


def visit(rig, day, until, skip=()):
    while day <= until:
        if day not in skip:
            rig.visits.add(rig.world.resident("R1"), day)
        day += timedelta(days=1)


# ------------------------------------------------------------------------------------------------ beds


def test_a_month_whose_duty_was_met_is_paid_once_however_often_it_is_settled(rig):
    bed = active(rig)
    pass_to(rig, date(2027, 1, 2))
    assert rig.settle(DEC) == (1, 0, 0)
    assert rig.settle(DEC) == (0, 0, 1)
    assert rig.balance() == {"fund:district": -31_000, "owed:服务一所": 31_000}
    [entry] = rig.ledger
    assert (entry.source.kind, entry.source.id, entry.month) == ("bill", f"bed-{rig.bed(bed).id}-{DEC}", DEC)
    assert entry.version == rig.money.reckoning.rules.policies.in_force("city", date(2026, 12, 1)).version
    [row] = rig.paid(DEC).values()
    assert "当月服务要求全部达到" in row["because"]["zh"]
    assert "Every duty of the month was reached" in row["because"]["en"]


def test_a_day_without_a_visit_fails_the_month_and_a_visit_proved_later_is_paid_in_the_open_month(rig):
    active(rig, skip=[date(2026, 12, 9)])
    pass_to(rig, date(2027, 1, 2))
    assert rig.settle(DEC) == (1, 0, 0)
    assert (list(rig.ledger), rig.month(DEC).awards[0].outcome) == ([], "duty_failed")
    rig.ledger.close(DEC)
    rig.visits.add(rig.world.resident("R1"), date(2026, 12, 9))
    assert rig.settle(DEC) == (1, 1, 0)
    [entry] = rig.ledger
    assert (entry.month, entry.late, entry.on) == (JAN, "late", date(2026, 12, 1))
    assert rig.settle(DEC) == (0, 0, 1)


def test_a_visit_that_no_longer_counts_is_taken_back_in_the_next_month_once_the_ledger_closed(rig):
    active(rig)
    pass_to(rig, date(2027, 1, 2))
    rig.settle(DEC)
    rig.ledger.close(DEC)
    rig.visits.all = [each for each in rig.visits.all if each.on != date(2026, 12, 24)]
    assert rig.settle(DEC) == (1, 1, 0)
    first, back = rig.ledger
    assert (first.month, back.month, back.reverses, back.late) == (DEC, JAN, first.id, "reversal")
    assert back == reversal(first, entry_id=back.id, closed=DEC)
    assert rig.balance() == {}
    assert rig.settle(DEC) == (0, 0, 1)


def test_a_death_ends_the_bed_and_the_next_month_has_nothing(rig):
    active(rig, until=date(2027, 1, 31))
    pass_to(rig, date(2026, 12, 20))
    rig.leaving.leave("R1", why=Left.DIED, died_on=date(2026, 12, 19), by=CLERK, area=DISTRICT)
    pass_to(rig, date(2027, 2, 2))
    assert [each.amount_fen for each in rig.month(DEC).awards] == [31_000]
    assert (rig.month(JAN).awards, rig.month(JAN).beds) == ((), ())


def test_a_bed_suspended_all_month_is_not_in_use_and_one_suspended_for_days_is(rig):
    bed = active(rig, until=date(2026, 12, 9))
    pass_to(rig, date(2026, 12, 10))
    rig.step(bed, Deed.SUSPEND, why=Why.HOSPITAL)
    pass_to(rig, date(2027, 2, 2))
    [award] = rig.month(DEC).awards
    assert (award.amount_fen, award.because[1].facts["owed"]) == (31_000, 9)
    assert rig.month(JAN).awards == ()


def test_a_month_that_is_not_over_is_shown_and_not_booked(rig):
    active(rig)
    assert len(rig.month(NOV).beds) == 1
    with pytest.raises(Conflict, match="not over"):
        rig.settle(NOV)


# ------------------------------------------------------------------------------------------------ bills


def test_a_voucher_pays_bills_in_their_order_and_what_was_withdrawn_comes_back_to_the_others(rig):
    second, first = rig.file(150_000, date(2026, 11, 20)), rig.file(100_000, date(2026, 11, 3))
    third = rig.file(100_000, date(2026, 11, 20))
    pass_to(rig, date(2026, 12, 2))
    assert rig.settle(NOV) == (3, 0, 0)
    got = {source: row["amount_fen"] for source, row in rig.paid(NOV).items()}
    assert got == {first["id"]: 40_000, second["id"]: 40_000, third["id"]: 0}
    rig.ledger.close(NOV)
    rig.withdraw(first)
    assert rig.settle(NOV) == (2, 3, 0)
    got = {source: row["amount_fen"] for source, row in rig.paid(NOV).items()}
    assert got == {second["id"]: 60_000, third["id"]: 20_000}
    assert rig.balance() == {"fund:district": -80_000, "owed:颐养院": 80_000}
    assert {entry.month for entry in rig.ledger if entry.late} == {DEC}


def test_a_bill_by_itself_is_given_what_its_month_gives_it_and_nobody_else_is_looked_at(rig, monkeypatch):
    active(rig, until=date(2026, 11, 30))
    filed = [rig.file(100_000, date(2026, 11, 3)), rig.file(100_000, date(2026, 11, 20))]
    filed += [
        rig.file(400_000, date(2026, 11, 5), resident=resident, kind="construction", scheme="city", payer="provider")
        for resident in ("R1", "R2")
    ]
    gone = rig.file(100_000, date(2026, 11, 4))
    rig.withdraw(gone)
    found, reckoning = rig.month(NOV), rig.money.reckoning
    rows = {each["id"]: each for each in rig.bills(NOV)}
    monkeypatch.setattr(reckoning, "month", None)
    assert [reckoning.bill(rows[each["id"]], DISTRICT) for each in filed] == [found.award(each["id"]) for each in filed]
    assert sum(each.amount_fen for row in filed for each in found.award(row["id"])) > 80_000
    assert reckoning.bill(rows[gone["id"]], DISTRICT) == []


def test_a_visit_stands_on_one_bill_and_counts_only_when_it_is_proved(rig):
    seen = rig.visits.add(rig.world.resident("R1"), date(2026, 11, 5))
    lines = [Line(number=1, on=date(2026, 11, 5), amount_fen=10_000, proof="visit", ref=seen.visit_id),
             Line(number=2, on=date(2026, 11, 6), amount_fen=10_000, proof="visit", ref="nobody"),
             Line(number=3, on=date(2026, 11, 6), amount_fen=10_000, proof="order", ref="nothing")]  # fmt: skip
    kept = rig.file(0, date(2026, 11, 6), kind="home", lines=lines)
    [award] = rig.month(NOV).award(kept["id"])
    assert (award.amount_fen, award.asked_fen) == (5_000, 30_000)
    assert [each.facts["why"] for each in award.because if each.code == "line_refused"] == ["unproved", "not_done"]
    with pytest.raises(Conflict, match="another bill"):
        rig.file(0, date(2026, 11, 6), kind="home", lines=lines[:1])
    rig.withdraw(kept)
    rig.file(0, date(2026, 11, 6), kind="home", lines=lines[:1])
    rig.visits.all = []
    assert [each.amount_fen for each in rig.month(NOV).awards] == [0]


def test_a_voucher_is_refused_to_whom_another_scheme_pays_from_the_day_on_which_it_does(rig):
    rig.file(100_000, date(2026, 11, 3))
    rig.file(100_000, date(2026, 11, 18))
    rig.know(from_on=date(2026, 11, 10), schemes=("improvement_project",))
    before, after = rig.month(NOV).awards
    assert (before.amount_fen, after.amount_fen, after.outcome) == (40_000, 0, "not_eligible")
    assert after.because[-1].facts["other"] == "improvement_project"


def test_a_service_after_the_death_is_refused_and_one_billed_before_it_was_known_does_not_count(rig):
    kept = rig.file(100_000, date(2026, 11, 20))
    pass_to(rig, date(2026, 11, 22))
    rig.leaving.leave("R1", why=Left.DIED, died_on=date(2026, 11, 18), by=CLERK, area=DISTRICT)
    [award] = rig.month(NOV).award(kept["id"])
    assert (award.amount_fen, award.because[1].facts["why"]) == (0, "after_death")
    with pytest.raises(Invalid) as wrong:
        rig.file(1, date(2026, 11, 19))
    assert "had died" in wrong.value.errors["json"]["lines"][0]
    rig.file(1, date(2026, 11, 18))


REFUSED = [
    ("kind", {"kind": "dinner"}),
    ("scheme", {"scheme": "nobody"}),
    ("scheme", {"scheme": "wh-retrofit-2021"}),
    ("provider", {"provider": " "}),
    ("payer", {"payer": "family"}),
    ("lines", {"lines": []}),
    ("lines", {"lines": [Line(number=1, on=date(2026, 12, 1), amount_fen=1)]}),
    ("lines", {"lines": [Line(number=1, on=date(2026, 10, 31), amount_fen=1)]}),
    ("lines", {"lines": [Line(number=1, on=date(2026, 11, 1), amount_fen=10**9)]}),
    ("lines", {"lines": [Line(number=1, on=date(2026, 11, 1), amount_fen=1, proof="visit")]}),
    ("lines", {"kind": "home"}),
]


def test_what_cannot_be_on_a_bill_is_refused_with_its_place(rig):
    line = Line(number=1, on=date(2026, 11, 1), amount_fen=1)
    said = {"kind": "institution", "scheme": "nat-voucher-2026", "resident": "R1", "on": date(2026, 11, 1),
            "provider": "院", "lines": [line]}  # fmt: skip
    for field, more in REFUSED:
        with pytest.raises(Invalid) as wrong:
            rig.money.filing.file(Asked(**said | more), by=CLERK, area=DISTRICT)
        assert list(wrong.value.errors["json"]) == [field], more
    assert rig.bills(NOV) == []


def test_another_stations_bills_are_not_there(rig):
    kept = rig.file(1, date(2026, 11, 1))
    other = Area(frozenset({StationId("S2")}))
    with pytest.raises(NotFound):
        rig.money.filing.withdraw(kept["id"], "x", by=CLERK, area=other)
    assert rig.money.reckoning.month(NOV, other).bills == ()


def test_a_bill_is_withdrawn_once_and_with_a_reason(rig):
    kept = rig.file(1, date(2026, 11, 1))
    with pytest.raises(Invalid):
        rig.money.filing.withdraw(kept["id"], " ", by=CLERK, area=DISTRICT)
    rig.withdraw(kept)
    with pytest.raises(Conflict):
        rig.withdraw(kept)


# ------------------------------------------------------------------------------------------------ building and calls


def build(rig, resident, day, scheme="city", kind="construction", **more):
    return rig.file(more.pop("fen", 300_000), day, resident=resident, scheme=scheme, kind=kind, **more)


def test_building_is_paid_once_and_a_withdrawn_bill_makes_room_for_the_next(rig):
    first, again = build(rig, "R1", date(2026, 11, 3)), build(rig, "R1", date(2026, 11, 9))
    pass_to(rig, date(2026, 12, 2))
    rig.settle(NOV)
    later = build(rig, "R1", date(2026, 11, 1))
    assert rig.settle(NOV) == (1, 0, 2)
    got = {source: row["outcome"] for source, row in rig.paid(NOV).items()}
    assert got == {first["id"]: "ok", again["id"]: "already_paid", later["id"]: "already_paid"}
    rig.withdraw(first)
    rig.settle(NOV)
    got = {source: row["outcome"] for source, row in rig.paid(NOV).items()}
    assert got == {later["id"]: "ok", again["id"]: "already_paid"}
    assert rig.balance() == {"fund:district": -300_000, "owed:颐养院": 300_000}


def test_a_home_that_was_adapted_with_a_subsidy_gets_the_smaller_sum(rig):
    build(rig, "R1", date(2026, 11, 3), scheme="wh-retrofit-2021", kind="adaptation", fen=248_000)
    pass_to(rig, date(2026, 12, 2))
    rig.settle(NOV)
    build(rig, "R1", date(2026, 12, 1))
    assert [each.amount_fen for each in rig.month(DEC).awards] == [100_000]


@pytest.mark.parametrize(("once", "given"), [("person", [300_000, 300_000]), ("household", [300_000, 0])])
def test_a_couple_is_paid_for_each_or_together_as_the_rule_counts(tmp_path, once, given):
    rig = MoneyRig(tmp_path, policies=_city(tmp_path, once), beds="city")
    for code in ("R2", "R3"):
        rig.world.transactions.run(lambda tx, code=code: _born(tx, rig.world.resident(code)))
        build(rig, code, date(2026, 11, 3))
    assert [each.amount_fen for each in rig.month(NOV).awards] == given
    rig.close()


def _born(tx, resident_id):
    tx.connection.exec_driver_sql("UPDATE residents SET born_on = '1940-02-29' WHERE id = ?", (resident_id,))


def test_call_fees_run_from_the_cut_off_day_until_the_month_of_a_death(tmp_path):
    rig = MoneyRig(tmp_path, policies=_city(tmp_path), beds="", calls="hz-binjiang-call")
    rig.fitted += [
        _fitted(rig, "R1", date(2026, 11, 16)), _fitted(rig, "R2", date(2026, 11, 15)),
        _fitted(rig, "R3", date(2026, 9, 1), date(2026, 11, 2)),
    ]  # fmt: skip
    people = {rig.world.resident(code): code for code in ("R1", "R2", "R3")}
    fees = lambda month: sorted(people[each.resident_id] for each in rig.month(month).awards)  # noqa: E731
    assert (fees(NOV), fees(DEC)) == (["R2", "R3"], ["R1", "R2"])
    pass_to(rig, date(2026, 12, 30))
    rig.leaving.leave("R2", why=Left.DIED, died_on=date(2026, 12, 1), by=CLERK, area=DISTRICT)
    assert (fees(DEC), fees(JAN)) == (["R1", "R2"], ["R1"])
    pass_to(rig, date(2027, 1, 2))
    assert rig.settle(DEC) == (2, 0, 0)
    assert rig.balance() == {"fund:district": -4_000, "owed:calls": 4_000}
    rig.close()


def _fitted(rig, code, on, until_on=None):
    return Fitted(resident_id=rig.world.resident(code), on=on, until_on=until_on)


def test_thirty_visits_are_one_person_time_of_the_year(rig):
    active(rig, until=date(2026, 12, 19))
    pass_to(rig, date(2027, 1, 2))
    assert (rig.month(NOV).units, rig.month(DEC).units) == (0, 0)  # 29 visits
    rig.visits.add(rig.world.resident("R1"), date(2026, 12, 25))
    assert rig.month(DEC).units == 1


@pytest.mark.error_lines("policy_missing")
def test_a_setting_that_names_no_rule_keeps_nothing_from_starting_and_its_month_says_so(tmp_path, log_lines):
    rig = MoneyRig(tmp_path, policies=_city(tmp_path), beds="nowhere")
    [line] = [each for each in log_lines if each["event"] == "policy_missing"]
    assert (line["setting"], line["rule"], line["known"]) == ("bedmoney.beds", "nowhere", ["city", "fz-bed-2022"])
    active(rig, until=date(2026, 12, 1))
    with pytest.raises(NoRule, match="there is no rule 'nowhere'; put its file back"):
        rig.month(NOV)
    rig.close()


def test_the_ledger_on_file_takes_corrections_across_a_closed_month_and_keeps_each_rule(rig):
    rig.money = rig.build(on_file=True)
    kept = rig.file(100_000, date(2026, 11, 3))
    rig.file(100_000, date(2026, 11, 20))
    pass_to(rig, date(2026, 12, 2))
    assert rig.settle(NOV) == (2, 0, 0)
    assert rig.settle(NOV) == (0, 0, 2)
    Closing(rig.world.transactions, rig.world.reading, rig.world.clock, rig.world.calendar).close(NOV, by=CLERK)
    rig.withdraw(kept)
    assert rig.settle(NOV) == (0, 1, 1)
    with rig.world.reading.connect() as connection:
        november, december = (list(Ledger(connection).entries(month)) for month in (NOV, DEC))
        assert [each.reverses for each in december] == [f"{kept['id']}#1"]
        assert all(Versions(connection).get(each.version) for each in november)
    owed = [each for entry in (*november, *december) for each in entry.postings if "owed" in each.account]
    assert sum(each.amount_fen for each in owed) == 40_000


def test_the_search_for_anomalies_is_told_who_draws_which_scheme(rig):
    """A voucher of November that paid, one that had nothing left, and a bed in service from 21 November on."""
    active(rig)
    rig.file(100_000, date(2026, 11, 3))
    rig.file(10_000, date(2026, 11, 20), resident="R2")  # R2 has no level: nothing is paid
    pass_to(rig, date(2026, 12, 2))
    drawn = DrawnSchemes(rig.world.reading, rig.money.reckoning)
    one = rig.world.resident("R1")
    assert drawn(date(2026, 11, 3), date(2026, 11, 4)) == {one: {"city": "home_bed"}}, "a month that nobody settled"
    rig.settle(NOV)
    both = {one: {"city": "home_bed", "nat-voucher-2026": "voucher"}}
    assert drawn(date(2026, 11, 1), date(2026, 12, 1)) == drawn(date(2026, 11, 30), date(2026, 12, 1)) == both
    assert drawn(date(2026, 12, 1), date(2027, 1, 1)) == {one: {"city": "home_bed"}}
    assert drawn(date(2026, 10, 1), date(2026, 11, 1)) == {}
    assert drawn(date(2026, 10, 31), date(2026, 12, 2)) == both
