"""The record of simulated days, with crashes and clocks that jump, is counted alike by both programs."""

import io

from config.recompute_figures import recount
from config.records import export
from config.simulation.disk import fresh_disk
from config.simulation.faults import ROUGH
from config.simulation.run import Play
from config.simulation.world import START
from dispatch.figures.counted import Figures
from dispatch.rules.figures.counting import Limits
from dispatch.rules.rights import DISTRICT, Area
from tests.fakes.clock import HandClock
from tests.integration.figures_rig import ZONE


def test_the_figures_of_bad_days_are_counted_alike():
    with fresh_disk() as disk:
        play = Play(7, 0.04, ROUGH, disk, lambda _: None)
        assert play.play() is None
        figures = Figures(disk.reading, zone=ZONE, limits=Limits(), clock=HandClock(play.clock.now()))
        out = io.StringIO()
        export(disk.reading, out)
        months = {f"{at.astimezone(ZONE):%Y-%m}" for at in (START, play.clock.now())}
        whole = [figures.report(month, DISTRICT) for month in sorted(months)]
        stations = {row["of"] for each in whole for row in each["by"]["station"]}
        parts = [figures.report(month, Area(frozenset({of}))) for month in months for of in sorted(stations)[:2]]
        play.close()
    assert sum(each["figures"]["calls_valid"]["n"] for each in whole) > 0
    for told in (*whole, *parts):
        assert recount(out.getvalue().splitlines(), told) == told
