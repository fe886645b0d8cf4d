"""What a forwarding gateway hands in is on disk with one commit, together with how far its spool is held."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.builders import House, build_world

API = "/api/v1/signals"
FIRST, SECOND = "EV1527:0a1b2c:01", "EV1527:0a1b2d:01"


class Desk:
    """A house that counts commits, and a gateway that speaks to it."""

    def __init__(self, folder: Path) -> None:
        self.world = build_world(folder)
        self.house = House(self.world)
        self.gateway = self.house.machine("signals")
        self.commits = 0
        self.world.transactions._before_commit = self._committed
        self.broken = False
        # The first request of a key is marked as its use, in a unit of its own.
        self.post((1, "heartbeat", FIRST), after=0)

    def _committed(self) -> None:
        self.commits += 1
        if self.broken:
            raise RuntimeError("the disk is gone")

    def post(self, *said: tuple[int, str, str], after: int | None = None):
        """Hands this in; the answer, and how many commits it took."""
        at, before = self.world.clock.now().isoformat(), self.commits
        signals = [
            {"seq": seq, "protocol": "rflink", "device": device, "event": event, "received_at": at}
            for seq, event, device in said
        ]
        body = {"gateway": "hall", "epoch": "e1", "signals": signals} | ({} if after is None else {"after": after})
        answer = self.gateway.post(API, json=body)
        return answer, self.commits - before

    def run(self, statement: str) -> None:
        self.world.transactions.run(lambda tx: tx.connection.execute(text(statement)))

    def held(self) -> list[int]:
        with self.world.reading.connect() as connection:
            return list(connection.execute(text("SELECT held FROM spools")).scalars())

    def alarms(self) -> int:
        return len(self.house.review.recent(100))

    def close(self) -> None:
        self.house.close()
        self.world.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    built = Desk(tmp_path)
    yield built
    built.close()


@pytest.mark.parametrize(
    ("said", "commits"),
    [
        ([(2, "press", FIRST)], 1),
        ([(2, "heartbeat", FIRST)], 1),
        ([(2, "heartbeat", FIRST), (3, "heartbeat", SECOND)], 1),
        ([(2, "heartbeat", FIRST), (3, "heartbeat", "EV1527:ffffff:01")], 2),
        ([(2, "press", FIRST), (3, "press", SECOND)], 2),
        ([(2, "press", FIRST), (3, "heartbeat", SECOND)], 2),
        ([(2, "press", FIRST), (3, "heartbeat", SECOND), (4, "cancel", FIRST)], 3),
    ],
)
def test_each_home_has_its_unit_life_signs_one_and_the_spool_goes_with_the_last(desk, said, commits):
    before = dict(desk.post((1, "heartbeat", FIRST), (2, "heartbeat", SECOND), after=0)[0].json)
    said = [(seq + 1, event, device) for seq, event, device in said]
    answer, took = desk.post(*said, after=before["held"])
    assert answer.json["held"] == said[-1][0]
    assert desk.held() == [said[-1][0]]
    assert took == commits


@pytest.mark.error_lines("request_failed")
def test_a_spool_is_not_held_for_what_could_not_be_kept(desk):
    desk.broken = True
    assert desk.post((2, "press", FIRST), after=1)[0].status_code == 500
    desk.broken = False
    assert (desk.alarms(), desk.held()) == (0, [1])
    answer, _ = desk.post((2, "press", FIRST), after=1)
    assert (answer.json["held"], answer.json["copies"], desk.alarms()) == (2, 0, 1)


@pytest.mark.error_lines("request_failed")
@pytest.mark.parametrize("behind", [[], [(3, "cancel", FIRST)]])
def test_life_signs_that_could_not_be_written_are_not_held_whatever_is_kept_behind_them(desk, behind):
    said = [(2, "heartbeat", FIRST), *behind]
    desk.run("CREATE TRIGGER deaf BEFORE UPDATE ON seen BEGIN SELECT RAISE(ABORT, 'deaf'); END")
    assert desk.post(*said, after=1)[0].status_code == 500
    assert desk.held() == [1]
    desk.run("DROP TRIGGER deaf")
    assert desk.post(*said, after=1)[0].json["held"] == 1 + len(said)


@pytest.mark.error_lines("request_failed", "spool_not_held")
def test_a_spool_that_cannot_be_counted_costs_no_press(desk):
    desk.run("CREATE TRIGGER deaf BEFORE UPDATE ON spools BEGIN SELECT RAISE(ABORT, 'deaf'); END")
    before = len(desk.world.nudges)
    answer, _ = desk.post((2, "press", FIRST), after=1)
    answer.close()
    assert answer.status_code == 500
    assert (desk.alarms(), len(desk.world.nudges)) == (1, before + 1)
    desk.run("DROP TRIGGER deaf")
    answer, _ = desk.post((2, "press", FIRST), after=1)
    assert (answer.json["held"], answer.json["copies"], desk.alarms()) == (2, 1, 1)
