"""The pages of findings and checks and the programs' side, over the whole application."""

from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.accounts.keys import Keys
from dispatch.rules.rights import DISTRICT, Role
from schedules.money.anomalies.rules.judging import State
from schedules.money.anomalies.store.findings import Findings
from tests.integration.rights_goods import furnish
from tests.integration.rights_rig import OURS, THEIRS, Town

REVIEWER, MANAGER, OPERATOR = frozenset({Role.REVIEWER}), frozenset({Role.MANAGER}), frozenset({Role.OPERATOR})


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    town = Town(Path(tmp_path_factory.mktemp("anomalies")))
    furnish(town)
    town.decided = another(town)
    yield town
    town.close()


def another(town) -> str:
    """A second finding of our station, for the test that decides it; the other stays in the queue."""
    with town.house.reading.connect() as connection:
        case = Findings(connection).get(town.ids[OURS]["money_finding"], DISTRICT)
    other = replace(case, id=f"second-{case.id}", found=replace(case.found, key=f"second-{case.found.key}"))
    town.house.transactions.run(lambda tx: Findings(tx.connection).keep(other))
    return other.id


def post(town, client, path, **form):
    return client.post(path, data={"csrf_token": town.csrf, **form})


def test_the_queue_shows_what_was_found_and_an_operator_does_not_see_it(town):
    page = town.browser(REVIEWER).get("/findings/money").text
    assert "Meal after death" in page
    assert f"/findings/money/{town.ids[OURS]['money_finding']}" in page
    assert town.browser(OPERATOR).get("/findings/money").status_code == 403
    confirmed = town.browser(REVIEWER).get("/findings/money?state=confirmed").text
    assert "Nothing was found that waits here." in confirmed
    assert town.browser(REVIEWER).get("/findings/money?state=nonsense&code=%27&canteen=%00").status_code == 200


def test_nothing_typed_is_lost_and_a_decision_is_kept(town):
    reviewer, id_ = town.browser(REVIEWER), town.decided
    said = {"state": "recovered", "note": "家属已退回", "recovered": "7.9.0"}
    back = post(town, reviewer, f"/findings/money/{id_}", **said)
    assert back.status_code == 422
    assert "家属已退回" in back.text
    assert 'value="7.9.0"' in back.text
    assert "Write yuan with two decimals at most." in back.text
    for wrong in ({"state": ""}, {"state": "open"}, {"note": ""}, {"recovered": ""}, {"recovered": "-3"}):
        assert post(town, reviewer, f"/findings/money/{id_}", **said | {"recovered": "79"} | wrong).status_code == 422
    assert post(town, reviewer, f"/findings/money/{id_}", **said | {"recovered": "¥79.5"}).status_code == 303
    case = town.house.homecare.anomalies.desk.get(id_, DISTRICT)
    assert (case.state, case.recovered_fen) == (State.RECOVERED, 7950)
    assert post(town, reviewer, f"/findings/money/{id_}", **said | {"recovered": "1"}).status_code == 409
    assert "¥79.50" in reviewer.get("/findings/money?state=recovered").text


def test_whoever_keeps_the_accounts_sees_and_does_not_decide(town):
    manager, id_ = town.browser(MANAGER), town.ids[OURS]["money_finding"]
    page = manager.get(f"/findings/money/{id_}")
    assert page.status_code == 200
    assert "<textarea" not in page.text
    assert post(town, manager, f"/findings/money/{id_}", state="explained", note="x").status_code == 403


def test_a_check_on_site_is_entered(town):
    reviewer, id_ = town.browser(REVIEWER), town.ids[OURS]["money_check"]
    month = town.ids[OURS]["home"][-7:]
    back = post(town, reviewer, f"/findings/money/checks/{id_}", result="wrong", note="")
    assert back.status_code == 422
    assert "selected" in back.text.split(f"c-{id_}")[1]
    assert post(town, reviewer, f"/findings/money/checks/{id_}", result="").status_code == 422
    assert post(town, reviewer, f"/findings/money/checks/{id_}", result="wrong", note="没有来").status_code == 303
    assert "100.00%" in reviewer.get(f"/findings/money/checks?month={month}").text
    assert post(town, reviewer, f"/findings/money/checks/{id_}", result="right").status_code == 409
    assert reviewer.get("/findings/money/checks?month=2001-01").status_code == 404


def test_programs_read_and_decide_with_the_right_scope(town):
    house, id_ = town.house, town.ids[THEIRS]["money_finding"]
    client, keys = town.app.test_client(), Keys(house.transactions, house.reading, house.clock)

    def headers(scope):
        return {"Authorization": f"Bearer {keys.new_key('bureau', scope)}"}

    reads, decides = headers("read"), headers("money")
    listed = client.get("/api/v1/money-findings", headers=reads)
    assert id_ in [each["id"] for each in listed.json["items"]]
    body = {"state": "explained", "note": "家属代取"}
    address = f"/api/v1/money-findings/{id_}/outcome"
    assert client.post(address, json=body, headers=reads).status_code == 403
    assert client.post(address, json=body | {"recovered_fen": 5}, headers=decides).status_code == 422
    done = client.post(address, json=body, headers=decides)
    assert (done.status_code, done.json["state"]) == (200, "explained")
    assert client.post(address, json=body, headers=decides).status_code == 409
    month = town.ids[THEIRS]["home"][-7:]
    assert client.get(f"/api/v1/money-findings/checks?month={month}", headers=reads).status_code == 422
