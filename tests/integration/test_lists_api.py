"""Lists over the API of the whole application: a program with a key, from the file to the undo."""

import io
import tomllib

import openpyxl
import pytest

from config.description import application
from config.district import read_district
from config.loading import load_into
from dispatch.accounts.keys import Keys
from dispatch.store.record import Record
from tests.builders import DISTRICT
from tests.integration.test_lists import HEAD, xlsx

API = "/api/v1"
GOOD = xlsx(HEAD, ["刘大妈", None, 13800138000, "A 1"])


@pytest.fixture
def house(tmp_path):
    app, house = application(tmp_path)
    load_into(house.transactions, read_district(tomllib.loads(DISTRICT)))
    house.app = app
    yield house
    house.stop()


@pytest.fixture
def machine(house):
    client = house.app.test_client()
    key = Keys(house.transactions, house.reading, house.clock).new_key("program", "import read")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return client


def body_of(content: bytes) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\n'
    return head + content + b"\r\n--b--\r\n"


def upload(client, content, **more):
    kind = "multipart/form-data; boundary=b"
    return client.post(f"{API}/imports/files", data=body_of(content), content_type=kind, **more)


def test_from_the_file_to_the_undo(house, machine):
    made = upload(machine, GOOD)
    assert made.status_code == 201
    address = f"{API}/imports/files/{made.json['token']}"
    seen = machine.post(f"{address}/preview", json={"kind": "residents"}).json
    assert (seen["ready"], seen["rows"], seen["new"]) == (True, 1, 2)
    done = machine.post(f"{address}/commit", json={"kind": "residents", "seal": seen["seal"]})
    assert done.status_code == 201
    assert machine.post(f"{address}/preview", json={"kind": "residents"}).status_code == 404
    assert "刘大妈" in machine.get(f"{API}/residents").text
    assert [each["id"] for each in machine.get(f"{API}/imports").json["items"]] == [done.json["id"]]
    assert machine.post(f"{API}/imports/{done.json['id']}/undo").json == {"stayed": 0}
    assert "刘大妈" not in machine.get(f"{API}/residents").text


def test_a_seal_of_another_time_is_a_conflict(machine):
    address = f"{API}/imports/files/{upload(machine, GOOD).json['token']}"
    assert machine.post(f"{address}/commit", json={"kind": "residents", "seal": "x"}).status_code == 409


def test_the_same_upload_again_is_the_same_and_another_under_its_key_is_refused(machine):
    key = {"Idempotency-Key": "one"}
    first, again, other = (upload(machine, text, headers=key) for text in (b"a,b\n1,2", b"a,b\n1,2", b"a,b\n1,3"))
    assert (first.status_code, again.json, other.status_code) == (201, first.json, 422)


def test_large_files_come_in_and_larger_ones_do_not(machine):
    large = "姓名,家庭住址\n".encode() + b"x,y\n" * 500_000
    assert upload(machine, large).status_code == 422, "too many rows, but it was read"
    assert upload(machine, b"a" * (22 * 1024 * 1024)).status_code == 413
    spaces = b"{" + b" " * 2_000_000
    assert machine.post(f"{API}/shifts", data=spaces, content_type="application/json").status_code in {403, 413}


def test_what_leaves_is_recorded_and_masked_without_a_reason(house, machine):
    masked, whole = (
        machine.get(f"{API}/exports/carers", query_string=said) for said in ({}, {"reason": "演练", "format": "xlsx"})
    )
    sheets = [openpyxl.load_workbook(io.BytesIO(each.data)).active for each in (masked, whole)]
    phones = [[row[2].value for row in sheet.iter_rows(min_row=2)] for sheet in sheets]
    assert all("*" in each for each in phones[0])
    assert "13800000001" in phones[1]
    with house.reading.connect() as connection:
        lines = [each for each in Record(connection).after(0, 1000) if each.kind == "list_exported"]
        notes = Record(connection).notes_of([each.note_hash for each in lines if each.note_hash])
    assert [('"full":"yes"' in each.body) for each in lines] == [False, True]
    assert list(notes.values()) == ["演练"]


def test_a_key_for_something_else_imports_nothing(house):
    client = house.app.test_client()
    key = Keys(house.transactions, house.reading, house.clock).new_key("other", "read")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    assert upload(client, GOOD).status_code == 403
    assert client.get(f"{API}/exports/residents").status_code == 403
    assert house.app.test_client().get(f"{API}/exports/residents").status_code == 401
