"""An edge put together from its settings: what it says of itself, what it refuses, and how it ends."""

import json
import os
import stat
import tempfile

import pytest

from config import edge
from config.edge import EdgeHouse, refuse_lacking, show_status, spool_path, status_path
from config.settings import read_settings
from devices.decoders.decoder import Frame
from devices.dialects import RflinkDialect
from devices.link import Answer, Unreached
from devices.simulator import Simulator
from devices.spool import Lane, Spool
from dispatch.clock import SystemClock
from dispatch.errors import Misconfigured
from dispatch.rules.signal import Event
from tests.fakes.line import until
from tests.integration.edge_rig import Pages

GATEWAY = {"name": "garden", "protocol": "rflink", "port": "/dev/null-radio"}


def settings_of(folder, **more):
    written = {
        "home": str(folder), "gateways": [GATEWAY],
        "edge": {"name": "garden-edge", "url": "https://anling.example"}, **more,
    }  # fmt: skip
    return read_settings(written, environ={"ANLING_EDGE__KEY": "al_1.s3cret"})


@pytest.fixture(autouse=True)
def _own_refuge(monkeypatch, tmp_path):
    """The refuge of a spool lies where temporary files are: here each test has such a place of its own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


class Post:
    """A service that has whatever it is sent, or is not there."""

    def __init__(self) -> None:
        self.there = True
        self.bodies: list[dict] = []

    def post(self, body):
        if not self.there:
            raise Unreached("no route to host")
        self.bodies.append(dict(body))
        return Answer(status=200, body={"held": max([each["seq"] for each in body["signals"]], default=body["after"])})


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def house(tmp_path, post):
    house = EdgeHouse(settings_of(tmp_path), SystemClock(), links=dict.fromkeys(Lane, post))
    yield house
    house.stop()


def sent(post) -> list[str]:
    return [each["event"] for body in post.bodies for each in body["signals"]]


def test_what_is_heard_is_forwarded_and_what_it_is_like_is_told(house, post):
    house.start()
    house.reception.hear(Frame(event=Event.BUTTON, raw=b"x", address="EV1527:0a1b2c:01"), gateway="garden")
    house.reception.hear(Frame(event=Event.HEARTBEAT, raw=b"x", address="EV1527:0a1b2c:01"), gateway="garden")
    house.tick()
    until(lambda: sorted(sent(post)) == ["button", "heartbeat"])
    (status, *_) = [body["status"] for body in post.bodies if body.get("status")]
    assert [each["name"] for each in status["receivers"]] == ["garden"]
    assert house.is_whole()


def test_a_receiver_that_is_lost_is_told_at_once(tmp_path, post):
    """The next beat would be ten seconds away."""

    def told(condition: str) -> bool:
        house.tick()
        found = [each for body in post.bodies for each in (body.get("status") or {}).get("receivers", ())]
        return bool(found) and found[-1]["condition"] == condition

    with Simulator(tmp_path, RflinkDialect(), name="line") as simulator:
        said = settings_of(tmp_path, gateways=[GATEWAY | {"port": str(simulator.path)}])
        house = EdgeHouse(said, SystemClock(), links=dict.fromkeys(Lane, post))
        house.start()
        until(lambda: told("connected"), patience_s=6)
        simulator.unplug()
        until(lambda: told("lost"), patience_s=6)
        house.stop()


@pytest.mark.error_lines("spool_set_aside", "spool_not_read")
def test_a_spool_that_had_to_be_set_aside_is_told_to_the_service(tmp_path, post):
    (tmp_path / "spool.db").write_bytes(os.urandom(9_000))
    house = EdgeHouse(settings_of(tmp_path), SystemClock(), links=dict.fromkeys(Lane, post))
    house.start()
    until(lambda: [each["fields"]["what"] for body in post.bodies for each in body["signals"]] == ["set_aside"])
    house.stop()


@pytest.mark.error_lines("spool_elsewhere")
def test_a_disk_that_cannot_be_written_is_told_to_the_service(tmp_path, post, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "spool.db").mkdir()
    house = EdgeHouse(settings_of(tmp_path), SystemClock(), links=dict.fromkeys(Lane, post))
    house.start()
    house.tick()
    until(lambda: [each["fields"]["what"] for body in post.bodies for each in body["signals"]] == ["elsewhere"])
    assert house.told()["elsewhere"]
    house.stop()


def test_life_signs_that_wait_in_memory_are_kept_at_the_end(tmp_path, post):
    post.there = False
    house = EdgeHouse(settings_of(tmp_path), SystemClock(), links=dict.fromkeys(Lane, post))
    house.start()
    house.reception.hear(Frame(event=Event.HEARTBEAT, raw=b"x", address="a"), gateway="garden")
    house.stop()
    spool = Spool(spool_path(house.settings), SystemClock())
    assert spool.waiting().news == 1
    spool.close()


def test_a_thread_that_ended_is_noticed(house, post):
    house.start()
    assert house.is_whole()
    house.forwarders[Lane.NEWS].stop()
    assert not house.is_whole()


def test_the_status_says_what_is_not_well(house, post, capsys):
    post.there = False
    house.start()
    until(lambda: house.contact.failing_s is not None)
    house.tick()
    told = json.loads(status_path(house.settings).read_text())
    assert (told["name"], told["cut_off"], told["elsewhere"], told["pager"]) == ("garden-edge", False, False, "none")
    assert show_status(house.settings, as_json=True) == 1
    shown = json.loads(capsys.readouterr().out)
    assert any("garden" in trouble for trouble in shown["troubles"])
    status_path(house.settings).write_text(json.dumps(told | {"at": "2026-01-01T00:00:00+00:00"}))
    assert show_status(house.settings, as_json=False) == 1
    assert "does not run" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"edge": {"url": "https://a.example"}}, "edge.name"),
        ({"edge": {"name": "e"}}, "edge.url"),
        ({"edge": {"name": "e", "url": "https://a.example", "pages": ["+8613800000001"]}}, "edge.modem"),
        ({"edge": {"name": "e", "url": "https://a.example", "modem": "gopher://x"}}, "edge.modem"),
        ({"gateways": []}, "gateways"),
    ],
)
def test_what_it_cannot_do_without_stops_the_start(tmp_path, more, place):
    with pytest.raises(Misconfigured) as refused:
        refuse_lacking(settings_of(tmp_path, **more))
    assert refused.value.place == place


@pytest.mark.parametrize(
    ("gateway", "place"),
    [({"protocol": "semaphore"}, "gateways.garden.protocol"), ({"port": "http:"}, "gateways.garden.port"),
     ({"protocol": "surgard", "profile": "nobody"}, "gateways.garden.profile")],
)  # fmt: skip
def test_a_gateway_it_cannot_hear_stops_the_start(tmp_path, post, gateway, place):
    with pytest.raises(Misconfigured) as refused:
        EdgeHouse(settings_of(tmp_path, gateways=[GATEWAY | gateway]), SystemClock(), links=dict.fromkeys(Lane, post))
    assert refused.value.place == place


def test_a_file_of_certificates_that_is_not_there_is_named(tmp_path):
    said = {"name": "e", "url": "https://a.example", "ca_file": str(tmp_path / "absent.pem")}
    with pytest.raises(Misconfigured) as refused:
        EdgeHouse(settings_of(tmp_path, edge=said), SystemClock())
    assert refused.value.place == "edge.ca_file"


def test_the_refuge_is_a_folder_that_nobody_else_can_have_made(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    refuge = edge._refuge(settings_of(tmp_path))
    assert stat.S_IMODE(refuge.parent.stat().st_mode) == 0o700
    refuge.parent.chmod(0o777)
    assert edge._refuge(settings_of(tmp_path)) is None
    refuge.parent.rmdir()
    refuge.parent.symlink_to(tmp_path)
    assert edge._refuge(settings_of(tmp_path)) is None


def test_a_given_pager_is_used_and_its_state_told(tmp_path, post):
    pages = Pages()
    house = EdgeHouse(settings_of(tmp_path), SystemClock(), links=dict.fromkeys(Lane, post), pager=pages)
    assert house.told()["pager"] == "ready"
    house.spool.close()
