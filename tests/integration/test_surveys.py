"""The month's interviews: drawn once, taken by one, never by who served, filled in on a page and by the API."""

import json

import pytest

from dispatch.errors import Conflict, NotAllowed, NotFound
from dispatch.ids import OperatorId, StationId
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT, Area
from dispatch.rules.satisfaction import draw
from dispatch.store.satisfaction import Surveys
from tests.integration.after_rig import FORM, AfterRig
from tests.integration.satisfaction_rig import HOUR

GOOD = {each.key: "5" for each in FORM.questions}


@pytest.fixture
def rig(tmp_path):
    rig = AfterRig(tmp_path)
    rig.surveying.check()
    yield rig
    rig.sign_in.close()
    rig.close()


def of(rig, code):
    resident = rig.world.resident(code)
    return next(row["survey"] for row in rig.surveying.list(DISTRICT) if row["survey"].resident_id == resident)


def served(rig, home="H1", carer="C1"):
    alarm_id = rig.world.press(home)
    rig.settle()
    person = rig.world.carer(carer)
    rig.world.desk.offer(alarm_id, person, by=operator("wang"))
    rig.world.desk.accept(alarm_id, person, by=person)
    rig.close_alarm(alarm_id)


def test_a_month_is_drawn_once_and_the_draw_can_be_repeated(rig):
    rig.surveying.check()
    rows = rig.surveying.list(DISTRICT)
    everybody = [rig.world.resident(code) for code in ("R1", "R2", "R3")]
    assert sorted(row["survey"].resident_id for row in rows) == draw(everybody, "2026-11:seed", 3)
    with rig.world.reading.connect() as connection:
        assert Surveys(connection).seed_of("2026-11") == ("seed", 3)
    assert [json.loads(each.body)["drawn"] for each in rig.lines("survey_drawn")] == [3]
    rig.world.clock.advance(31 * 24 * HOUR)
    rig.surveying.check()
    assert len(rig.lines("survey_drawn")) == 2


def test_an_interview_is_filled_in_on_the_page(rig):
    anna, survey = rig.browser(), of(rig, "R1")
    assert "13800000101" not in anna.get("/surveys").text, "the number is told to whoever takes it"
    assert anna.post(f"/surveys/{survey.id}/take").status_code == 303
    assert "+8613800000101" in anna.get(f"/surveys/{survey.id}").text
    assert anna.post(f"/surveys/{survey.id}", state="done", note="等得久", **GOOD).status_code == 303
    line = rig.lines()[0]
    facts = {"score": 5, "of": 5, "team": survey.station_id, "by_means": "survey", "about": f"survey:{survey.id}"}
    assert json.loads(line.body) == facts
    assert "等得久" not in line.body
    assert line.by == f"operator:{rig.people['anna'].id}"


def test_what_was_typed_stays_where_an_answer_is_missing(rig):
    anna, survey = rig.browser(), of(rig, "R1")
    anna.post(f"/surveys/{survey.id}/take")
    answer = anna.post(f"/surveys/{survey.id}", state="done", note="还没说完", **{**GOOD, "whole": ""})
    assert answer.status_code == 422
    assert "还没说完" in answer.text
    assert answer.text.count(" checked") == len(FORM.questions) - 1
    assert 'id="wrong-whole"' in answer.text


def test_whoever_served_the_resident_cannot_ask_not_by_page_nor_by_api_nor_at_the_end(rig):
    served(rig)
    li, survey = rig.browser("li"), of(rig, "R1")
    assert li.post(f"/surveys/{survey.id}/take").status_code == 403
    assert li.api(f"/surveys/{survey.id}/take", {}).status_code == 403
    end = {"state": "done", "answers": dict.fromkeys(GOOD, 5)}
    assert li.api(f"/surveys/{survey.id}/end", end).status_code == 403
    assert of(rig, "R1").state == "open"
    assert li.post(f"/surveys/{of(rig, 'R2').id}/take").status_code == 303, "whom they did not serve they may ask"


def test_who_came_after_the_interview_was_taken_may_not_end_it(rig):
    li, survey = rig.people["li"].id, of(rig, "R1")
    rig.surveying.take(survey.id, li, DISTRICT)
    served(rig)
    with pytest.raises(NotAllowed):
        rig.surveying.end(survey.id, li, DISTRICT, state="done", answers=dict.fromkeys(GOOD, 5))


def test_one_interview_is_one_persons_until_it_lies_too_long(rig):
    survey, anna, boris = of(rig, "R1"), rig.people["anna"].id, rig.people["boris"].id
    rig.surveying.take(survey.id, anna, DISTRICT)
    with pytest.raises(Conflict):
        rig.surveying.take(survey.id, boris, DISTRICT)
    rig.world.clock.advance(3 * HOUR)
    rig.surveying.take(survey.id, boris, DISTRICT)
    rig.surveying.end(survey.id, boris, DISTRICT, state="refused", answers={})
    with pytest.raises(Conflict):
        rig.surveying.end(survey.id, boris, DISTRICT, state="done", answers=dict.fromkeys(GOOD, 5))


def test_what_is_outside_the_area_is_not_there(rig):
    elsewhere, survey = Area(frozenset({StationId("other")})), of(rig, "R1")
    assert rig.surveying.list(elsewhere) == []
    with pytest.raises(NotFound):
        rig.surveying.take(survey.id, OperatorId(rig.people["anna"].id), elsewhere)
    assert rig.surveying.by_month(elsewhere)[1].whole.n is None


def test_the_api_tells_results_without_small_groups_and_no_telephone(rig):
    machine = rig.app.test_client()
    machine.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {rig.keys.new_key('program', 'surveys:read')}"
    for code in ("R1", "R2", "R3"):
        rig.surveying.end(
            of(rig, code).id, rig.people["boris"].id, DISTRICT, state="done", answers=dict.fromkeys(GOOD, 4)
        )
    told = machine.get("/api/v1/surveys/results").json
    assert [each["n"] for each in [*told["groups"], told["whole"]]] == [None, None]
    assert "+86" not in machine.get("/api/v1/surveys").text
    assert machine.post(f"/api/v1/surveys/{of(rig, 'R1').id}/take", json={}).status_code in {401, 403}


def test_a_resident_who_is_not_served_any_more_is_left(rig):
    survey = of(rig, "R1")
    rig.surveying._is_served = lambda _: False
    with pytest.raises(Conflict):
        rig.surveying.take(survey.id, rig.people["anna"].id, DISTRICT)


def test_without_its_form_nobody_is_drawn_and_the_page_says_why(rig):
    rig.surveying.lacking = "survey.toml: questions"
    rig.world.clock.advance(40 * 24 * HOUR)
    rig.surveying.check()
    assert len(rig.lines("survey_drawn")) == 1
    page = rig.browser("anna").get("/surveys").text
    assert "回访问卷文件有误" in page
    assert "survey.toml: questions" in page


def test_an_interview_is_not_kept_by_another_form_than_the_centres_own(rig):
    rig.surveying.lacking = "survey.toml: questions"
    survey, anna = of(rig, "R1"), rig.people["anna"].id
    with pytest.raises(Conflict, match="not in order"):
        rig.surveying.end(survey.id, anna, DISTRICT, state="done", answers=dict.fromkeys(GOOD, 5))
    rig.surveying.end(survey.id, anna, DISTRICT, state="unreached", answers={})
    assert of(rig, "R1").state == "unreached"
