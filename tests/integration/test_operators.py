"""Canteens and stations of invented cities are paid for serving: by hand-counted cases, closed months and corrections."""

from datetime import date

import pytest

from tests.integration.operators_rig import OperatorsRig, days

SLAB = """
[policy]
id = "baiyang-slab"
kind = "meal_operator"
title = "白杨市助餐企业运营补贴"
grade = "B"
[slab]
metric = "elder_meals_per_month"
rates = [ { from = 60, to = 100, per_unit = "1.00" }, { from = 101, per_unit = "2.00" } ]
"""
MAR = (date(2026, 3, 1), date(2026, 3, 31))


@pytest.fixture
def rig(tmp_path, request):
    rig = OperatorsRig(tmp_path, getattr(request, "param", [SLAB]))
    yield rig
    rig.close_down()


@pytest.mark.parametrize(
    ("meals", "fen"), [(0, 0), (59, 0), (60, 6_000), (100, 10_000), (101, 20_200)], ids=lambda each: str(each)
)  # fmt: skip
def test_a_slab_is_met_at_its_borders_and_pays_the_whole_volume(rig, meals, fen):
    rig.term("baiyang-slab")
    for day, many in zip(days(*MAR), [20] * (meals // 20) + [meals % 20], strict=False):
        rig.eat("A", day, many) if many else None
    assert rig.due("2026-03") == [("A", "slab", str(meals), fen)]
    assert rig.settle("2026-03") == (1, 0, 0)
    assert rig.settle("2026-03") == (0, 0, 1)
    assert rig.booked("2026-03") == ([("A", fen, "")] if fen else [])
