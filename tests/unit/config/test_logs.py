"""The log: one line an event, readable by people who write Chinese, without anybody's telephone number."""

import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from config.logs import bound, configure_logs, masked
from config.options import LogSettings


@pytest.fixture
def log(capsys):
    """A log configured as the service has it, and a function that reads what it wrote."""
    handlers, level = logging.root.handlers[:], logging.root.level
    configure_logs(LogSettings(level="info", format="json"))
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_an_event_is_one_line_of_json(log):
    structlog.get_logger().info("offer_made", carer_id="c1")
    (line,) = log()
    assert (line["event"], line["level"], line["carer_id"]) == ("offer_made", "info", "c1")
    assert line["timestamp"].endswith("Z")


def test_chinese_stays_chinese(log, capsys):
    structlog.get_logger().info("home_held", name="王秀英")
    assert "王秀英" in capsys.readouterr().out


def test_the_alarm_is_bound_once_for_a_unit_of_work(log):
    with bound(alarm_id="a1", home_id="h1"):
        structlog.get_logger().info("offer_made")
    structlog.get_logger().info("tick_done")
    inside, outside = log()
    assert (inside["alarm_id"], inside["home_id"]) == ("a1", "h1")
    assert "alarm_id" not in outside


def test_what_is_less_grave_than_the_level_is_not_written(log):
    structlog.get_logger().debug("tick_done")
    assert log() == []


def test_a_telephone_never_reaches_the_log(log):
    structlog.get_logger().info("message_sent", to="+8613812345678", also=["13812345678", {"x": 13812345678}])
    logging.getLogger("foreign").warning("could not reach %s", "+8613812345678")
    for line in log():
        assert "1234567" not in json.dumps(line)
        assert "78" in json.dumps(line)


def test_an_exception_is_masked_like_everything_else(log):
    try:
        raise ValueError("no route to +8613812345678")
    except ValueError:
        structlog.get_logger().warning("send_failed", exc_info=True)
    (line,) = log()
    assert "+86*********78" in line["exception"]
    assert "12345" not in line["exception"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+8613812345678", "+86*********78"),
        ("13812345678", "138******78"),
        ("8613812345678", "861********78"),
        ("call 13812345678, then +15005550006.", "call 138******78, then +15*******06."),
        ("tel:+8613812345678", "tel:+86*********78"),
        ("To=%2B8613812345678&x=1", "To=%2B***********78&x=1"),
        ("手机13812345678号", "手机138******78号"),
        ("0190f1e2a3b4c5d6e7f8091a2b3c4d5e", "0190f1e2a3b4c5d6e7f8091a2b3c4d5e"),
        ("1790000000000", "1790000000000"),
        ("EV1527:0a1b2c:01", "EV1527:0a1b2c:01"),
        ("2026-11-21T08:00:00+08:00", "2026-11-21T08:00:00+08:00"),
    ],
)
def test_numbers_are_masked_and_nothing_else_is(text, shown):
    assert masked(text) == shown


@given(
    st.from_regex(r"\+861[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from(["", "打给", "to ", "(", "=", '"', "tel:", "carer"]),
)
def test_every_mobile_number_is_masked_wherever_it_stands(phone, before):
    assert phone not in masked(f"{before}{phone}")
    assert masked(masked(phone)) == masked(phone)
