"""What is made ready at the start: whoever looks first waits for no template, and what refuses stops nothing."""

from datetime import date

import pytest
from jinja2 import meta

from dispatch.errors import SLIPS
from dispatch.store.log_ready import look_once
from dispatch.web.boards import PARTS
from dispatch.web.warming import SOON, make_pages_ready
from tests.integration.log_rig import LogRig


@pytest.fixture
def rig(tmp_path):
    rig = LogRig(tmp_path)
    yield rig
    rig.close()


def test_whatever_a_page_of_the_list_takes_in_is_in_the_list(rig):
    env = rig.app.jinja_env
    wanted = {f"_{part}.html" for part in PARTS}
    for name in SOON:
        wanted |= set(meta.find_referenced_templates(env.parse(env.loader.get_source(env, name)[0])))
    assert wanted <= set(SOON)


def test_the_first_look_at_the_log_reads_no_template(rig):
    rig.live_through()
    rig.follow()
    anna = rig.browser()
    # One that is not there keeps no other from being made ready.
    failed = make_pages_ready(rig.app, ["gone.html", *SOON])
    assert look_once(rig.world.reading, date(2026, 11, 23))
    there = set(rig.app.jinja_env.cache.keys())
    for path in ("/review", "/record"):
        assert anna.get(path).status_code == 200
    assert set(rig.app.jinja_env.cache.keys()) == there
    assert "gone.html" in failed
    assert not failed & {"base.html", "review.html", "_review_filter.html", "_review_rows.html", "record.html"}


@pytest.mark.parametrize("error", [PermissionError, UnicodeError, *SLIPS])
def test_no_template_that_cannot_be_read_stops_a_start(rig, monkeypatch, error):
    def fail(name):
        raise error("a disk that went bad")

    monkeypatch.setattr(rig.app.jinja_env, "get_template", fail)
    assert make_pages_ready(rig.app) == set(SOON)


def test_a_database_that_refuses_stops_no_start(rig):
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE log_alarms RENAME TO log_alarms_gone")
    assert not look_once(rig.world.reading, date(2026, 11, 23))
