"""Long work in a process of its own."""

import threading

import pytest

from config.apart import Failed, _running, apart, end_all
from tests.fakes.line import until
from tests.integration.board_rig import BoardRig


def test_the_answer_comes_back_from_another_process():
    assert apart("os.path:splitext", {"p": "值班.html"}) == ["值班", ".html"]


def test_what_went_wrong_there_is_told_here():
    with pytest.raises(Failed, match="TypeError"):
        apart("os.path:splitext", {"q": "x"})


def test_one_that_takes_too_long_is_ended():
    with pytest.raises(Failed, match="longer than"):
        apart("signal:pause", {}, lasts_max_s=0.01)


def test_a_service_that_stops_waits_for_none_of_it():
    failed: list[Failed] = []

    def ask():
        try:
            apart("signal:pause", {})
        except Failed as error:
            failed.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: _running)
    end_all()
    thread.join(10)
    assert ["ended with" in str(error) for error in failed] == [True]
    assert not _running


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
        made = apart("config.duty_sheet:sheet_told", {**told, "lang": "zh"})
        here = rig.console.filing.file().read_text(encoding="utf-8")
    finally:
        rig.close()
    assert made["homes"] == 2
    # Who is on duty and the moment it was made differ: the rig's clock is set by hand.
    assert homes_on(made["page"]) == homes_on(here) != ""


def homes_on(page: str) -> str:
    return page[page.index("H1") :]
