"""`/privacy`: requests, a download with a reason, erasing by two people; by page and by API."""

import io
import zipfile

import pytest

from tests.integration.after_rig import AfterRig


@pytest.fixture
def rig(tmp_path):
    rig = AfterRig(tmp_path)
    yield rig
    rig.sign_in.close()
    rig.close()


def asked(rig, who="anna", **more):
    form = {"resident": "R1", "kind": "erasure", "asked_by": "王女士", "reason": "搬家", **more}
    return rig.browser(who).post("/privacy/ask", page="/privacy", **form)


def test_erasing_takes_two_people_on_the_page(rig):
    rig._retire()
    assert asked(rig).status_code == 303
    id_ = rig.erasing.recent(10, rig_area())[0].id
    anna, boris = rig.browser(), rig.browser("boris")
    assert f"/privacy/{id_}/approve" not in anna.get("/privacy").text
    assert anna.post(f"/privacy/{id_}/approve", page="/privacy").status_code == 403
    assert f"/privacy/{id_}/approve" in boris.get("/privacy").text
    assert boris.post(f"/privacy/{id_}/approve", page="/privacy").status_code == 303
    assert rig.erasing.check() == 1
    assert "王秀英" not in boris.get("/privacy").text


def rig_area():
    from dispatch.rules.rights import DISTRICT

    return DISTRICT


def test_what_was_typed_stays_where_something_is_missing(rig):
    answer = asked(rig, resident="R9")
    assert answer.status_code == 422
    assert "王女士" in answer.text
    assert "搬家" in answer.text
    assert 'id="wrong-resident"' in answer.text


def test_the_download_is_a_zip_of_that_one_person_with_a_reason_in_the_record(rig):
    anna = rig.browser()
    assert anna.post("/privacy/export", page="/privacy", resident="R1", reason="").status_code == 422
    answer = anna.post("/privacy/export", page="/privacy", resident="R1", reason="家属要求")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="personal-data.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert zipfile.ZipFile(io.BytesIO(answer.data)).namelist() == ["data.json", "data.html"]
    line = rig.lines("data_given_out")[0]
    assert line.by == f"operator:{rig.people['anna'].id}"
    assert "家属要求" not in line.body


def test_the_api_does_the_same_for_people_and_never_for_machines(rig):
    anna = rig.browser()
    body = {"resident": rig.resident, "kind": "access", "asked_by": "王女士", "reason": "要一份"}
    id_ = anna.api("/privacy/requests", body).json["request"]
    assert anna.api(f"/privacy/requests/{id_}/answer", {"state": "done", "answer": "已寄出"}).status_code == 200
    assert anna.api(f"/privacy/residents/{rig.resident}/export", {"reason": "要一份"}).data[:2] == b"PK"
    assert anna.get("/api/v1/privacy/requests").json["items"][0]["state"] == "done"
    assert len(anna.get("/api/v1/privacy/retention").json["items"]) == len(rig.retention.rules)
    machine = rig.app.test_client()
    machine.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {rig.keys.new_key('program', 'privacy')}"
    assert machine.get("/api/v1/privacy/requests").status_code == 401
    assert machine.post(f"/api/v1/privacy/residents/{rig.resident}/export", json={"reason": "x"}).status_code == 401


@pytest.mark.parametrize("path", ["/privacy", "/surveys", "/privacy/export", "/api/v1/privacy/requests"])
def test_nobody_without_the_right_sees_it(rig, path):
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE operators SET roles='installer' WHERE login='anna'")
    anna = rig.browser_without("anna")
    assert (anna.post(path) if path.endswith("export") else anna.get(path)).status_code in {400, 403}


def test_a_consent_is_kept_with_its_version_and_withdrawn_once(rig):
    anna, at = rig.browser(), f"/privacy/residents/{rig.resident}/consents"
    given = {"purpose": "location", "version": "2026-1", "given_by": "王女士", "channel": "paper"}
    id_ = anna.api(at, given).json["consent"]
    assert anna.api(at, {**given, "version": " "}).status_code == 422
    assert anna.api(f"{at}/{id_}/withdraw", {}).status_code == 200
    assert anna.api(f"{at}/{id_}/withdraw", {}).status_code == 409
    items = anna.get(f"/api/v1{at}").json["items"]
    assert [(each["version"], each["withdrawn_at"] is not None) for each in items] == [("2026-1", True)]
    assert anna.api(f"/privacy/residents/nobody/consents/{id_}/withdraw", {}).status_code == 404
    assert "王女士" not in "".join(each.body for each in rig.lines("consent_given"))
