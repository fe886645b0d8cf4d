"""The live channel: replay, reset, beat, an end with the session; and who pages when nobody could hear."""

import itertools
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.rules.people import SERVICE, operator
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Role, rights_of
from dispatch.siren import AGAIN_S, PRESENT_S, SILENT_S, Consoles, Siren
from dispatch.store.accounts import Accounts
from dispatch.web.hub import BEAT_S, BEHIND_MAX, PUSH, Bell, Hub, Listener
from dispatch.web.scope import Scope
from dispatch.web.stream import REPLAY_MAX
from tests.builders import House, build_world
from tests.fakes.clock import HandClock
from tests.fakes.line import until

API = "/api/v1/stream"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    world = build_world(tmp_path)
    built = House(world, streams_max=2)
    yield built
    built.bell.stop()
    built.close()
    world.close()


@pytest.fixture
def board(house):
    return house.operators()


class Listening:
    """A board that listens: events one by one as (kind, number, data)."""

    def __init__(self, client, after: int | str | None = None, path: str = API) -> None:
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        self.answer = client.get(path, headers=headers, buffered=False)
        self.pieces = iter(self.answer.response)
        self.waiting: list[str] = []

    def next(self):
        piece = ":"
        while piece.startswith(":"):
            piece = self.piece()
        said = dict(line.partition(": ")[::2] for line in piece.strip().splitlines())
        return said["event"], int(said["id"]), json.loads(said["data"])

    def piece(self) -> str:
        """One event, or one word for nobody; several may come at once."""
        if not self.waiting:
            self.waiting = next(self.pieces).decode().split("\n\n")[:-1]
        return self.waiting.pop(0) + "\n\n"

    def begin(self):
        self.retry_ms = int(self.piece().removeprefix("retry: "))
        return self

    def close(self) -> None:
        self.answer.close()


def write(house: House, entries: int) -> None:
    lines = [Line(kind="noted", by=SERVICE, facts={"n": n}) for n in range(entries)]
    house.world.transactions.run(lambda tx: tx.log(*lines))


# ------------------------------------------------------------------------------------------------ the stream


@pytest.mark.parametrize("path", [API, "/events"])
def test_a_board_is_told_what_is_committed(house, board, path):
    listening = Listening(board, path=path).begin()
    assert listening.answer.headers["X-Accel-Buffering"] == "no"
    assert listening.answer.content_type == "text/event-stream; charset=utf-8"
    head = house.review.head()
    assert listening.next()[:2] == ("beat", head)
    alarm = house.world.press()
    house.bell.ring()
    kind, number, told = listening.next()
    assert (kind, number, told["kind"], told["alarm"]) == ("entry", head + 1, "raised", alarm)
    listening.close()


def test_an_entry_is_told_without_a_ring_too(house, board):
    listening = Listening(board).begin()
    listening.next()
    write(house, 1)
    assert listening.next()[0] == "entry"
    listening.close()


def test_a_board_that_comes_back_hears_what_it_missed(house, board):
    write(house, 250)
    head = house.review.head()
    listening = Listening(board, after=head - 250).begin()
    told = [listening.next() for _ in range(251)]
    numbers = [number for kind, number, _ in told if kind == "entry"]
    assert numbers == list(range(head - 249, head + 1))
    listening.close()


@pytest.mark.parametrize("after", [1, 10**9, "rubbish", "9" * 40])
def test_a_board_that_missed_too_much_is_sent_to_the_snapshot(house, board, after):
    write(house, REPLAY_MAX + 1)
    head = house.review.head()
    listening = Listening(board, after=after).begin()
    assert listening.next() == ("reset", head, {"head": head})
    assert listening.next()[:2] == ("beat", head)
    listening.close()


def test_the_beat_tells_the_time_and_who_waits_longest(house, board):
    house.world.press("H1")
    oldest = house.world.clock.now().isoformat()
    house.world.advance(1)
    house.world.press("H2", "R2")
    listening = Listening(board).begin()
    _, _, beat = listening.next()
    assert beat == {"at": house.world.clock.now().isoformat(), "head": house.review.head(), "oldest_raised_at": oldest}
    house.world.clock.advance(BEAT_S)
    house.bell.ring()
    assert listening.next()[0] == "beat"
    listening.close()


def test_a_stream_ends_with_its_session(house, board):
    listening = Listening(board).begin()
    listening.next()
    house.sign_in.end_all(house.operator.id)
    house.bell.ring()
    with pytest.raises(StopIteration):
        listening.piece()
    listening.close()


def test_streams_end_when_the_service_does(house, board):
    listening = Listening(board).begin()
    listening.next()
    house.bell.stop()
    with pytest.raises(StopIteration):
        listening.piece()
    listening.close()


def test_so_many_boards_and_no_more(house, board):
    first, second = Listening(board), Listening(board).begin()
    refused = board.get(API)
    assert (refused.status_code, refused.content_type) == (503, "application/problem+json")
    assert int(refused.headers["Retry-After"]) > 0
    second.close()
    third = Listening(board).begin()
    assert third.answer.status_code == 200
    third.close()
    first.close()


def test_a_quiet_stream_writes_every_second_to_notice_who_has_gone(house, board):
    listening = Listening(board).begin()
    listening.next()
    assert [listening.piece(), listening.piece()] == [":\n\n"] * 2
    listening.close()


def test_only_operators_listen(house):
    assert house.stranger().get(API).status_code == 401
    assert house.machine("read").get(API).status_code == 401


def test_no_connection_is_held_while_a_stream_waits(house, board):
    pool = house.world.reading.pool
    listening = Listening(board).begin()
    listening.next()
    assert pool.checkedout() == 0
    listening.close()


def test_a_bell_wakes_who_waits_and_is_not_missed():
    bell, woken = Bell(), threading.Event()
    rung = bell.rung
    bell.ring()
    bell.wait(rung, 60)
    rung = bell.rung
    waiting = threading.Thread(target=lambda: (bell.wait(rung, 60), woken.set()))
    waiting.start()
    bell.ring()
    assert woken.wait(10)
    waiting.join()


# ------------------------------------------------------------------------------------------------ who could hear


def test_a_console_says_that_it_is_there(house, board):
    answer = board.post("/api/v1/consoles", json={"console": "左边", "sound": True})
    assert (answer.status_code, answer.json) == (200, {"console": "左边", "sounding": 1})
    (presence,) = house.consoles.all()
    assert (presence.operator, presence.sound) == (operator(house.operator.id), True)


@pytest.mark.parametrize(
    "said",
    [None, [], {}, {"console": "", "sound": True}, {"console": "a", "sound": "yes"}, {"console": "a\n", "sound": True}],
)
def test_a_console_that_says_nonsense_is_refused(house, board, said):
    answer = board.post("/api/v1/consoles", json=said)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert house.consoles.all() == []


def test_only_operators_are_there(house):
    said = {"console": "a", "sound": True}
    assert house.stranger().post("/api/v1/consoles", json=said).status_code == 401
    assert house.machine("read").post("/api/v1/consoles", json=said).status_code == 401


WANG = operator("1")


@pytest.fixture
def clock():
    return HandClock()


def test_a_console_that_falls_silent_counts_no_more(clock):
    consoles = Consoles(clock)
    consoles.present("a", WANG, sound=True)
    consoles.present("b", WANG, sound=False)
    assert (consoles.sounding(), consoles.none_for_s()) == (1, 0.0)
    clock.advance(PRESENT_S)
    assert (consoles.sounding(), consoles.none_for_s()) == (0, PRESENT_S)


def test_a_muted_console_counts_from_the_moment_it_was_muted(clock):
    consoles = Consoles(clock)
    consoles.present("a", WANG, sound=True)
    clock.advance(15)
    consoles.present("a", WANG, sound=False)
    clock.advance(30)
    assert consoles.none_for_s() == 30


def test_a_clock_that_is_set_changes_nothing(clock):
    consoles = Consoles(clock)
    consoles.present("a", WANG, sound=True)
    clock.step_wall(-7200)
    clock.advance(PRESENT_S)
    assert consoles.sounding() == 0


def test_consoles_without_end_are_forgotten(clock):
    consoles = Consoles(clock)
    for number in range(500):
        consoles.present(str(number), WANG, sound=True)
    assert len(consoles.all()) == 200


def test_somebody_is_paged_when_nobody_could_hear(house):
    clock, pages = house.world.clock, []
    siren = Siren(house.consoles, house.world.transactions, clock, page=pages.append)
    clock.advance(SILENT_S - 1)
    siren.check()
    assert not pages
    clock.advance(1)
    siren.check()
    siren.check()
    assert pages == [SILENT_S]
    clock.advance(AGAIN_S)
    siren.check()
    assert len(pages) == 2
    house.consoles.present("a", WANG, sound=True)
    siren.check()
    siren.check()
    kinds = [each["kind"] for each in house.review.entries(0, 500)]
    assert [kind for kind in kinds if "sound" in kind] == ["no_console_sounds", "no_console_sounds", "console_sounds"]
    assert not siren.silent


def test_a_page_that_failed_is_tried_again(house):
    clock, pages = house.world.clock, []

    def page(seconds: float) -> None:
        pages.append(seconds)
        if len(pages) == 1:
            raise OSError("no line")

    siren = Siren(house.consoles, house.world.transactions, clock, page=page)
    clock.advance(SILENT_S)
    with pytest.raises(OSError, match="no line"):
        siren.check()
    siren.check()
    assert len(pages) == 2


class Read:
    """A record in which something is written when it is said, and how often that was read."""

    def __init__(self) -> None:
        self.is_written, self.times = False, 0

    def head(self) -> int:
        return 7

    def longest(self, area) -> None:
        return None

    def entries(self, after: int, most: int) -> list[dict]:
        if after > 7 or not self.is_written:
            return []
        self.times += 1
        return [{"number": after + 1, "at": "", "kind": "noted", "alarm": None, "facts": {}}]

    def answered_by(self, area, ids) -> set:
        return set()


class Holds:
    """Everybody's session holds; its role is said by its token."""

    def __init__(self, operator) -> None:
        self.operator, self.asked = operator, []

    def __call__(self, tokens):
        self.asked.append(sorted(tokens))
        return {each: replace(self.operator, roles=frozenset({Role(each.partition("-")[0])})) for each in tokens}


def listener(name: str, role: Role, push=None) -> Listener:
    return Listener(token=f"{role}-{name}", scope=Scope("zh", DISTRICT, rights_of([role])), push=push)


def test_what_many_boards_hear_is_read_once_and_each_hears_what_is_theirs(house):
    record, bell, holds = Read(), Bell(), Holds(house.operator)
    hub = Hub(record, bell, house.world.clock)
    boards = [listener(str(number), Role.REVIEWER) for number in range(3)] + [listener("4", Role.OPERATOR)]
    for each in boards:
        hub.join(each, holds)
    record.is_written = True
    bell.ring()
    told = [told_until(each, b"noted") for each in boards]
    bell.stop()
    assert told[0] == told[1] == told[2] != told[3]
    assert [b"facts" in each for each in told] == [True, True, True, False], "whoever may hear less is told less"
    assert record.times == 1
    assert holds.asked[-1] == sorted(each.token for each in boards), "sessions are asked about together"


def test_who_joins_while_the_others_are_told_hears_it_too(house):
    record, bell, holds = Read(), Bell(), Holds(house.operator)
    hub, read = Hub(record, bell, house.world.clock), record.entries
    first, late = listener("1", Role.OPERATOR), listener("2", Role.OPERATOR)

    def entries(after, most):
        found = read(after, most)
        if found:
            assert hub.join(late, holds) == 7
        return found

    record.entries = entries
    hub.join(first, holds)
    record.is_written = True
    bell.ring()
    told = late.queue.get(timeout=60)
    assert told is not None
    assert b"noted" in told, "before anything else"
    bell.stop()


def told_until(listener: Listener, word: bytes) -> bytes:
    # A beat comes every few seconds for ever: so many pieces are looked at.
    for piece in itertools.islice(iter(lambda: listener.queue.get(timeout=10), None), 20):
        if word in piece:
            return piece[piece.index(b"event: entry") :].partition(b"\n\n")[0]
    raise AssertionError(f"it ended, or said many things and never {word!r}")


def test_a_stream_ends_when_its_holder_may_see_something_else(house, board):
    listening = Listening(board).begin()
    listening.next()
    work = house.world.transactions
    work.run(lambda tx: Accounts(tx.connection).appoint(house.operator.id, frozenset({Role.REVIEWER}), DISTRICT))
    write(house, 1)
    house.bell.ring()
    with pytest.raises(StopIteration):
        listening.next()
    listening.close()


def test_who_takes_nothing_is_let_go_and_holds_up_nobody():
    deaf = listener("1", Role.OPERATOR)
    for number in range(BEHIND_MAX + 5):
        deaf.tell(b"x", float(number))
    told = [deaf.queue.get_nowait() for _ in range(BEHIND_MAX + 1)]
    assert told == [b"x"] * BEHIND_MAX + [None]
    assert deaf.queue.empty()


def test_the_hub_sends_itself_where_the_server_lets_it_and_nothing_overtakes(house):
    told, bell, begun = [], Bell(), threading.Event()

    def push(piece):
        told.append(piece)
        begun.set()
        return True

    hub = Hub(house.review, bell, house.world.clock)
    each = listener("1", Role.OPERATOR, push)
    each.tell(b"before", 0.0)
    pieces = each.pieces()
    assert next(pieces) == b"before", "what came before it could be pushed goes the old way"
    each.tell(b"meanwhile", 0.0)
    assert told == []
    assert next(pieces) == b"meanwhile"
    own = threading.Thread(target=lambda: list(pieces))
    own.start()
    until(lambda: each.is_pushed)
    hub.join(each, Holds(house.operator))
    assert begun.wait(60)
    assert b"event: beat" in told[0]
    bell.stop()
    own.join(60)
    assert not own.is_alive(), "its thread ends with it"
    count = len(told)
    each.tell(b"late", 0.0)
    assert len(told) == count, "nothing is pushed into an answer that is over"


def test_who_cannot_be_pushed_to_ends_alone():
    deaf, other, told = listener("1", Role.OPERATOR, lambda _: False), listener("2", Role.OPERATOR), []
    own = threading.Thread(target=lambda: told.extend(deaf.pieces()))
    own.start()
    until(lambda: deaf.is_pushed)
    for each in (deaf, other):
        each.tell(b"x", 0.0)
    own.join(60)
    assert (own.is_alive(), told, deaf.is_over, other.is_over) == (False, [], True, False)


def test_browsers_come_back_each_at_another_moment(house, board):
    waits = set()
    for _ in range(30):
        listening = Listening(board).begin()
        waits.add(listening.retry_ms)
        listening.close()
    assert len(waits) > 1
    assert min(waits) >= 1000
    assert max(waits) <= 2000


def test_a_stream_is_pushed_where_the_server_can(house, board):
    told = []
    answer = board.get(API, buffered=False, environ_base={PUSH: lambda piece: not told.append(piece)})
    own = threading.Thread(target=lambda: list(answer.response))
    own.start()
    until(lambda: told)
    house.bell.stop()
    own.join(60)
    assert not own.is_alive()
    answer.close()
