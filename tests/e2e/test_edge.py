"""A real `anling gateway` before a real service: presses arrive, whoever is killed, and people are paged by modem."""

import json
import random
import sqlite3
import threading
from contextlib import closing

import pytest

from devices.forwarder import BEAT_S
from tests.e2e.edge_process import EdgeProcess
from tests.e2e.rig import Rig, account_of, district, phone_of, policy, rest, rflink_of, until
from tests.e2e.test_gateway_life import gateway
from tests.fakes.modem import FakeModem

STEPS = policy("offer_nearest 30", "call_carer 30", "all_hands 60")
CARERS = [phone_of(1), phone_of(2)]


def pressed(rig: Rig) -> dict[str, set[str]]:
    """The alarms of each address that was heard calling."""
    found: dict[str, set[str]] = {}
    for row in rig.rows("SELECT address, alarm_id FROM signals WHERE cause IS NOT NULL"):
        found.setdefault(row["address"].upper(), set()).add(row["alarm_id"])
    return found


def test_a_press_at_the_edge_is_an_alarm_at_the_service_and_the_board_sees_the_edge(tmp_path):
    with Rig(tmp_path / "service", district=district(homes=2, carers=CARERS), escalation=STEPS, radio=False) as rig:
        reader = rig.key("read")
        with EdgeProcess(tmp_path / "edge", rig) as edge:
            rig.start()
            edge.start()
            edge.radio.press(rflink_of(1))
            rig.raised("H1")
            assert edge.receiver.press(account_of(2)), "answered when it was on disk"
            rig.raised("H2")
            until("the service knows of it", lambda: rig.metric("gateway_connected", "garden-edge") == 1.0)
            until(
                "and of its receivers, with the next beat",
                lambda: rig.metric("gateway_connected", "garden") == 1.0,
                BEAT_S + 5,
            )
            assert gateway(rig, "garden", reader)["behind"] == "garden-edge"
            until("nothing waits", lambda: edge.waiting() == 0)
            told = edge.status()
            assert (told["running"], told["troubles"], told["cut_off"]) == (True, [], False)
            assert {each["name"]: each["condition"] for each in told["receivers"]} == {
                "garden": "connected", "panel": "connected",
            }  # fmt: skip
            second = edge.anling("gateway")
            assert second.returncode == 1
            assert "another anling gateway" in second.stderr
            edge.stop()
            stopped = edge.anling("gateway", "--status")
            assert (stopped.returncode, "does not run" in stopped.stdout) == (1, True)
            assert edge.anling("gateway", "--retire").returncode == 0
            assert rig.metric("gateway_connected", "garden-edge") is None
            assert edge.surprises() == []
        rig.stop()
        assert rig.surprises() == []


def test_what_is_wrong_with_its_settings_is_said_in_a_sentence(tmp_path):
    with (
        Rig(tmp_path / "service", district=district(), radio=False) as rig,
        EdgeProcess(tmp_path / "edge", rig) as edge,
    ):
        edge.environ.pop("ANLING_EDGE__KEY")
        refused = edge.anling("gateway")
        assert refused.returncode == 1
        assert "edge.key" in refused.stderr
        assert "anling key add" in refused.stderr
        edge.environ["ANLING_EDGE__KEY"] = "al_000000000000.wrong"
        rig.start()
        findings = {each["name"]: each for each in json.loads(edge.anling("doctor", "--json").stdout)}
        assert (findings["edge"]["well"], "key is not known" in findings["edge"]["seen"]) == (False, True)
        assert "database" not in findings, "no service is to run here"


@pytest.mark.drill
def test_cut_off_from_the_service_it_pages_by_its_own_modem_and_says_so_afterwards(tmp_path):
    with FakeModem(tmp_path) as modem:
        with Rig(tmp_path / "service", district=district(homes=3, carers=CARERS), escalation=STEPS, radio=False) as rig:
            with EdgeProcess(tmp_path / "edge", rig, modem=modem.path, pages=["+8613800138000"]) as edge:
                rig.start()
                edge.start()
                edge.radio.press(rflink_of(1))
                rig.raised("H1")
                rig.kill()
                edge.radio.press(rflink_of(2))
                until("people are paged", modem.sent, 60)
                ((number, text),) = modem.sent()
                assert number == "+8613800138000"
                assert "D2" in text, "by the code in the register"
                assert edge.receiver.press(account_of(3)), "kept and answered all the same"
                assert "was not reached" in edge.anling("gateway", "--status").stdout
                rig.start()
                rig.raised("H2")
                rig.raised("H3")
                (said,) = until("the record says so", lambda: rig.entries("edge_cut_off"))
                facts = json.loads(said["body"])
                assert (facts["gateway"], facts["texts"]) == ("garden-edge", 1)
                assert facts["lasted_s"] >= 20
                until("it knows that it is reached again", lambda: not edge.status()["cut_off"])
                edge.stop()
                assert edge.surprises("service_cut_off") == []
            rig.stop()
        assert modem.wrong == []


class Presses(threading.Thread):
    """One resident after another presses at the edge: on the radio, and at the receiver until it has its answer."""

    def __init__(self, edge: EdgeProcess, homes: int, pause_s: float) -> None:
        super().__init__(daemon=True)
        self._edge, self._homes, self._pause_s = edge, homes, pause_s
        self.ending = threading.Event()
        self.on_radio: list[int] = []
        self.answered: list[int] = []
        self._receiver = threading.Thread(target=self._at_the_receiver, daemon=True)

    def run(self) -> None:
        self._receiver.start()
        for home in range(1, self._homes + 1, 2):
            if self.ending.wait(self._pause_s):
                break
            self._edge.radio.press(rflink_of(home))
            self.on_radio.append(home)
        self._receiver.join()

    def _at_the_receiver(self) -> None:
        for home in range(2, self._homes + 1, 2):
            while not self.ending.is_set() and not self._edge.receiver.press(account_of(home)):
                pass
            if self.ending.wait(self._pause_s):
                return
            self.answered.append(home)


PROVOKED = ("service_cut_off", "nobody_paged", "service_has_less", "frames_never_kept", "spool_renewed")
"""What an edge says as an error while services die around it and its spool is deleted."""


def assert_nothing_is_lost_under(
    kills: int, seed: int, folder, *, pause_s: float, life_s: float = 1.5, restores: bool = False, wipes: bool = False
) -> None:
    draw = random.Random(seed)
    homes = min(20 + 4 * kills, 150)
    loaded = district(homes=homes, carers=CARERS)
    with Rig(folder / "service", district=loaded, escalation=STEPS, radio=False) as rig:
        with EdgeProcess(folder / "edge", rig) as edge:
            with closing(sqlite3.connect(rig.folder / "anling.db")) as connection:
                connection.execute("VACUUM INTO ?", (str(rig.folder / "copy.db"),))
            rig.start()
            edge.start()
            presses = Presses(edge, homes, pause_s)
            presses.start()
            for number in range(kills):
                rest(draw.uniform(0.05, life_s))
                if wipes and number % 3 == 0:
                    wipe(edge)
                for victim in draw.choice([(rig,), (edge,), (rig, edge)]):
                    victim.kill()
                rest(draw.choice([0.0, 0.0, 0.5]))
                if restores and number == kills // 2:
                    put_back(rig)
                for each in (rig, edge):
                    if each.process.poll() is not None:
                        each.start(ready=False)
                if draw.random() < 0.3:
                    # On a busy machine a start takes longer than a life, and nobody would ever hear anything.
                    until("the edge hears", edge.is_ready, 60)
            until("the service answers", rig.is_ready, 60)
            presses.ending.set()
            presses.join(60)
            assert not presses.is_alive()
            settled(rig, edge)
            assert_kept(rig, presses)
            edge.stop()
            rig.assert_sound()
            assert edge.surprises(*PROVOKED) == []
        rig.stop()
        assert rig.surprises() == []


def put_back(rig: Rig) -> None:
    """The database as it was when the district had been loaded, and nobody had pressed."""
    rig.kill()
    path = rig.folder / "anling.db"
    for ending in ("", "-wal", "-shm"):
        (rig.folder / f"anling.db{ending}").unlink(missing_ok=True)
    path.write_bytes((rig.folder / "copy.db").read_bytes())


def wipe(edge: EdgeProcess) -> None:
    """Somebody deletes the spool of a running edge; within a second it is there again, and whole."""
    path = edge.folder / "spool.db"
    # Of one that does not run, nobody remembers what was in it.
    until("the edge has its spool open", edge.is_ready)
    for ending in ("", "-wal", "-shm"):
        (edge.folder / f"spool.db{ending}").unlink(missing_ok=True)
    until("the spool is there again", lambda: path.exists() and not edge.process.poll())
    rest(1.0)


def settled(rig: Rig, edge: EdgeProcess) -> None:
    """Everything at the edge has been delivered and heard."""
    quiet = 0
    for _ in range(80):
        quiet = quiet + 1 if edge.waiting() == 0 else 0
        if quiet >= 5:
            return
        rest(1.0)
    raise AssertionError(f"the edge does not come to rest: {edge.status()}")


def assert_kept(rig: Rig, presses: Presses) -> None:
    heard = pressed(rig)
    assert len(presses.on_radio) > 5
    assert len(presses.answered) > 3
    lost = [home for home in presses.on_radio if rflink_of(home).upper() not in heard]
    assert lost == [], "a press on the radio was lost"
    unkept = [home for home in presses.answered if f"{account_of(home)}:000" not in heard]
    assert unkept == [], "an acknowledged message was lost"
    for address, alarms in heard.items():
        assert len(alarms) == 1, f"{address} has several alarms"
    for home in presses.answered:
        rows = rig.rows("SELECT id FROM signals WHERE cause IS NOT NULL AND address = :a", a=f"{account_of(home)}:000")
        assert len(rows) == 1, "a repetition counted as a press of its own"


def test_nothing_is_lost_or_doubled_when_either_is_killed_at_random_moments(tmp_path):
    assert_nothing_is_lost_under(4, 20261121, tmp_path, pause_s=0.15)


@pytest.mark.drill
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_or_doubled_by_sixty_kills_of_either(tmp_path, seed):
    assert_nothing_is_lost_under(60, seed, tmp_path, pause_s=1.0, life_s=6.0)


@pytest.mark.drill
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_database_put_back_among_the_kills_gets_everything_again(tmp_path, seed):
    assert_nothing_is_lost_under(20, seed, tmp_path, pause_s=0.5, life_s=4.0, restores=True)


@pytest.mark.drill
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_spool_wiped_again_and_again_among_the_kills_loses_and_doubles_nothing(tmp_path, seed):
    assert_nothing_is_lost_under(15, seed, tmp_path, pause_s=0.5, life_s=3.0, wipes=True)
