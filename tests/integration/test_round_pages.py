"""The pages of rounds and orders and the programs' side, over the whole application: nothing typed is ever lost."""

import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatch.accounts.keys import Keys
from dispatch.rules.rights import DISTRICT, Role
from dispatch.store.calls import Calls
from dispatch.store.outbox import messages
from dispatch.store.people import People
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from schedules.orders.families import FamilyOrders
from schedules.orders.store.orders import Orders, Provider
from schedules.rounds.rules.round import Kind
from schedules.rounds.store.rounds import Rounds
from tests.integration.rights_rig import OURS, Town

MANAGER, OPERATOR = frozenset({Role.MANAGER}), frozenset({Role.OPERATOR})
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BY = "operator:o"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    town = Town(Path(tmp_path_factory.mktemp("rounds")))
    yield town
    town.close()


@pytest.fixture
def manager(town):
    return town.browser(MANAGER)


@pytest.fixture
def me(town):
    return town.ids[OURS]


def post(town, client, path, **form):
    return client.post(path, data={"csrf_token": town.csrf, **form})


def start(town, days=3, hour=10):
    local = town.house.calendar.local(town.house.clock.now()) + days * DAY
    return f"{local:%Y-%m-%d}T{hour:02}:00"


def open_rounds(town, me):
    with town.house.reading.connect() as connection:
        return Rounds(connection).open_of(me["resident"])


def orders_of(town, me):
    with town.house.reading.connect() as connection:
        return Orders(connection).of([me["resident"]], 50)


def test_a_result_is_a_digit_a_letter_and_enter_and_what_is_refused_comes_back(town, manager, me):
    post(town, manager, f"/rounds/residents/{me['resident']}/ask", note="邻居说没见到人")
    one = next(each for each in open_rounds(town, me) if each.kind is Kind.CHANGE)
    page = manager.get("/rounds").text
    assert f'action="/rounds/{one.id}/result"' in page
    assert page.count(" autofocus") == 1
    refused = post(town, manager, f"/rounds/{one.id}/result", code="9", note="说了很多")
    assert refused.status_code == 422
    assert 'value="说了很多"' in refused.text
    refused = post(town, manager, f"/rounds/{one.id}/result", code="2")
    assert refused.status_code == 422
    assert post(town, manager, f"/rounds/{one.id}/result", code="1p").status_code == 303
    assert one.id not in {each.id for each in open_rounds(town, me)}
    assert post(town, manager, f"/rounds/{one.id}/result", code="1").status_code == 409


def test_only_a_manager_calls_extra_rounds_and_sets_classes(town, manager, me):
    operator, today = town.browser(OPERATOR), town.house.calendar.day_of(town.house.clock.now())
    days = {"from_on": str(today), "until_on": str(today + DAY)}
    assert post(town, operator, "/rounds/extra", occasion="heat", **days).status_code == 403
    path = f"/rounds/residents/{me['resident']}/class"
    assert post(town, manager, path, **{"class": "high"}, why=" ").status_code == 422
    assert post(town, manager, path, **{"class": "high"}, why="高龄独居").status_code == 303
    assert post(town, manager, "/rounds/extra", occasion="heat", level="red", **days).status_code == 303
    extra = [each for each in open_rounds(town, me) if each.kind is Kind.EXTRA]
    assert [each.why for each in extra] == ["heat"]
    wrong = post(town, manager, "/rounds/extra", occasion="heat", from_on="x", until_on="y", note="留着")
    assert wrong.status_code == 422
    assert "留着" in wrong.text


def test_a_program_enters_a_result_once(town, me):
    key = Keys(town.house.transactions, town.house.reading, town.house.clock).new_key("program", "read rounds orders")
    client = town.app.test_client()
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "a-1"}
    town.house.homecare.rounds.desk.classify(me["resident"], "key", why="x", by=BY, area=DISTRICT)
    listed = client.get("/api/v1/rounds?days=400&limit=1", headers={"Authorization": f"Bearer {key}"}).json
    assert len(listed["items"]) == 1
    one = next(each for each in open_rounds(town, me) if each.kind is Kind.REGULAR)
    body = {"result": "well", "means": "phone"}
    first = client.post(f"/api/v1/rounds/{one.id}/result", json=body, headers=headers)
    again = client.post(f"/api/v1/rounds/{one.id}/result", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["Idempotency-Replayed"] == "true"
    rate = client.get("/api/v1/rounds/rate", headers={"Authorization": f"Bearer {key}"}).json
    assert set(rate) == {"month", "visited", "due"}
    asked = {"resident": "R1", "service": "repair", "start_at": f"{start(town)}:00+08:00", "note": "水龙头"}
    order = client.post("/api/v1/orders", json=asked, headers={**headers, "Idempotency-Key": "a-2"})
    assert order.status_code == 201
    replayed = client.post("/api/v1/orders", json=asked, headers={**headers, "Idempotency-Key": "a-2"})
    assert replayed.json == order.json
    early = client.post("/api/v1/orders", json={**asked, "start_at": f"{start(town, hour=3)}:00+08:00"},
                        headers={"Authorization": f"Bearer {key}"})  # fmt: skip
    assert early.status_code == 422
    assert "这个时间" in str(early.json["errors"])


def test_from_a_call_it_is_two_actions_and_the_call_is_judged_with_it(town, me):
    operator = town.browser(OPERATOR)
    assert f'href="/orders/new?call={me["call"]}"' in operator.get("/board").text
    form = operator.get(f"/orders/new?call={me['call']}").text
    assert "Emergency: raise the alarm" in form
    assert f'value="{me["resident"]}" checked' in form
    # Enter in a field presses the first button of a form.
    assert form.index('name="do" value="order"') < form.index('name="do" value="alarm"')
    before = len(orders_of(town, me))
    answer = post(town, operator, "/orders/new", call=me["call"], resident=me["resident"], service="errand",
                  start=start(town), note="买药", do="order")  # fmt: skip
    assert answer.status_code == 303
    assert len(orders_of(town, me)) == before + 1
    with town.house.reading.connect() as connection:
        assert str(Calls(connection).get(me["call"]).judged) == "no_alarm"


def test_words_like_an_emergency_bring_the_form_back_with_both_buttons_and_everything_typed(town, me):
    operator = town.browser(OPERATOR)
    typed = {"resident": me["resident"], "service": "escort", "start": start(town), "note": "早上摔倒了，想去医院"}
    back = post(town, operator, "/orders/new", **typed, do="order")
    assert back.status_code == 422
    assert "摔倒" in back.text
    assert "早上摔倒了，想去医院" in back.text
    assert start(town) in back.text
    before = len(orders_of(town, me))
    alarm = post(town, operator, "/orders/new", **typed, sure="1", do="alarm")
    assert alarm.status_code == 303
    assert alarm.location.startswith("/board?alarm=")
    assert len(orders_of(town, me)) == before
    booked = post(town, operator, "/orders/new", **typed, sure="1", do="order")
    assert booked.location.startswith("/orders/")
    assert len(orders_of(town, me)) == before + 1


def test_the_alarm_button_needs_nothing_but_the_person(town, me):
    operator = town.browser(OPERATOR)
    answer = post(town, operator, "/orders/new", resident=me["resident"], start="", do="alarm")
    assert answer.location.startswith("/board?alarm=")
    nobody = post(town, operator, "/orders/new", resident="", note="有人摔了", do="alarm")
    assert nobody.status_code == 422
    assert "有人摔了" in nobody.text


def test_an_order_in_steps_is_seen_through_with_its_photo(town, manager, me):
    firm = Provider(id="firm", name="适老公司", phone="+8613700000005", station_id=None, skills=("adaptation",), by=BY,
                    at=town.house.clock.now())  # fmt: skip
    town.house.transactions.run(lambda tx: Orders(tx.connection).add_provider(firm))
    town.house.transactions.run(lambda tx: _born(tx, me["resident"]))
    made = post(town, manager, "/orders/new", resident="R1", service="adaptation", start=start(town, 10), do="order")
    path = made.location
    assert post(town, manager, f"{path}/accept", provider="provider:firm").status_code == 303
    assert "→ 适老公司" in manager.get("/orders").text, "by whom it is done, after who asked for it"
    assert post(town, manager, f"{path}/step", step="survey").status_code == 422
    picture = (io.BytesIO(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x00IEND\xaeB`\x82"), "前.png")
    kept = post(town, manager, f"{path}/step", step="survey", photos=picture)
    assert kept.status_code == 303
    with town.house.reading.connect() as connection:
        photo = Orders(connection).photos(path.rpartition("/")[2])[0]
    assert manager.get(f"{path}/photos/{photo.id}").content_type == "image/png"
    assert post(town, manager, f"{path}/done").status_code == 409
    assert post(town, manager, f"{path}/cancel", why="搬家").status_code == 303


def test_a_family_books_on_its_own_page_and_a_stranger_finds_nothing(town, me):
    families = FamilyOrders(town.house.reading, town.house.clock, town.house.links)
    code, client = families.code(me_contact(town, me)), town.app.test_client()
    path = f"/f/{code}/orders"
    assert client.get("/f/AAAAAAAAAAAAAAAAAAAAAA/orders").status_code == 404
    page = client.get(path)
    assert page.status_code == 200
    token = page.text.partition('name="token" value="')[2].partition('"')[0]
    typed = {"token": token, "resident": me["resident"], "service": "errand", "start": start(town, 4), "do": "order"}
    assert client.post(path, data={**typed, "token": "x"}).status_code == 400
    assert client.post(path, data={**typed, "resident": town.ids["S2"]["resident"]}).status_code == 422
    smells = client.post(path, data={**typed, "note": "妈妈胸痛"})
    assert smells.status_code == 422
    assert "妈妈胸痛" in smells.text
    assert client.post(path, data={**typed, "note": "买菜"}).status_code == 303
    assert orders_of(town, me)[0].by.startswith("contact:")
    sure = client.post(path, data={**typed, "start": start(town, 5), "note": "妈妈胸痛", "sure": "1"})
    assert sure.status_code == 303
    assert orders_of(town, me)[0].state.value == "waiting"
    called = client.post(path, data={**typed, "note": "妈妈胸痛", "do": "alarm"})
    assert called.location.endswith("said=alarm")


def me_contact(town, me):
    with town.house.reading.connect() as connection:
        return next(each.id for each in People(connection).contacts() if each.home_id == me["home"])


def _born(tx, resident):
    RegisterRows(tx.connection).change(RESIDENTS, resident, {"born_on": date(1940, 1, 1)})


def test_a_form_without_its_token_changes_nothing(town, manager, me):
    before = len(orders_of(town, me))
    answer = manager.post("/orders/new", data={"resident": "R1", "service": "repair", "start": start(town)})
    assert answer.status_code in {400, 403}
    assert len(orders_of(town, me)) == before


def test_the_booking_page_is_sent_from_a_residents_file_and_leads_back_to_it(town, manager, me):
    contact = me_contact(town, me)
    path = f"/orders/link/{contact}"
    back = post(town, manager, path, resident=me["resident"])
    assert (back.status_code, back.location) == (303, f"/residents/{me['resident']}")
    assert post(town, manager, path, resident="//evil.example").location == "/orders"
    with town.house.reading.connect() as connection:
        sent = list(connection.execute(select(messages.c.person).where(messages.c.sentence == "order_link")))
    assert [each.person for each in sent] == [f"contact:{contact}"], "once a day and contact"
