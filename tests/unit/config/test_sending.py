"""How messages leave, out of the settings."""

from datetime import time

import pytest

from config.sending import courier_options, pace_of
from config.settings import load_settings
from dispatch.errors import Misconfigured
from dispatch.rules.message import Priority
from dispatch.rules.pacing import Pace
from tests.fakes.clock import HandClock


def read(tmp_path, text):
    path = tmp_path / "anling.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environ={})


def test_what_is_not_said_is_as_the_rules_have_it(tmp_path):
    assert pace_of(read(tmp_path, "").messages) == Pace()


def test_everything_can_be_said(tmp_path):
    settings = read(
        tmp_path,
        '[messages]\nhedge_s = 2\nreceipt_limit_s = 0\n[messages.breaker]\nfailures = 5\nopen_s = 1\n'
        '[messages.quiet]\nfrom = "22:30"\nuntil = "06:00"\nkinds = ["family"]\nspread_s = 0\n'
        "[messages.limits]\nfamily = [[2, 60]]\nreport = []\n",
    )  # fmt: skip
    pace = pace_of(settings.messages)
    assert (pace.quiet_from, pace.quiet_until, pace.quiet) == (time(22, 30), time(6), {Priority.FAMILY})
    assert pace.limits[Priority.FAMILY] == ((2, 60.0),)
    assert pace.limits[Priority.REPORT] == ()
    options = courier_options(settings, HandClock())
    assert (options["hedge_s"], options["limit_s"]) == (2.0, 0.0)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[messages.quiet]\nfrom = "25:00"\n', "messages.quiet.from"),
        ('[messages.quiet]\nkinds = ["emergency"]\n', "messages.quiet.kinds"),
        ("[messages.limits]\nfamily = [[1]]\n", "messages.limits.family"),
        ("[messages.limits]\nfamily = [[0, 60]]\n", "messages.limits.family"),
        ("[messages.breaker]\nopen_s = 500\n", "messages.breaker.open_s"),
        ("[messages]\nhedge_s = -1\n", "messages.hedge_s"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, text, place):
    with pytest.raises(Misconfigured, match=place.replace(".", r"\.")):
        read(tmp_path, text)
