"""The registers by the API: whole, page by page, without what is nobody's business."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from dispatch.rules.masking import masked
from tests.builders import House, build_world

API = "/api/v1"
SHIFTS = [{"id": f"{number:03}", "carer": "C1"} for number in range(7)]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    world = build_world(tmp_path)
    built = House(
        world, strangers=lambda: SHIFTS, devices=list, gateways=lambda: [{"id": "hall", "phone": "+8613800000009"}]
    )
    yield built
    built.close()
    world.close()


@pytest.fixture
def operator(house):
    return house.operators()


def whole(client, address: str, limit: int) -> list:
    seen, cursor = [], None
    while True:
        answer = client.get(f"{address}?limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert answer.status_code == 200, answer.text
        seen += answer.json["items"]
        cursor = answer.json["next"]
        if cursor is None:
            return seen


@pytest.mark.parametrize(
    ("register", "many"),
    [("homes", 2), ("residents", 3), ("contacts", 2), ("carers", 3), ("stations", 1), ("strangers", 7), ("devices", 0),
     ("gateways", 1)],
)  # fmt: skip
@pytest.mark.parametrize("limit", [1, 2, 500])
def test_a_register_is_read_to_its_end(operator, register, many, limit):
    rows = whole(operator, f"{API}/{register}", limit)
    assert len({each["id"] for each in rows}) == len(rows) == many


@pytest.mark.parametrize("register", ["homes", "residents", "contacts"])
def test_a_page_of_a_register_reads_no_more_rows_than_it_shows(house, operator, register):
    asked: list[str] = []

    @event.listens_for(house.world.reading, "before_cursor_execute")
    def _noted(_connection, _cursor, statement, *_):
        asked.append(statement)

    assert len(operator.get(f"{API}/{register}?limit=1").json["items"]) == 1
    mine = [each for each in asked if re.search(rf"FROM {register}\b", each)]
    assert mine
    assert [each for each in mine if "LIMIT" not in each] == []


def test_nothing_of_key_boxes_and_illness_is_in_a_list(operator):
    for register in ("homes", "residents", "contacts", "carers"):
        text = operator.get(f"{API}/{register}").text
        assert "4711" not in text
        assert "illness" not in text


def test_nobody_sees_whole_numbers_in_a_list(house, operator):
    machine = house.machine("read")
    for register in ("residents", "contacts", "carers", "gateways"):
        assert "+8613800000" not in operator.get(f"{API}/{register}").text
        assert "+8613800000" not in machine.get(f"{API}/{register}").text
    assert "+86*********01" in machine.get(f"{API}/carers").text
    assert "+86*********01" in operator.get(f"{API}/carers").text


@pytest.mark.parametrize(("phone", "shown"), [("+8613800000001", "+86*********01"), ("120", "***"), ("", "")])
def test_numbers_are_masked(phone, shown):
    assert masked(phone) == shown


def test_messages_are_told_without_the_key_box(house, operator):
    alarm = house.world.press()
    house.world.desk.accept(alarm, house.world.carer("C1"), by=f"operator:{house.operator.id}")
    for job in house.courier.claim(10, emergency=True):
        house.courier.carry(job)
    told = {each["sentence"]: each for each in whole(operator, f"{API}/messages", 1)}
    assert set(told) == {"details", "coming"}
    assert (told["details"]["to"], told["details"]["text"]) == ("+86*********01", None)
    assert "4711" not in operator.get(f"{API}/messages").text


def test_messages_are_read_to_their_end(house, operator):
    for home, resident in [("H1", None), ("H2", "R2"), ("H2", "R3")]:
        house.world.press(home, resident)
    house.world.wake()
    rows = whole(operator, f"{API}/messages", 2)
    assert len({each["id"] for each in rows}) == len(rows) == len(house.review.messages(500))
    assert len(rows) > 2
    assert operator.get(f"{API}/messages?cursor=nothing").status_code == 422


def test_the_record_goes_by_number(house, operator):
    house.world.press()
    first = operator.get(f"{API}/record?limit=1").json
    assert [each["number"] for each in first["items"]] == [1]
    rest = operator.get(f"{API}/record?after={first['next']}").json
    assert [each["number"] for each in rest["items"]] == list(range(2, house.review.head() + 1))
    assert rest["next"] is None
    assert operator.get(f"{API}/record?after={house.review.head()}").json == {"items": [], "next": None}


@pytest.mark.parametrize("register", ["homes", "messages", "record", "strangers"])
def test_registers_are_for_operators_and_readers(house, register):
    assert house.stranger().get(f"{API}/{register}").status_code == 401
    assert house.machine("signals").get(f"{API}/{register}").status_code == 403
    assert house.machine("read").get(f"{API}/{register}").status_code == 200
    assert house.operators().get(f"{API}/{register}?limit=501").status_code == 422
    assert house.operators().post(f"{API}/{register}").status_code == 405
