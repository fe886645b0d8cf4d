"""The table of rights: whole, documented, and closed to what is not in it."""

from pathlib import Path

import pytest

from config.rights_table import ROLES, WORDS, page
from dispatch.rules.rights import DISTRICT, RIGHTS, Area, Right, Role, rights_of

PAGE = Path(__file__).parents[2] / "docs" / "rights.md"


def test_the_page_says_what_the_table_says():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m config.rights_table > docs/rights.md"


def test_every_right_and_role_has_its_words_and_somebody_has_every_right():
    assert set(WORDS) == set(Right)
    assert set(ROLES) == set(Role) == set(RIGHTS)
    assert rights_of(Role) == set(Right)


def test_roles_add_up_and_none_is_nothing():
    assert rights_of([Role.REVIEWER, Role.INSTALLER]) == RIGHTS[Role.REVIEWER] | RIGHTS[Role.INSTALLER]
    assert rights_of([]) == frozenset()


def test_whoever_reviews_does_not_act_and_whoever_administers_sees_no_resident():
    assert not RIGHTS[Role.REVIEWER] & {Right.ALARMS_ACT, Right.RESIDENTS_CHANGE, Right.UNMASK}
    assert not RIGHTS[Role.ADMINISTRATOR] & {Right.ALARMS_SEE, Right.RESIDENTS_SEE, Right.UNMASK}


@pytest.mark.parametrize(
    ("area", "station", "covers", "answers"),
    [
        (DISTRICT, "s1", True, True),
        (DISTRICT, None, True, True),
        (Area(frozenset({"s1"})), "s1", True, True),
        (Area(frozenset({"s1"})), "s2", False, False),
        (Area(frozenset({"s1"})), None, False, True),
        (Area(frozenset()), "s1", False, False),
    ],
)
def test_an_area_covers_its_stations_and_answers_for_what_is_nobodys(area, station, covers, answers):
    assert (area.covers(station), area.answers_for(station)) == (covers, answers)
