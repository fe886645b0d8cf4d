"""Service points by page and by API: kept, found near a home, counted by community, closed for good."""

import pytest

from dispatch.accounts.keys import Keys
from dispatch.rules.rights import Role
from dispatch.store.record import Record
from tests.integration.rights_rig import OURS, Town

API = "/api/v1/places"
CANTEEN = {"code": "P1", "kind": "canteen", "name": "柏林食堂", "lat": 38.071, "lng": 114.491, "hours": "24/7"}
LIST = """code,kind,name,lat,lng,hours,phone,address,offers
P2,clinic,卫生站,38.072,114.49,,+8613800000099,东门,量血压
P3,canteen,北京食堂,39.905,116.401,Mo-Su 00:00-24:00; PH off,,,午饭
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    town = Town(tmp_path_factory.mktemp("town"))
    key = Keys(town.house.transactions, town.house.reading, town.house.clock).new_key("program", "registers read")
    town.machine = town.app.test_client()
    town.machine.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    town.manager = town.browser(frozenset({Role.MANAGER}))
    assert town.machine.post(API, json=CANTEEN).status_code == 200
    assert post(town, list=LIST).status_code == 303
    yield town
    town.close()


def post(town, address="/places", client=None, **form):
    form["csrf_token"] = town.csrf
    return (client or town.manager).post(address, data=form, headers={"Sec-Fetch-Site": "same-origin"})


def codes(answer):
    return [each["code"] for each in answer.json["items"]]


def test_all_of_them_and_those_of_a_kind(town):
    assert codes(town.machine.get(API)) == ["P1", "P2", "P3"]
    assert codes(town.machine.get(f"{API}?kind=clinic")) == ["P2"]
    assert town.machine.get(f"{API}?kind=pub").status_code == 422


def test_what_is_open_within_a_walk_of_a_home(town):
    assert codes(town.machine.get(f"{API}?home=H1&open=true")) == ["P1"]
    near = town.machine.get(f"{API}?home=H1").json["items"]
    assert [(each["code"], each["open"]) for each in near] == [("P1", True), ("P2", False)]
    assert 0 < near[0]["walk_s"] < near[1]["walk_s"] <= 900
    assert codes(town.machine.get(f"{API}?home=H1&minutes=1")) == []
    assert town.machine.get(f"{API}?home=H99").status_code == 422


def test_homes_with_a_canteen_near_by_community(town):
    rows = town.machine.get(f"{API}/coverage").json["items"]
    assert {each["community"]: (each["homes"], each["near"]) for each in rows} == {"驿站甲": (1, 1), "驿站乙": (1, 1)}
    rows = town.machine.get(f"{API}/coverage?kind=clinic").json["items"]
    assert [(each["community"], each["near"]) for each in rows] == [("驿站乙", 0), ("驿站甲", 1)]


def test_the_page_says_the_same_and_only_of_ones_own_homes(town):
    page = town.manager.get("/places").text
    assert "柏林食堂" in page
    assert "量血压" in page
    ours = town.browser(frozenset({Role.OPERATOR}), OURS)
    assert "驿站乙" not in ours.get("/places").text
    assert "There is no home with this code." in ours.get("/places?home=H2").text
    assert "柏林食堂" in ours.get("/places?home=H1").text
    assert "卫生站" not in ours.get("/places?home=H1").text


def test_a_row_again_changes_nothing_and_another_is_a_change_in_the_record(town):
    def kept():
        with town.house.reading.connect() as connection:
            return sum(each.kind == "place_kept" for each in Record(connection).after(0, 10_000))

    before = kept()
    town.machine.post(API, json=CANTEEN)
    assert kept() == before
    town.machine.post(API, json={**CANTEEN, "offers": "早饭"})
    assert kept() == before + 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"lat": "95"},
        {"lat": "nan"},
        {"lat": "x"},
        {"kind": "pub"},
        {"hours": "always"},
        {"name": " "},
        {"code": "c" * 41},
    ],
)
def test_what_is_not_in_order_is_refused_and_nothing_typed_is_lost(town, wrong):
    answer = post(town, **{**CANTEEN, "code": "P9", "name": "一个新食堂", **wrong})
    assert answer.status_code == 422
    (typed,) = wrong.values()
    assert typed in answer.text
    assert "P9" not in codes(town.machine.get(API))


def test_of_a_list_with_one_wrong_row_nothing_is_kept(town):
    answer = post(town, list=LIST.replace("P2", "P7").replace("P3,canteen", "P8,pub"))
    assert answer.status_code == 422
    assert "row 2" in answer.text
    assert "P7" not in codes(town.machine.get(API))
    assert "no column" in post(town, list="a,b\n1,2").text


def test_one_that_is_closed_for_good_is_gone_and_comes_back_by_its_code(town):
    """It is closed in the end, so that the other tests find the three of the town and no more."""
    post(town, code="P5", kind="repair", name="修理铺", lat="38.07", lng="114.49")
    assert "P5" in codes(town.machine.get(API))
    assert post(town, "/places/end", code="P5").status_code == 303
    assert "P5" not in codes(town.machine.get(API))
    assert post(town, "/places/end", code="P5").status_code == 404
    post(town, code="P5", kind="repair", name="修理铺", lat="38.07", lng="114.49")
    assert "P5" in codes(town.machine.get(API))
    assert post(town, "/places/end", code="P5").status_code == 303
    assert "P5" not in codes(town.machine.get(API))


def test_an_operator_looks_and_does_not_change(town):
    operator = town.browser(frozenset({Role.OPERATOR}))
    assert post(town, client=operator, **CANTEEN).status_code == 403


def test_the_map_draws_them(town):
    assert {each["name"] for each in town.manager.get("/places.json?kind=canteen").json["stations"]} == {
        "柏林食堂",
        "北京食堂",
    }
