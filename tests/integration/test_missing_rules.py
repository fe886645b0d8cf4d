"""A policy file that is gone or has mistakes: every door says which and what cures it, and nothing is lost."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from config import policy_books
from config.meal_options import MealSettings
from config.policy_books import policy_book
from config.wiring_meals import build_meals
from dispatch.ids import StationId
from dispatch.rules.rights import DISTRICT, Area, Role
from dispatch.store.record import Record
from dispatch.web.i18n import read_texts, words
from schedules.meals.rules.serving import WAITING
from schedules.meals.store.servings import WAITS, servings
from schedules.meals.waiting import Waiting, Waits
from schedules.money.beds.web.api import bills_blueprint, vouchers_blueprint
from schedules.money.beds.web.pages import bed_money_pages
from schedules.money.book import read_book
from schedules.money.rules.ledger import balances
from schedules.money.rules.policies import NoRule
from tests.builders import build_world
from tests.integration.meals_rig import RULES, TILLS, Canteens, everybody, wipe
from tests.integration.money_rig import MoneyRig
from tests.unit.money.rig import SHIPPED

CHINESE = words(lang="zh", texts=read_texts())
GOOD = '[policy]\nid = "good"\nkind = "meal"\ntitle = "好"\ngrade = "A"\n[[tier]]\namount = "3.00"\n'
BROKEN = GOOD.replace('"good"', '"bad"').replace("amount", "amuont")
EXCLUDE = '[[exclude]]\nscheme = "good"\nnot_with = ["other"]\n'


def folder_of(path: Path, **files: str) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / f"{name}.toml").write_text(text, encoding="utf-8")
    return path


# ------------------------------------------------------------------------------------------------ the folder


@pytest.mark.error_lines("policy_file_refused")
def test_a_file_with_a_mistake_costs_its_own_rule_alone(tmp_path, log_lines):
    book, texts = policy_book(folder_of(tmp_path, good=GOOD, bad=BROKEN))
    assert book.policies.in_force("good", date(2026, 1, 1)).id == "good"
    assert [each.policy_id for each in texts.values()] == ["good"]
    with pytest.raises(NoRule, match=r"the file of bad was refused: bad\.toml: tier\[1\]\.amuont: .*; mend the file"):
        book.policies.in_force("bad", date(2026, 1, 1))
    with pytest.raises(NoRule) as refused:
        book.policies.in_force("bad", date(2026, 1, 1))
    assert "tier[1].amuont: 没有这个键; 是不是想写 amount？" in refused.value.told(CHINESE.gettext)
    [line] = [each for each in log_lines if each["event"] == "policy_file_refused"]
    assert line["file"] == "bad.toml"


def test_a_folder_is_read_once_for_all_who_ask_until_a_byte_of_it_changes(tmp_path):
    folder = folder_of(tmp_path, good=GOOD)
    first, again = policy_book(folder), policy_book(folder)
    assert first[0] is again[0]
    assert first[1] is again[1]
    folder_of(tmp_path, good=GOOD.replace("3.00", "4.00"))
    book, texts = policy_book(folder)
    assert book.policies.in_force("good", date(2026, 1, 1)) != first[0].policies.in_force("good", date(2026, 1, 1))
    assert [*texts] != [*first[1]]
    folder_of(tmp_path, more=GOOD.replace('"good"', '"more"'))
    assert {each.id for each in policy_book(folder)[0].policies} == {"good", "more"}
    (folder / "more.toml").unlink()
    assert {each.id for each in policy_book(folder)[0].policies} == {"good"}


def test_a_folder_that_is_written_to_while_it_is_read_is_read_again(tmp_path, monkeypatch):
    folder, read = folder_of(tmp_path, good=GOOD), policy_books.read_book

    def meanwhile(path, *, implied):
        folder_of(folder, good=GOOD.replace('"good"', '"newer"'))
        return read(path, implied=implied)

    monkeypatch.setattr(policy_books, "read_book", meanwhile)
    assert {each.id for each in policy_book(folder)[0].policies} == {"newer"}
    monkeypatch.undo()
    folder_of(tmp_path, good=GOOD)
    assert {each.id for each in policy_book(folder)[0].policies} == {"good"}


@pytest.mark.error_lines("policy_file_refused")
def test_without_the_exclusions_no_rule_is_used_at_all(tmp_path):
    book, _ = policy_book(folder_of(tmp_path, good=GOOD, exclusions=EXCLUDE.replace("not_with", "not_wiht")))
    with pytest.raises(NoRule, match=r"no rule is used: exclusions\.toml: .*not_wiht"):
        book.policies.in_force("good", date(2026, 1, 1))


@pytest.mark.error_lines("policies_unreadable")
def test_a_folder_that_is_gone_keeps_nothing_from_starting(tmp_path):
    world = build_world(tmp_path)
    settings = SimpleNamespace(meals=MealSettings(policies=str(tmp_path / "gone")), home=tmp_path)
    made = build_meals(
        settings, world.transactions, world.reading, world.clock, world.calendar, is_workday=lambda _: True
    )  # fmt: skip
    assert made.desk.policies() == []
    with pytest.raises(NoRule, match=r"no rule is used: .*gone: there is no such folder"):
        made.book.policies.in_force("city", date(2026, 1, 1))
    world.close()


def test_a_version_that_holds_on_the_day_answers_though_another_file_of_the_rule_is_refused(tmp_path):
    old = GOOD.replace("[[tier]]", "effective_to = 2026-06-30\n[[tier]]")
    new = GOOD.replace("amount", "amuont").replace("[[tier]]", "effective_from = 2026-07-01\n[[tier]]")
    policies = read_book(folder_of(tmp_path, old=old, new=new), implied=SHIPPED / "implications.toml").policies
    assert policies.in_force("good", date(2026, 6, 30)).id == "good"
    with pytest.raises(NoRule, match=r"new\.toml"):
        policies.in_force("good", date(2026, 7, 1))


# ------------------------------------------------------------------------------------------------ at the till


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    world = build_world(tmp_path_factory.mktemp("meals"))
    return world, everybody(world)


def priced_lines(world) -> int:
    """How many meals that waited were priced: the record keeps those of the other tests as well."""
    with world.reading.connect() as connection:
        return [each.kind for each in Record(connection).after(0, 10_000)].count("meal_priced")


def test_a_meal_without_its_rule_is_kept_and_priced_when_the_rule_is_back(town):
    wipe(*town)
    priced_before = priced_lines(town[0])
    without = Canteens(town[0], {"account": RULES["account"]})
    terms = (("city", date(2026, 1, 1), None),)
    Canteens(town[0]).open("A", rules=terms)
    monday = without.eat("2026-11-20 11:30")
    assert (monday.reason, monday.money.pays_fen, monday.is_aided) == ("no_rule", 1200, False)
    zh, en = (" ".join(monday.because[lang]) for lang in ("zh", "en"))
    assert "没有规则 'city'" in zh
    assert "请把规则文件放回规则目录" in zh
    assert "there is no rule 'city'; put its file back" in en
    assert without.catering.price_waiting(since=date(2026, 11, 1), by=TILLS) == ([], 1)

    again = Canteens(town[0])
    [priced], waiting = again.catering.price_waiting(since=date(2026, 11, 1), by=TILLS)
    assert (waiting, priced.answer.reason, priced.booked) == (0, "ok", "2026-11")
    given = sum(priced.answer.money.funds.values())
    assert (given > 0, priced.differs_fen, priced.charged_fen) == (True, given, 1200)
    assert balances(again.ledger)["owed:A"] == given
    # Doing it again does nothing, and the till is told the same of a repeat.
    assert again.catering.price_waiting(since=date(2026, 11, 1), by=TILLS) == ([], 0)
    assert priced_lines(town[0]) == priced_before + 1
    again.catering.cancel("till-A", priced.ref, by=TILLS)
    assert balances(again.ledger).get("owed:A", 0) == 0


def test_meals_that_waited_are_priced_in_the_order_in_which_they_were_served(town):
    """Three a week by the new rule: of four that waited the last one had too many before it."""
    wipe(*town)
    rules = {"city": RULES["city"].replace("2026-11-15", "2026-10-31"), "account": RULES["account"]}
    waiting, terms = Canteens(town[0], rules), (("city", date(2026, 1, 1), None),)
    waiting.open("A", rules=terms)
    times = ((19, "lunch", "11:30"), (19, "dinner", "17:30"), (20, "lunch", "11:30"), (20, "dinner", "17:30"))
    for day, kind, at in reversed(times):
        (receipt,) = waiting.serve(waiting.meal(f"2026-11-{day} {at}", kind=kind))
        assert receipt.serving.answer.reason in WAITING
    again = Canteens(town[0])
    priced, left = again.catering.price_waiting(since=date(2026, 11, 1), by=TILLS)
    assert left == 0
    assert [(each.on.day, each.meal_type, each.answer.reason) for each in priced] == [
        (19, "lunch", "ok"), (19, "dinner", "ok"), (20, "lunch", "ok"), (20, "dinner", "limit_week"),
    ]  # fmt: skip


def test_the_money_of_a_meal_that_waited_goes_into_the_first_open_month(town):
    wipe(*town)
    without = Canteens(town[0], {"account": RULES["account"]})
    Canteens(town[0]).open("A", rules=(("city", date(2026, 1, 1), None),))
    without.eat("2026-11-20 11:30")
    again = Canteens(town[0])
    again.ledger.close("2026-11")
    elsewhere = Area(frozenset({StationId("elsewhere")}))
    assert again.catering.price_waiting(since=date(2026, 11, 1), by=TILLS, area=elsewhere) == ([], 0)
    assert again.catering.price_waiting(since=date(2026, 11, 21), by=TILLS) == ([], 0)
    [priced], _ = again.catering.price_waiting(since=date(2026, 11, 20), by=TILLS)
    [entry] = again.ledger
    assert (priced.booked, entry.month, entry.on, entry.late) == ("2026-12", "2026-12", date(2026, 11, 20), "late")


def test_a_meal_that_was_cancelled_waits_no_more(town):
    wipe(*town)
    without = Canteens(town[0], {"account": RULES["account"]})
    Canteens(town[0]).open("A", rules=(("city", date(2026, 1, 1), None),))
    without.eat("2026-11-20 11:30", ref="gone")
    without.catering.cancel("till-A", "gone", by=TILLS)
    assert without.catering.price_waiting(since=date(2026, 11, 1), by=TILLS) == ([], 0)
    assert Canteens(town[0]).catering.price_waiting(since=date(2026, 11, 1), by=TILLS) == ([], 0)


def test_a_meal_that_waited_and_was_had_elsewhere_meanwhile_has_no_second_money(town):
    wipe(*town)
    without = Canteens(town[0], {"account": RULES["account"]})
    Canteens(town[0]).open("A", rules=(("city", date(2026, 1, 1), None),))
    without.eat("2026-11-20 11:30")
    again = Canteens(town[0])
    again.open("B")
    again._count = 7
    assert again.eat("2026-11-20 11:50", till="till-B").is_aided
    [priced], _ = again.catering.price_waiting(since=date(2026, 11, 1), by=TILLS)
    assert (priced.answer.reason, priced.booked, priced.differs_fen) == ("limit_meal_type", None, 0)
    assert len(list(again.ledger)) == 1


def test_what_could_be_priced_now_is_told_apart_from_what_still_waits(town):
    wipe(*town)
    without, again = Canteens(town[0], {"account": RULES["account"]}), Canteens(town[0])
    again.open("A", rules=(("city", date(2026, 1, 1), None),))
    again.open("B", rules=(("city", date(2026, 1, 1), date(2026, 11, 10)),))
    for day, more in (("18", {}), ("19", {}), ("20", {"till": "till-B"})):
        without.eat(f"2026-11-{day} 11:30", **more)
    without.catering.cancel("till-A", "m1", by=TILLS)
    told = lambda rig, area=DISTRICT: Waiting(town[0].reading, rig.deciding.can_ask).told(area)  # noqa: E731
    assert told(without) == Waits(others=2)
    assert told(again) == Waits(ready=1, since=date(2026, 11, 19), others=1)
    assert told(again, Area(frozenset({StationId("elsewhere")}))) == Waits()
    again.catering.price_waiting(since=date(2026, 11, 1), by=TILLS)
    assert told(again) == Waits(others=1)
    with town[0].reading.connect() as connection:
        asked = select(servings.c.canteen_id).where(WAITS)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked.compile(connection)}").all()
    assert "ix_servings_waiting" in str(plan)


# ------------------------------------------------------------------------------------------------ bills


BILL = {
    "kind": "institution", "scheme": "nat-voucher-2026", "resident": "R1", "on": "2026-10-20", "provider": "颐养院",
    "lines": [{"on": "2026-10-20", "amount_fen": 100_000}],
}  # fmt: skip
SAYS = "没有规则 'nat-voucher-2026'"


@pytest.fixture(scope="module")
def beds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("beds")
    rules = folder_of(folder / "rules")
    for name in ("nat-voucher-2026", "nat-visit-2024", "fz-bed-2022", "exclusions"):
        (rules / f"{name}.toml").write_text((SHIPPED / f"{name}.toml").read_text("utf-8"), "utf-8")
    rig = MoneyRig(folder, blueprints=_blueprints, policies=rules)
    yield rig
    rig.close()


def _blueprints(rig):
    money = rig.money = rig.build()
    today = lambda: rig.world.calendar.day_of(rig.world.clock.now())  # noqa: E731
    return [
        bed_money_pages(money.filing, money.reckoning, money.settling, rig.world.reading, today),
        bills_blueprint(money.filing, money.reckoning, money.settling, transactions=rig.world.transactions),
        vouchers_blueprint(money.reckoning, rig.world.reading),
    ]  # fmt: skip


def test_every_door_to_bills_says_which_rule_is_missing_and_nothing_is_taken_back(beds):
    clerk, chief = beds.person("clerk", Role.MANAGER), beds.person("chief", Role.REVIEWER)
    assert clerk.post("/api/v1/bills", json=BILL).status_code == 201
    assert beds.settle("2026-10") == (1, 0, 0)
    before = beds.balance()
    # The file is gone; as after a start without it.
    policies = beds.money.reckoning.rules.policies
    versions = policies._versions.pop("nat-voucher-2026")
    try:
        for answer in (
            clerk.get("/api/v1/bills?month=2026-10"), chief.post("/api/v1/bills/settle", json={"month": "2026-10"}),
            clerk.get("/api/v1/vouchers?resident=R1&month=2026-10"),
        ):  # fmt: skip
            assert (answer.status_code, answer.json["type"]) == (409, "urn:anling:problem:conflict")
            assert SAYS in answer.json["detail"]
            assert "放回规则目录" in answer.json["detail"]
        page = clerk.get("/money/beds?month=2026-10")
        assert (page.status_code, "没有规则 &#39;nat-voucher-2026&#39;" in page.text) == (200, True)
        settled = chief.post("/money/beds/settle", data={"month": "2026-10"})
        assert (settled.status_code, "没有规则 &#39;nat-voucher-2026&#39;" in settled.text) == (409, True)
        one = clerk.get("/money/beds/residents/R1?month=2026-10")
        assert (one.status_code, "没有规则 &#39;nat-voucher-2026&#39;" in one.text) == (409, True)
        # A bill by another rule is kept all the same, and says what hinders the month.
        made = clerk.post("/api/v1/bills", json={**BILL, "scheme": "fz-bed-2022"})
        assert (made.status_code, made.json["awards"], SAYS in made.json["trouble"]) == (201, [], True)
        assert len(beds.bills("2026-10")) == 2
        refused = clerk.post("/api/v1/bills", json=BILL)
        assert refused.status_code in {409, 422}
    finally:
        policies._versions["nat-voucher-2026"] = versions
    assert beds.balance() == before
    assert len(beds.money.reckoning.month("2026-10", DISTRICT).awards) == 2
