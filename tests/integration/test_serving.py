"""Starting and stopping a whole house in this process: what comes first, and what a start that fails leaves behind."""

import gc
import http.client
import socket
import threading

import pytest

from config.late import Late
from config.serve import Serving
from config.settings import load_settings
from config.wiring import build
from dispatch.clock import SystemClock
from dispatch.errors import Misconfigured
from dispatch.ids import new_id
from schedules.timetable import Periodic
from tests.ports import free_port

MESSAGES = '[messages]\norder = ["console"]\n[accounts]\nsecond_factor = "optional"\n[log]\nlevel = "error"\n'
ROLES = frozenset({"web", "engine", "gateway"})


@pytest.fixture
def settings(tmp_path):
    def of(port):
        path = tmp_path / "anling.toml"
        path.write_text(
            f'home = "{tmp_path}"\ndatabase_url = "sqlite:///{tmp_path}/anling.db"\n'
            f'[web]\nlisten = "127.0.0.1:{port}"\n{MESSAGES}',
            encoding="utf-8",
        )
        return load_settings(path, environ={})

    return of


# The web server's own trigger is left open by its own constructor, which raised; the process ends here in earnest.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_port_that_somebody_has_is_told_as_such_and_leaves_nothing_behind(settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        serving = Serving(settings(taken.getsockname()[1]))
        try:
            with pytest.raises(Misconfigured, match="in use"):
                serving.start(ROLES)
        finally:
            gc.enable()
            serving.stop()
        del serving
        gc.collect()


def test_what_a_browser_has_already_costs_it_no_connection(settings):
    serving = Serving(settings(free_port()))
    try:
        serving.start(ROLES)
        line = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=10)
        line.request("GET", "/static/board.css")
        with line.getresponse() as had:
            tag, before = had.read() and had.headers["ETag"], line.sock
        line.request("GET", "/static/board.css", headers={"If-None-Match": tag})
        with line.getresponse() as known:
            assert (known.status, known.read(), line.sock) == (304, b"", before)
        line.close()
    finally:
        gc.unfreeze()
        serving.stop()


def test_the_rooms_beside_alarms_are_furnished_once_the_engine_runs(settings):
    house, seen = build(settings(1), SystemClock(), new_id), []
    make = house.rooms._make
    house.rooms = Late(lambda: seen.append(house.runner is not None) or make())
    assert house.rooms.made is None
    try:
        house.start(ROLES)
        woken = {each.owner.name for each in house.timers._queues}
        assert seen == [True]
        assert {each.name for each in house.rooms.get().owners} <= woken
        assert {f"periodic:{each.name}" for each in house.rooms.get().timetable} <= house.runner._periods.keys()
    finally:
        house.stop()


def test_whoever_needs_a_room_before_the_start_has_it_made(settings):
    house = build(settings(1), SystemClock(), new_id)
    try:
        assert house.homecare is house.rooms.made.homecare
        assert house.registers.leaving.partings == [house.homecare.beds.life.parting]
    finally:
        house.stop()


def test_a_stop_waits_for_no_process_that_works_something_out(settings):
    house, begun, ended = build(settings(1), SystemClock(), new_id), threading.Event(), threading.Event()

    def look():
        # As a row of the timetable does: it waits for another process, and only the stop can end that.
        begun.set()
        assert ended.wait(60)

    try:
        house.start(ROLES)
        house.rooms.get().apart.stop = ended.set
        house.runner.join([Periodic(name="long_look", every_s=0.01, work=look)])
        assert begun.wait(10)
    finally:
        house.stop()
    assert ended.is_set()
