"""The registers for programs: versions, keys for repeated requests, the search, and what is refused with its field."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.register_keys import NAME, id_numbers
from config.settings import Settings
from config.wiring import build
from dispatch.clock import SystemClock
from dispatch.errors import Conflict, Misconfigured
from dispatch.ids import new_id
from dispatch.rules.people import SERVICE
from dispatch.rules.rights import DISTRICT, Area, Role
from dispatch.rules.signal import Cause
from dispatch.store.alarms import Alarms
from dispatch.store.finds import Finds, finds
from dispatch.store.people import residents
from dispatch.store.register_rows import HOMES, RESIDENTS, RegisterRows
from tests.integration.registry_rig import OPERATOR, RegistryRig

API = "/api/v1"
NUMBER = "130100194507045025"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[RegistryRig]:
    rig = RegistryRig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def client(rig):
    return rig.person("wang", Role.OPERATOR, Role.MANAGER)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One small service for everything that only asks."""
    rig = RegistryRig(tmp_path_factory.mktemp("shared"))
    yield rig, rig.person("wang", Role.OPERATOR, Role.MANAGER)
    rig.close()


def found(client, typed):
    answer = client.get(f"{API}/find", query_string={"q": typed})
    assert answer.status_code == 200, answer.text
    return [(each["kind"], each["code"]) for each in answer.json["items"]]


def test_a_change_says_which_version_it_changes(client):
    address = f"{API}/residents/R1"
    seen = client.get(address)
    assert seen.headers["ETag"] == '"1"'
    assert client.patch(address, json={"name": "王秀瑛"}).status_code == 428
    first = client.patch(address, json={"name": "王秀瑛"}, headers={"If-Match": '"1"'})
    assert (first.status_code, first.headers["ETag"], first.json["name"]) == (200, '"2"', "王秀瑛")
    stale = client.patch(address, json={"name": "王绣英", "level": "moderate"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert stale.json["type"].endswith(":stale")
    assert stale.json["errors"] == {"name": "王秀瑛"}
    assert client.patch(address, json={"name": "王绣英"}, headers={"If-Match": "*"}).json["name"] == "王绣英"
    same = client.patch(address, json={"name": "王绣英"}, headers={"If-Match": '"3"'})
    assert same.headers["ETag"] == '"3"', "nothing was changed"
    for odd in ('"K", ""', '"' + "9" * 5000 + '"', 'W/"3"'):
        assert client.patch(address, json={"name": "王绣英"}, headers={"If-Match": odd}).status_code == 412, odd[:20]


def test_a_row_is_added_once_for_each_key(rig, client):
    said = {"name": "赵新", "home": "H1", "phone": "0311-85001234", "talk": ["dementia"]}
    answers = [client.post(f"{API}/residents", json=said, headers={"Idempotency-Key": "one"}) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(rig.lines("resident_added")) == 1
    assert answers[0].json["phone"] == "031*****1234"


@pytest.mark.parametrize(
    ("register", "said", "field"),
    [
        ("residents", {"name": "x", "home": "H77"}, "home"),
        ("residents", {"name": "x", "home": "H1", "phone": "12"}, "phone"),
        ("residents", {"name": "x", "home": "H1", "id_number": "130100194507045024"}, "id_number"),
        ("residents", {"name": "x", "home": "H1", "id_number": "130100209907045020"}, "id_number"),
        ("residents", {"name": "x", "home": "H1", "id_number": NUMBER, "born_on": "1945-07-05"}, "born_on"),
        ("residents", {"name": "x", "home": "H1", "code": "R1"}, "code"),
        ("residents", {"name": "x", "home": "H1", "talk": ["loudly"]}, "talk"),
        ("residents", {"home": "H1"}, "name"),
        ("residents", {"name": "a\u0000b", "home": "H1"}, "name"),
        ("contacts", {"name": "x", "home": "H1", "order": 1}, "order"),
        ("homes", {"address": "x", "lat": 38.0}, "lng"),
        ("homes", {"address": "x", "lat": 0, "lng": 0}, "lat"),
        ("homes", {"address": "x", "lat": 91, "lng": 0}, "lat"),
        ("homes", {"address": "x", "station": "S77"}, "station"),
        ("carers", {"name": "x", "station": "S1", "means": "horse"}, "means"),
        ("stations", {"name": "x", "lends": ["S77"]}, "lends"),
        ("stations", {"name": "x", "colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named(shared, register, said, field):
    rig, client = shared
    before = len(rig.lines())
    answer = client.post(f"{API}/{register}", json=said)
    assert answer.status_code == 422, answer.text
    assert answer.content_type == "application/problem+json"
    assert field in answer.json["errors"]["json"]
    assert len(rig.lines()) == before


def test_positions_of_chinese_maps_become_those_of_satellites(rig, client):
    said = {"address": "地图上的家", "lat": 38.043419, "lng": 114.520874, "datum": "gcj02", "station": "S1"}
    home = client.post(f"{API}/homes", json=said).json
    assert (home["lat"], home["lng"]) == pytest.approx((38.0428, 114.5149), abs=3e-5)


def test_every_register_is_added_to_changed_and_read(client):
    for register, said, change in (
        ("homes", {"address": "新华路18-602", "station": "S1", "entry": "物业"}, {"address": "新华路18-603"}),
        ("contacts", {"name": "邻居", "home": "H2", "phone": "13800000444"}, {"relation": "邻居", "key_holder": True}),
        (
            "carers",
            {"name": "赵敏", "station": "S1", "skills": ["nurse"], "lat": 38.1, "lng": 114},
            {"suspended": True},
        ),
        ("stations", {"name": "新华驿站", "lends": ["S1"]}, {"lends": []}),
    ):
        made = client.post(f"{API}/{register}", json=said)
        assert made.status_code == 201, made.text
        address = f"{API}/{register}/{made.json['id']}"
        changed = client.patch(address, json=change, headers={"If-Match": made.headers["ETag"]})
        assert changed.status_code == 200, changed.text
        told = client.get(address).json
        assert {name: told[name] for name in change} == change
    assert client.get(f"{API}/homes/{client.get(f'{API}/homes/H1').json['id']}").json["entry"] is None


def test_a_carer_who_gets_a_new_number_is_asked_again(rig, client):
    rig.world.transactions.run(lambda tx: tx.connection.exec_driver_sql("UPDATE carers SET opted_out = 1"))
    version = client.get(f"{API}/carers/C1").headers["ETag"]
    changed = client.patch(f"{API}/carers/C1", json={"phone": "13800000888"}, headers={"If-Match": version})
    assert changed.json["opted_out"] is False
    ended = client.post(f"{API}/carers/C2/end", json={})
    assert (ended.json["suspended"], ended.json["ended_at"] is not None) == (True, True)


def test_an_id_number_lies_sealed_and_is_found_again(rig, client):
    made = client.post(f"{API}/residents", json={"name": "封印", "home": "H1", "id_number": NUMBER.lower()})
    assert (made.json["id_number"], made.json["born_on"]) == ("130***********5025", "1945-07-04")
    with rig.world.reading.connect() as connection:
        row = connection.execute(residents.select().where(residents.c.id == made.json["id"])).one()
    for path in rig.world.path.glob("anling.db*"):
        assert NUMBER.encode() not in path.read_bytes()
    assert rig.sealing.open(row.id_sealed) == NUMBER
    twice = client.post(f"{API}/residents", json={"name": "又一个", "home": "H1", "id_number": NUMBER})
    assert "id_number" in twice.json["errors"]["json"]
    full = client.post(f"{API}/residents/{row.id}/unmask", json={"reason": "110 核实"})
    assert full.json["numbers"]["id_number"] == NUMBER
    assert NUMBER not in "".join(line.body + (note or "") for line, note in rig.lines())


def test_without_its_key_a_number_is_a_clear_refusal_and_everything_else_goes_on(rig, client, tmp_path):
    made = client.post(f"{API}/residents", json={"name": "封印", "home": "H1", "id_number": NUMBER}).json
    other = id_numbers(tmp_path / "another")
    with rig.world.reading.connect() as connection:
        sealed = RegisterRows(connection).one(RESIDENTS, made["id"], DISTRICT)["id_sealed"]
    with pytest.raises(Conflict, match="key"):
        other.open(sealed)
    path = tmp_path / "another" / NAME
    assert path.stat().st_mode & 0o077 == 0
    assert id_numbers(tmp_path / "another").hash(NUMBER) == other.hash(NUMBER)
    path.write_text("nonsense")
    with pytest.raises(Misconfigured, match="backup"):
        id_numbers(tmp_path / "another")


@pytest.mark.error_lines("id_numbers_locked")
@pytest.mark.parametrize("broken", [b"nonsense", b"\xff\xfe", None])
def test_a_broken_file_of_keys_stops_no_service_and_no_press(tmp_path, broken):
    key = tmp_path / NAME
    key.mkdir() if broken is None else key.write_bytes(broken)
    house = build(Settings(database_url=f"sqlite:///{tmp_path / 'anling.db'}", home=tmp_path), SystemClock(), new_id)
    try:
        alarm_id = house.desk.raise_by_hand(Cause.PRESS, by=SERVICE)
        house.desk.wake(alarm_id)
        with house.reading.connect() as connection:
            assert Alarms(connection).get(alarm_id).open
        with pytest.raises(Conflict, match="backup"):
            house.registers.disclosures.sealing.seal(NUMBER)
        with pytest.raises(Conflict, match="backup"):
            house.registers.disclosures.sealing.hash(NUMBER)
    finally:
        house.stop()


# ------------------------------------------------------------------------------------------------ the search


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("wxy", ("resident", "R1")), ("王秀", ("resident", "R1")), ("wangxiuy", ("resident", "R1")),
        ("0101", ("resident", "R1")), ("138 0000 0101", ("resident", "R1")), ("R1", ("resident", "R1")),
        ("stf", ("resident", "R9")), ("shantf", ("resident", "R9")), ("0311-85000009", ("resident", "R9")),
        ("0201", ("contact", "H1/0")), ("lhl", ("carer", "C1")), ("0003", ("carer", "C3")), ("smi", ("carer", "C3")),
        ("柏林小区 3-2", ("home", "H1")), ("红星里9栋1单元101", ("home", "H9")), ("hxyz", ("station", "S2")),
        ("D2", ("device", "D2")), ("d2", ("device", "D2")), ("EV1527:0a1b2d:01", ("device", "D2")),
        ("王 3-2-501", ("resident", "R1")), ("wang 柏林", ("resident", "R1")),
    ],
)  # fmt: skip
def test_what_people_type_finds_it_first(shared, typed, first):
    assert found(shared[1], typed)[0] == first


def test_an_alarm_is_found_by_its_number(rig, client):
    rig.world.press("H1")
    assert found(client, "1121-001") == [("alarm", "1121-001")]


@pytest.mark.parametrize("typed", ["%", "_", "'; DROP TABLE finds; --", "\\", "💊", "=1+1", "a" * 80, "﷽", "()"])
def test_nothing_typed_breaks_the_search(shared, typed):
    assert isinstance(found(shared[1], typed), list)


def test_the_search_goes_with_every_change(client):
    version = client.get(f"{API}/residents/R1").headers["ETag"]
    client.patch(f"{API}/residents/R1", json={"name": "曾国英", "phone": "13911112222"}, headers={"If-Match": version})
    assert found(client, "wxy") == []
    assert found(client, "0101") == []
    assert found(client, "zenggy") == [("resident", "R1")]
    assert found(client, "2222") == [("resident", "R1")]
    home = client.get(f"{API}/homes/H9")
    client.patch(f"{API}/homes/H9", json={"station": "S1"}, headers={"If-Match": home.headers["ETag"]})


def test_a_home_that_changes_its_station_takes_its_people_with_it(rig, client):
    home = client.get(f"{API}/homes/H9")
    client.patch(f"{API}/homes/H9", json={"station": "S1"}, headers={"If-Match": home.headers["ETag"]})
    first = Area(frozenset({rig.world.id_of_station("S1")}))
    assert [each.code for each in rig.finding.find("stf", first)] == ["R9"]


def test_whoever_is_gone_is_found_last_and_marked(rig, client):
    client.post(f"{API}/residents", json={"name": "王新英", "home": "H2"})
    client.post(f"{API}/residents/R1/leave", json={"why": "left"})
    answer = client.get(f"{API}/find?q=wxy").json["items"]
    assert [(each["name"], each["over"]) for each in answer] == [("王新英", False), ("王秀英", True)]


def test_what_was_there_before_the_search_is_learnt(rig, client):
    rig.world.transactions.run(lambda tx: tx.connection.execute(finds.delete()))
    assert found(client, "wxy") == []
    rig.finding.learn()
    rig.finding.learn()
    assert found(client, "wxy") == [("resident", "R1")]
    assert found(client, "柏林")[0] == ("home", "H1")
    rig.world.transactions.run(lambda tx: tx.connection.execute(finds.delete()))
    rig.finding.learn()
    assert found(client, "wxy") == [], "all were learnt once: nobody looks all the time"
    rig.finding.look_again()
    rig.finding.learn()
    assert found(client, "wxy") == [("resident", "R1")]


def test_loading_the_same_file_again_changes_no_version_and_no_term(rig):
    from tests.builders import DISTRICT as FILE

    def state():
        with rig.world.reading.connect() as connection:
            return Finds(connection).size(), RegisterRows(connection).one(HOMES, "H1", DISTRICT)["version"]

    before = state()
    rig.world.load(FILE)
    assert state() == before


# ------------------------------------------------------------------------------------------------ machines


def test_a_machine_reads_with_one_scope_writes_with_another_and_never_unmasks(rig):
    reader, writer = rig.machine("read"), rig.machine("registers")
    told = reader.get(f"{API}/residents/R1").json
    assert (told["illness"], told["plan"], told["phone"]) == (None, None, "138******01")
    assert "0000010" not in str(told)
    assert reader.patch(f"{API}/residents/R1", json={}, headers={"If-Match": "*"}).status_code == 403
    made = writer.post(f"{API}/homes", json={"address": "机器录入的家"})
    assert made.status_code == 201
    assert writer.post(f"{API}/residents/R1/unmask", json={"reason": "backup"}).status_code in {401, 403}
    assert {line.by.partition(":")[0] for line, _ in rig.lines("home_added")} == {"key"}
    assert rig.app.test_client().get(f"{API}/find?q=wxy").status_code == 401


def test_absences_and_tasks_by_programs(rig, client):
    said = {"kind": "away", "until_at": "2026-11-22T08:00:00+08:00"}
    made = client.post(f"{API}/residents/R1/absences", json=said)
    assert made.status_code == 201
    assert [each["state"] for each in client.get(f"{API}/absences").json["items"]] == ["away"]
    longer = {"until_at": "2026-11-23T08:00:00+08:00"}
    assert client.post(f"{API}/absences/{made.json['id']}/prolong", json=longer).status_code == 200
    assert client.post(f"{API}/absences/{made.json['id']}/end", json={}).status_code == 200
    assert client.post(f"{API}/absences/{made.json['id']}/end", json={}).status_code == 409
    for slip in ({"why": "died", "died_on": "2027-11-20"}, {"why": "left", "died_on": "2026-11-20"}):
        assert client.post(f"{API}/residents/R1/leave", json=slip).status_code == 422, slip
    assert client.post(f"{API}/residents/R1/leave", json={"why": "died", "died_on": "2026-11-20"}).status_code == 200
    tasks = client.get(f"{API}/follow-ups").json["items"]
    assert sorted(each["kind"] for each in tasks) == ["collect_device", "quiet_contact"]
    for each in tasks:
        assert client.post(f"{API}/follow-ups/{each['id']}/done", json={"note": "好了"}).status_code == 200
    assert client.post(f"{API}/homes/H1/checks", json={"found": "good"}).status_code == 200
    to = {"new_home": {"address": "新家", "station": "S1"}}
    ahead = client.post(f"{API}/residents/R2/move", json=to | {"since": "2026-11-22"})
    assert (ahead.status_code, list(ahead.json["errors"]["json"])) == (422, ["since"])
    moved = client.post(f"{API}/residents/R2/move", json=to | {"since": "2026-11-03"})
    assert moved.status_code == 200, moved.text
    assert any('"since":"2026-11-03"' in line.body for line, _ in rig.lines())
    assert moved.json["home"] != "H2"
    assert OPERATOR not in {line.by for line, _ in rig.lines()}
