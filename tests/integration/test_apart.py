"""Long work in a process of its own."""

import io
import os
import pickle
import pprint
import signal
import subprocess
import threading

import pytest

from config.duty_sheet import sheet_told
from schedules.apart import Apart, Failed, main
from tests.fakes.line import until
from tests.integration.board_rig import BoardRig


def test_the_answer_comes_back_from_another_process():
    assert Apart()(os.path.splitext, "值班.html") == ("值班", ".html")
    assert Apart()(os.getpid) != os.getpid()


def test_what_is_printed_there_is_no_part_of_the_answer():
    assert Apart()(pprint.pprint, "这不是答案") is None


def test_what_went_wrong_there_is_told_here():
    with pytest.raises(Failed, match="FileNotFoundError"):
        Apart()(os.listdir, "/nowhere/at/all")


def test_one_that_takes_too_long_is_ended():
    apart = Apart(lasts_max_s=0.01)
    with pytest.raises(Failed, match="longer than"):
        apart(signal.pause)
    assert apart.under_way == 0


def test_where_nobody_may_step_aside_the_work_is_done_all_the_same(monkeypatch):
    def refused(_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "nice", refused)
    answered = io.BytesIO()
    main(io.BytesIO(pickle.dumps((os.path.splitext, ("值班.html",), {}))), answered)
    assert pickle.loads(answered.getvalue()) == ("值班", ".html")


def test_what_cannot_be_asked_begins_nothing(monkeypatch):
    begun = []
    monkeypatch.setattr("schedules.apart._started", lambda: begun.append("a process"))
    with pytest.raises((pickle.PicklingError, AttributeError)):
        Apart()(lambda: "no function of a module")
    assert begun == []


def test_one_whose_answer_cannot_be_waited_for_is_ended(monkeypatch):
    apart, begun = Apart(), []

    def interrupted(process, *_):
        if process not in begun:
            begun.append(process)
            raise KeyboardInterrupt
        return as_it_is(process)

    as_it_is = subprocess.Popen.communicate
    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        apart(signal.pause)
    assert begun[0].returncode == -signal.SIGKILL
    assert apart.under_way == 0


def test_a_service_that_stops_waits_for_none_of_it_and_begins_nothing_more():
    apart, failed = Apart(), []

    def ask():
        try:
            apart(signal.pause)
        except Failed as error:
            failed.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for each in threads:
        each.start()
    until(lambda: apart.under_way == 2)
    apart.stop()
    for each in threads:
        each.join(60)
    assert failed == ["the service is being stopped"] * 2
    assert apart.under_way == 0
    with pytest.raises(Failed, match="being stopped"):
        apart(os.getpid)


def test_a_failure_is_one_of_the_system_so_that_a_handover_outlives_it():
    assert issubclass(Failed, OSError)


def test_the_sheet_made_elsewhere_is_the_sheet(tmp_path):
    rig = BoardRig(tmp_path)
    try:
        told = {
            "database_url": f"sqlite:///{rig.world.path / 'anling.db'}",
            "phones": ["+8613800000009"],
            "emergency": None,
        }
        made = Apart()(sheet_told, **told, lang="zh")
        here = rig.console.filing.file().read_text(encoding="utf-8")
    finally:
        rig.close()
    assert made["homes"] == 2
    # Who is on duty and the moment it was made differ: the rig's clock is set by hand.
    assert homes_on(made["page"]) == homes_on(here) != ""


def homes_on(page: str) -> str:
    return page[page.index("H1") :]
