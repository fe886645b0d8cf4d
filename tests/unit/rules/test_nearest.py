"""Nearest, case by case: the worked cases of tests/cases/nearest.json, each asked of everybody and of the grid."""

import json
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.ids import CarerId, StationId
from dispatch.messages.reasons import EXCLUDED, LANGUAGES, MEANS, PLACEHOLDERS, REASONS, WORDS, explain
from dispatch.rules.grid import Grid
from dispatch.rules.nearest import EXCLUSIONS, RULES, Candidate, Need, Weights, rank
from dispatch.rules.place import Position, gcj02_to_wgs84
from dispatch.rules.travel import Means, StraightLine

CASES = json.loads((Path(__file__).parents[2] / "cases" / "nearest.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def whole_position(given, *, datum="wgs84"):
    if given is None:
        return None
    return gcj02_to_wgs84(Position(*given)) if datum == "gcj02" else Position(*given)


def candidate_of(given, *, now, datum):
    position = whole_position(given.get("position"), datum=datum)
    called_s = given.get("last_callout_age_s")
    return Candidate(
        carer_id=CarerId(f"id-{given['code']}"),
        code=given["code"],
        station_id=StationId(given["station"]),
        means=Means(given["means"]),
        base=whole_position(given["base"]),
        position=position,
        position_at=None if position is None else now - timedelta(seconds=given["position_age_s"]),
        skills=frozenset(given.get("skills", ())),
        languages=frozenset(given.get("languages", ["zh"])),
        on_duty_until=now + timedelta(seconds=given.get("shift_left_s", 8 * 3600)),
        engaged=given.get("engaged", 0),
        last_callout_at=None if called_s is None else now - timedelta(seconds=called_s),
        phone=given.get("phone", True),
        suspended=given.get("suspended", False),
        opted_out=given.get("opted_out", False),
        unreached=given.get("unreached", False),
    )


def need_of(given):
    return Need(
        place=whole_position(given["place"]),
        station_id=StationId(given["station"]),
        lending=[StationId(one) for one in given.get("lending", ())],
        skills=given.get("skills", ()),
        language=given.get("language"),
        asked=[CarerId(f"id-{code}") for code in given.get("asked", ())],
        declined=[CarerId(f"id-{code}") for code in given.get("declined", ())],
    )


def by_everybody(need, crowd, **asked):
    return rank(need, crowd, **asked)


def by_grid(need, crowd, **asked):
    return Grid(crowd).nearest(need, **asked)


def choose(case, way, *, datum=None):
    now = datetime.fromisoformat(case["now"])
    crowd = [candidate_of(one, now=now, datum=datum or case["datum"]) for one in case["candidates"]]
    return way(need_of(case["need"]), crowd, now=now, travel=StraightLine(), weights=Weights(), version="1")


def shown(choice):
    """What a case expects: the order, each carer's reasons, the sentences, who was left out."""
    return {
        "order": [ranked.code for ranked in choice.ranked],
        "reasons": {one.code: [[why.code, why.seconds] for why in one.reasons] for one in choice.ranked},
        "excluded": dict(choice.excluded),
        **{lang: explain(choice, lang) for lang in LANGUAGES},
    }


@pytest.mark.parametrize("way", [by_everybody, by_grid])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_worked_case_comes_out_as_written(case, way):
    assert shown(choose(case, way)) == case["expected"]


def test_a_map_position_taken_for_a_true_one_would_send_somebody_else():
    [case] = [case for case in CASES if case["datum"] == "gcj02"]
    wrong = choose(case, by_everybody, datum="wgs84")
    assert [ranked.code for ranked in wrong.ranked] != case["expected"]["order"]


def one_carer(**changed):
    whole = Candidate(
        carer_id=CarerId("one"),
        code="A1",
        station_id=StationId("own"),
        means=Means.FOOT,
        base=Position(30.25, 120.17),
        on_duty_until=NOW + timedelta(hours=8),
    )
    return replace(whole, **changed)


def version_of(*, travel=None, weights=None, version="1"):
    need = Need(place=Position(30.25, 120.17))
    return rank(
        need, [], now=NOW, travel=travel or StraightLine(), weights=weights or Weights(), version=version
    ).version


def test_the_version_changes_with_every_input():
    versions = [version_of(), version_of(version="2"), version_of(weights=Weights(skill_s=1)), version_of(travel=StraightLine(detour=1.3))]  # noqa: E501  # fmt: skip
    assert (len(set(versions)), version_of()) == (4, versions[0])


def test_twenty_are_kept():
    crowd = [one_carer(carer_id=CarerId(f"{number}"), code=f"{number:02}") for number in range(30)]
    choice = rank(
        Need(place=Position(30.25, 120.17)), crowd, now=NOW, travel=StraightLine(), weights=Weights(), version="1"
    )
    assert [ranked.code for ranked in choice.ranked] == [f"{number:02}" for number in range(20)]


def test_two_missing_skills_cost_twice_and_two_alarms_too():
    need = Need(place=Position(30.25, 120.17), station_id=StationId("own"), skills=["nurse", "diver"])
    choice = rank(
        need, [one_carer(position=None, engaged=2)], now=NOW, travel=StraightLine(), weights=Weights(), version="1"
    )
    assert explain(choice.ranked[0], "en") == (
        "about 1 min on foot, 0 m; busy with 2 other alarms (+30 min); "
        "lacks 2 needed skills: diver, nurse (+30 min); no recent position, reckoned from base (+2 min)"
    )


def test_a_handicap_under_a_minute_is_told_in_seconds():
    need = Need(place=Position(30.25, 120.17), station_id=StationId("own"))
    weights = Weights(base_position_s=45, ring_s=(30, 120, 300))
    choice = rank(need, [one_carer()], now=NOW, travel=StraightLine(), weights=weights, version="1")
    assert explain(choice.ranked[0], "zh") == "步行约1分钟，0米；本站+30秒；无最新位置，按驻点计+45秒"


def test_a_carer_without_a_station_is_of_the_district():
    need = Need(place=Position(30.25, 120.17))
    choice = rank(need, [one_carer(station_id=None)], now=NOW, travel=StraightLine(), weights=Weights(), version="1")
    assert choice.ranked[0].ring == 2


@pytest.mark.parametrize(
    "wrong", [{"skill_s": -1}, {"stale_per_s": -0.1}, {"ring_s": (0, -1, 300)}, {"ring_s": (0, 1)}]
)
def test_no_handicap_is_negative(wrong):
    with pytest.raises(AssertionError):
        Weights(**wrong)


def test_a_position_has_its_time():
    with pytest.raises(AssertionError):
        one_carer(position=Position(30.0, 120.0))


@pytest.mark.parametrize("sentences", [REASONS, EXCLUDED, MEANS, WORDS])
def test_every_sentence_exists_in_both_languages_with_fixed_names_only(sentences):
    for code, sentence in sentences.items():
        assert set(sentence) == set(LANGUAGES), code
        fields = [
            field for words in sentence.values() for field in string.Formatter().parse(words) if field[1] is not None
        ]
        assert {(name, form, turned) for _, name, form, turned in fields} <= {(name, "", None) for name in PLACEHOLDERS}


def test_every_reason_has_its_sentence():
    told = {code.split("_0")[0] for code in REASONS} | {"ring"}
    assert {rule.code for rule in RULES} <= told
    assert set(EXCLUDED) == set(EXCLUSIONS)
    assert set(MEANS) == {one.value for one in Means}
