"""Meals by page and by API: a till with a key, the till page, a diner's card, orders and counts that match."""

import hashlib
import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from dispatch.accounts.keys import Keys
from dispatch.rules.rights import Role
from dispatch.store.people import residents
from schedules.meals.store.orders import MealOrders
from tests.integration.rights_rig import OURS, Town

API = "/api/v1/meals"
CANTEEN = {
    "code": "A1", "name": "柏林食堂", "area_code": "130102001001", "station": "S1",
    "rules": [{"policy": "cs-kaifu-2020", "from_on": "2020-01-01"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    town = Town(tmp_path_factory.mktemp("town"))
    keys = Keys(town.house.transactions, town.house.reading, town.house.clock)
    for name, scope in (("program", "registers read"), ("till", "till")):
        key = keys.new_key(name, scope)
        client = town.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        setattr(town, name, client)
    town.manager = town.browser(frozenset({Role.MANAGER}))
    assert town.program.post("/api/v1/canteens", json=CANTEEN).status_code == 200
    assert town.program.post("/api/v1/canteens/tills", json={"code": "T1", "canteen": "A1"}).status_code == 204
    said = {"resident": "R1", "card": "6217 0001", "hukou": "430105001001", "residence": "430105001001"}
    assert town.program.post(f"{API}/diners", json=said).status_code == 204
    yield town
    town.close()


def meal(town, ref, **said):
    at = town.house.clock.now() - timedelta(minutes=5)
    return {
        "till": "T1", "ref": ref, "meal": "lunch", "served_at": at.isoformat(), "price_fen": 1200, "by": "card",
        "who": "62170001", **said,
    }  # fmt: skip


def eaten(town):
    """One meal is on file, whichever tests ran before."""
    assert town.till.post(API, json={"meals": [meal(town, "b1")]}).status_code == 200


def post(town, address, **form):
    form["csrf_token"] = town.csrf
    return town.manager.post(address, data=form, headers={"Sec-Fetch-Site": "same-origin"})


def test_a_till_sends_a_batch_and_each_meal_is_answered_again_the_same(town):
    batch = {"meals": [meal(town, "s1"), meal(town, "s2", till="T9"), meal(town, "s3", who="nobody")]}
    first = town.till.post(API, json=batch).json["items"]
    again = town.till.post(API, json=batch).json["items"]
    assert [each["ref"] for each in first] == ["s1", "s2", "s3"]
    assert first[0]["diner"] == "本***"
    assert first[1]["error"] == "no till T9"
    assert (first[2]["reason"], first[2]["pays_fen"]) == ("unknown_diner", 1200)
    assert [each["meal"] for each in again] == [each["meal"] for each in first]
    assert again[0]["repeated"]
    assert town.till.get(API).status_code == 403
    assert town.program.post(API, json=batch).status_code == 403
    listed = town.program.get(f"{API}?review=true").json["items"]
    assert [each["reason"] for each in listed if each["ref"] == "s3"] == ["unknown_diner"]
    assert {each["reason"] for each in listed} <= {"unknown_diner", "no_age"}
    assert town.till.post(f"{API}/cancellations", json={"till": "T1", "ref": "s3"}).status_code == 204


def test_the_till_page_serves_keeps_what_was_typed_and_cancels(town):
    page = town.manager.get("/till").text
    ref = re.search(r'name="ref" value="([^"]+)"', page)[1]
    shown_at = re.search(r'name="at" value="([^"]+)"', page)[1]
    form = {
        "till": "T1",
        "ref": ref,
        "at": shown_at,
        "meal": "dinner",
        "by": "card",
        "who": "62170001",
        "price": "12.50",
    }
    wrong = post(town, "/till", **{**form, "price": "12.505"})
    assert wrong.status_code == 422
    assert "12.505" in wrong.text
    assert ref in wrong.text
    served = post(town, "/till", **form)
    assert "¥12.50" in served.text
    assert "本***" in served.text
    assert "本站老人" not in served.text
    assert "sent before" in post(town, "/till", **form).text
    assert post(town, "/till/cancel", till="T1", ref=ref).status_code == 303
    assert "× cancelled" in town.manager.get("/meals").text


def test_a_diners_card_shows_the_month_and_is_no_other_stations(town):
    card = town.manager.get("/meals/diner/R1").text
    assert "本***" in card
    assert "…0001" in card
    ours = town.browser(frozenset({Role.OPERATOR}), OURS)
    assert ours.get("/meals/diner/R1").status_code == 200
    assert ours.get("/meals/diner/R2").status_code == 404
    assert "柏林食堂" not in town.browser(frozenset({Role.OPERATOR}), "S2").get("/canteens").text


def test_orders_and_counts_match_or_say_why_not(town):
    day = town.house.calendar.day_of(town.house.clock.now()) + timedelta(days=1)
    where = {"on": day.isoformat(), "canteen": "A1", "meal": "lunch"}
    assert post(town, "/meals/day/order", **where, resident="R1", delivery="1").status_code == 303
    assert post(town, "/meals/day/order", **where, resident="R1").status_code == 422
    assert post(town, "/meals/day/order", **where, resident="R99").status_code == 404
    short = post(town, "/meals/day/count", **where, stage="sent", count="0")
    assert short.status_code == 422
    assert post(town, "/meals/day/count", **where, stage="sent", count="1").status_code == 303
    assert post(town, "/meals/day/count", **where, stage="received", count="0", why="路上打翻").status_code == 303
    page = town.manager.get(f"/meals/day?day={day}").text
    assert "▲ -1" in page
    assert "路上打翻" in page
    order = re.search(r'name="order" value="([^"]+)"', page)[1]
    done = {"on": day.isoformat(), "order": order, "state": "handed_out"}
    assert post(town, "/meals/day/settle", **done).status_code == 422
    assert post(town, "/meals/day/settle", **done, proof="code", shown="x").status_code == 422
    assert post(town, "/meals/day/settle", **done, proof="name", shown="女儿").status_code == 303
    assert post(town, "/meals/day/settle", **done, proof="name", shown="女儿").status_code == 422


def test_a_meal_is_a_sign_of_life_and_one_nobody_took_is_not(town):
    eaten(town)
    signs = town.house.homecare.meals.ordering.signs(town.house.clock.now() - timedelta(days=2))
    assert {str(each.kind) for each in signs} <= {"meal", "meal_missed", "delivery_unanswered"}
    assert any(each.kind == "meal" for each in signs)


def test_the_list_of_a_month_leaves_for_whoever_may_export_the_district(town):
    eaten(town)
    answer = town.manager.get("/meals/export.csv")
    assert answer.mimetype == "text/csv"
    assert answer.text.startswith("id,till,ref,canteen")
    assert "b1" in answer.text
    assert town.browser(frozenset({Role.MANAGER}), OURS).get("/meals/export.csv").status_code == 404


def test_what_to_collect_is_shown_before_anything_is_kept(town):
    born(town, date(1950, 1, 1))
    form = {"till": "T1", "ref": "q-1", "meal": "dinner", "by": "card", "who": "62170001", "price": "12.00"}
    quoted = post(town, "/till", **form, do="quote").text
    answer = town.till.post(f"{API}/quotes", json={"meals": [meal(town, "q-1", meal="dinner")]}).json["items"][0]
    assert (answer["meal"], answer["reason"], answer["pays_fen"]) == (None, "ok", 800)
    for words in (
        "Collect ¥8.00",
        "Not served yet",
        'value="62170001"',
        'value="12.00"',
        'value="dinner" required checked',
    ):
        assert words in quoted
    served = post(town, "/till", **form, do="serve").text
    assert "Collect ¥" not in served
    assert "pays ¥8.00" in served
    wrong = town.till.post(f"{API}/quotes", json={"meals": [meal(town, "q-2", till="T9")]}).json["items"][0]
    assert wrong["error"] == "no till T9"


def test_a_meal_served_without_a_connection_says_what_to_give_back(town):
    born(town, date(1950, 1, 1))
    at = (town.house.clock.now() - timedelta(days=1)).astimezone(town.house.calendar.tzinfo)
    form = {"till": "T1", "ref": "off-1", "meal": "dinner", "by": "card", "who": "62170001", "price": "12.00"}
    told = post(town, "/till", **form, when=f"{at:%Y-%m-%dT%H:%M}", charged="12.00", do="serve").text
    assert "give back ¥4.00" in told
    wrong = post(town, "/till", **{**form, "ref": "off-2"}, when="gestern", charged="12.00", do="serve")
    assert (wrong.status_code, "A time is written" in wrong.text, 'value="gestern"' in wrong.text) == (422, True, True)


def test_the_list_for_a_day_without_a_connection_says_what_each_diner_pays(town):
    eaten(town)
    born(town, date(1950, 1, 1))
    assert "To collect" not in town.manager.get("/till/list").text
    refused = town.manager.get("/till/list?till=T1&meal=breakfast&price=12.005")
    assert (refused.status_code, 'value="12.005"' in refused.text) == (422, True)
    # The rule knows lunch and dinner; breakfast is paid whole.
    whole = town.manager.get("/till/list?till=T1&meal=breakfast&price=12.00").text
    assert ("<b>¥12.00</b>" in whole, "本***" in whole, "本站老人" in whole) == (True, True, False)
    before = town.till.post(f"{API}/quotes", json={"meals": [meal(town, "l-1", meal="dinner")]}).json["items"][0]
    listed = town.manager.get("/till/list?till=T1&meal=dinner&price=12.00").text
    assert f"<b>¥{before['pays_fen'] // 100}.00</b>" in listed
    assert town.manager.get("/till/list?till=T9&meal=lunch&price=12.00").status_code == 404


def test_a_chosen_photo_proves_a_meal_by_its_hash_and_says_when_it_was_taken(town):
    day = town.house.calendar.day_of(town.house.clock.now()) + timedelta(days=2)
    where = {"on": day.isoformat(), "canteen": "A1", "meal": "lunch"}
    assert post(town, "/meals/day/order", **where, resident="R1", delivery="1").status_code == 303
    order = re.search(r'name="order" value="([^"]+)"', town.manager.get(f"/meals/day?day={day}").text)[1]
    picture = b"\xff\xd8\xff\xe1\x00\x20Exif\x00\x00" + b"2026:11:20 12:03:04\x00" + b"x" * 300_000
    done = {"on": day.isoformat(), "order": order, "state": "handed_out", "photo": (io.BytesIO(picture), "a.jpg")}
    assert post(town, "/meals/day/settle", **done).status_code == 303
    with town.house.reading.connect() as connection:
        kept = MealOrders(connection).get(order)
    assert (kept.proof, kept.shown) == ("photo", hashlib.sha256(picture).hexdigest())
    assert kept.taken_at == datetime(2026, 11, 20, 4, 3, 4, tzinfo=UTC)


def born(town, on):
    town.house.transactions.run(
        lambda tx: tx.connection.execute(residents.update().where(residents.c.code == "R1").values(born_on=on))
    )
