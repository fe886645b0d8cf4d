"""Answers that hold a secret: made once for a repeated request, kept nowhere."""

import re

import pytest

from dispatch.store.idempotency import idempotency
from tests.integration.test_second_step import House


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.close()


def test_a_repeated_key_makes_no_second_secret_and_keeps_none(house):
    browser = house.browser()
    browser.enrol()
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.client.get("/account").text)[1]
    headers = {"X-CSRFToken": token, "Idempotency-Key": "once"}
    person = {"login": "zhangli", "name": "张丽", "roles": ["operator"]}
    for path, said, shown in (("keys", {"name": "m", "scope": "read"}, "key"), ("users", person, "code")):
        first, second = (browser.client.post(f"/api/v1/{path}", json=said, headers=headers) for _ in range(2))
        assert (first.status_code, second.status_code) == (201, 409), path
        assert first.json[shown] not in second.text
        with house.reading.connect() as connection:
            kept = connection.execute(idempotency.select().where(idempotency.c.route == f"POST /api/v1/{path}")).all()
        assert [(each.status, each.body) for each in kept] == [(201, None)]
    listed = browser.client.get("/api/v1/keys?limit=1").json
    assert [each["name"] for each in listed["items"]] == ["m"]
    assert listed["next"] is None
    first = browser.client.get("/api/v1/users?limit=1").json
    rest = browser.client.get(f"/api/v1/users?cursor={first['next']}").json
    assert first["items"][0]["login"] < rest["items"][-1]["login"] == "zhangli"
    assert rest["next"] is None
