"""The forwarding gateways as the service knows them: how far it has each spool, and how each says it is."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from devices.decoders.decoder import Tally
from devices.gateway import GatewayState
from devices.line import Condition
from devices.store.edges import EdgeRow, EdgeShelf
from devices.twins import Twins
from dispatch.clock import Clock
from dispatch.store.database import Engine, savepoint
from dispatch.store.idempotency import MISTAKES
from dispatch.store.signals import Held, Signals, held_with
from dispatch.store.transactions import Lane, Transactions, Tx

_log = structlog.get_logger()

SILENT_S = 45.0
"""An edge lets itself be heard every 10 s; one that has not for so long is lost (a gateway lost is told ≤ 180 s)."""

LISTENED_S = 150.0
"""How long a gateway behind an edge may hear nothing, where its edge does not say; as `outages.SILENT_S`."""

WRITTEN_S = 30.0
"""How often the row of an edge is written at least; in between it is known in memory."""

FORGOTTEN = timedelta(days=7)
"""After a start of the service an edge that was not heard for so long is not missed any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """
    A gateway that is not wired to this service, in the shape of one that is. `behind` is its edge; `silent_s` how long
    it may hear nothing, 0 where that says nothing; `unreached` says that the edge itself is lost, `told` that it has
    told how it is since our start: until then all this is what it told before.
    """

    name: str
    state: GatewayState
    behind: str = ""
    silent_s: float = 0.0
    unreached: bool = False
    told: bool = True


class Edges:
    """Serves the web's threads and the timetable; safe for all of them."""

    def __init__(self, transactions: Transactions, reading: Engine, clock: Clock) -> None:
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, EdgeRow] | None = None
        # By the steady clock: nobody is lost because somebody set the other.
        self._heard_s: dict[str, float] = {}
        self._ever: set[str] = set()
        self._told: set[str] = set()
        self._written_s: dict[str, float] = {}
        self._twins = Twins(SILENT_S)

    def hold(
        self,
        gateway: str,
        epoch: str,
        seqs: Sequence[int],
        *,
        after: int | None = None,
        status: Mapping[str, Any] | None = None,
    ) -> int:
        """A batch is durable: how far this spool is held now, without a gap. As `holding`, in a unit of its own."""
        return self.holding(gateway, epoch, seqs, after=after, status=status).held().now

    def holding(
        self,
        gateway: str,
        epoch: str,
        seqs: Sequence[int],
        *,
        after: int | None = None,
        status: Mapping[str, Any] | None = None,
    ) -> "Holding":
        """
        What is to be written once a batch is durable, in the same unit of work as the last of it: how far this spool is
        held, without a gap (see `Signals.hold`), and what the sender told of itself in `status`, if it did.
        """
        row = EdgeRow(name=gateway, last_at=self._clock.now(), status=dict(status)) if status else None
        due = row if row is not None and self._note(row, epoch) else None
        return Holding(self._transactions, self._reading, _Spooled(gateway, epoch, tuple(seqs), after), due)

    def is_edge(self, name: str) -> bool:
        """Whether one of this name has told how it is since the start, or before; also if it was retired since."""
        with self._lock:
            self._rows()
            return name in self._ever

    def ears(self) -> list[Remote]:
        """
        Those whose silence leaves homes uncovered: the gateways behind the edges, lost with them; an edge by itself
        only where it has none.
        """
        remotes = self.all()
        behind = {each.behind for each in remotes}
        return [each for each in remotes if each.behind or each.name not in behind]

    def all(self) -> list[Remote]:
        """Every edge, and behind each its own gateways as it tells of them, or told."""
        now = self._clock.look()
        with self._lock:
            rows = sorted(self._rows().values(), key=lambda row: row.name)
            silent_s = {row.name: now.steady_s - self._heard_s[row.name] for row in rows}
            told = frozenset(self._told)
            doubles = {row.name for row in rows if self._twins.is_double(row.name, now.steady_s)}
            missing = {row.name: self._missing(row.name, now.steady_s) for row in rows}
        return [
            remote
            for row in rows
            for remote in _remotes(
                row, now.wall, silent_s[row.name], told=row.name in told, is_double=row.name in doubles,
                missing=missing[row.name],
            )
        ]  # fmt: skip

    def _missing(self, name: str, now_s: float) -> tuple[EdgeRow, float] | None:
        """One of two edges of this name that fell silent: told once. Called with the lock held."""
        missing = self._twins.missing(name, now_s)
        if missing is not None and self._twins.is_news(name):
            _log.error("edge_twin_missing", gateway=name, seconds=round(missing[1]))
        return missing

    def _note(self, row: EdgeRow, epoch: str) -> bool:
        """Remembers it; whether it is also to be written down now."""
        now_s = self._clock.look().steady_s
        with self._lock:
            known = self._rows()
            before = known.pop(row.name, None)
            written_s = self._written_s.pop(row.name, None)
            if row.status.get("retired"):
                self._twins.gone(row.name, epoch)
                return True
            if self._twins.heard(row, epoch, now_s):
                _log.error("edge_name_twice", gateway=row.name)
            known[row.name], self._heard_s[row.name] = row, now_s
            self._ever.add(row.name)
            self._told.add(row.name)
            quiet = before is not None and _conditions(before) == _conditions(row)
            due = not quiet or written_s is None or now_s - written_s >= WRITTEN_S
            self._written_s[row.name] = now_s if due or written_s is None else written_s
            return due

    def _rows(self) -> dict[str, EdgeRow]:
        """
        Read once; from then on memory is the newer. Called with the lock held.

        After a start of the service each edge has the same time to be heard as if it had just been.
        """
        if self._known is None:
            now = self._clock.look()
            with self._reading.connect() as connection:
                rows = [row for row in EdgeShelf(connection).all() if now.wall - row.last_at < FORGOTTEN]
            self._known = {row.name: row for row in rows}
            self._ever = set(self._known)
            self._heard_s = {row.name: now.steady_s for row in rows}
        return self._known


class _Spooled(NamedTuple):
    """Numbers of a spool, and after which of them they come."""

    gateway: str
    epoch: str
    seqs: tuple[int, ...]
    after: int | None


class Holding:
    """How far a spool is held: written in the unit of work of its signals, or by itself; for one request."""

    def __init__(self, transactions: Transactions, reading: Engine, spooled: _Spooled, due: EdgeRow | None) -> None:
        """`due` is the edge's own row, where it is to be written now."""
        self._transactions = transactions
        self._reading = reading
        self._spooled = spooled
        self._due = due
        self._held: Held | None = None

    def in_unit(self, tx: Tx) -> None:
        """
        In the unit that makes the last of the batch durable. A mistake here is taken back and must not cost what was
        heard: then `held` does it once more, by itself.
        """
        self._held = None
        try:
            with savepoint(tx.connection):
                self._held = self._write(tx)
        except MISTAKES:
            _log.exception("spool_not_held", gateway=self._spooled.gateway)

    def held(self) -> Held:
        """
        How far it was held before this batch, and is once that is durable; writes it where that was not done, and only
        if it changed.
        """
        if self._held is not None:
            return self._held
        gateway, epoch, seqs, after = self._spooled
        if self._due is None:
            with self._reading.connect() as connection:
                held = Signals(connection).held(gateway, epoch)
            if held_with(held, seqs, after) == held:
                return Held(held, held)
        return self._transactions.run(self._write, lane=Lane.EMERGENCY if seqs else Lane.BULK)

    def _write(self, tx: Tx) -> Held:
        gateway, epoch, seqs, after = self._spooled
        if self._due is not None:
            shelf = EdgeShelf(tx.connection)
            shelf.remove(gateway) if self._due.status.get("retired") else shelf.put(self._due)
        return Signals(tx.connection).hold(gateway, epoch, seqs, tx.now, after=after)


class Everybody(Sequence[Any]):
    """Gateways at the moment of looking: those wired to this service, and those that `others` gives."""

    def __init__(self, wired: Sequence[Any], others: Callable[[], Sequence[Remote]]) -> None:
        self._wired = wired
        self._others = others

    def __iter__(self) -> Iterator[Any]:
        yield from (*self._wired, *self._others())

    def __len__(self) -> int:
        return len(self._wired) + len(self._others())

    def __getitem__(self, place: Any) -> Any:
        return list(self)[place]


def _conditions(row: EdgeRow) -> list[tuple[str, str]]:
    return [(each["name"], each["condition"]) for each in row.status.get("receivers", ())]


def _remotes(
    row: EdgeRow, now: datetime, silent_s: float, *, told: bool, is_double: bool,
    missing: tuple[EdgeRow, float] | None = None,
) -> Iterator[Remote]:  # fmt: skip
    """An edge and the gateways behind it; of two of one name the missing one is lost, with what is behind it."""
    if missing is not None and silent_s < SILENT_S:
        silent, for_s = missing
        lost_ones = list(_remotes(silent, now, for_s, told=told, is_double=False))
        one_of_two = f"one of two edges of this name is not heard for {for_s:.0f} s"
        yield replace(lost_ones[0], state=replace(lost_ones[0].state, error=one_of_two))
        yield from lost_ones[1:]
        names = {each.name for each in lost_ones}
        rest = _remotes(row, now, silent_s, told=told, is_double=False)
        yield from (each for each in rest if each.name not in names)
        return
    lost, heard_at = silent_s >= SILENT_S, now - timedelta(seconds=silent_s)
    waiting = int(row.status.get("calls", 0)) + int(row.status.get("news", 0))
    yield Remote(
        name=row.name,
        told=told,
        state=GatewayState(
            name=row.name,
            condition=Condition.LOST if lost else Condition.CONNECTED,
            # It may have gone at any time since it was last heard.
            since=heard_at,
            last_heard_at=heard_at,
            frames=0,
            waiting=waiting,
            dropped=int(row.status.get("dropped", 0)),
            unanswered=0,
            failures=0,
            tally=Tally(),
            error=f"not heard for {silent_s:.0f} s" if lost else _trouble(row, is_double=is_double),
        ),
    )
    yield from (replace(_behind(row, each, heard_at, lost=lost), told=told) for each in row.status.get("receivers", ()))


def _trouble(row: EdgeRow, *, is_double: bool) -> str:
    """What is not well with an edge that is there."""
    found = ["another edge has the same name: give one of them another, in its settings"] if is_double else []
    found += ["its spool is not on its own disk"] if row.status.get("elsewhere") else []
    pager = str(row.status.get("pager", ""))
    return "; ".join([*found, *([f"its pager: {pager}"] if pager not in {"", "ready", "none"} else [])])


def _behind(row: EdgeRow, said: Mapping[str, Any], told_at: datetime, *, lost: bool) -> Remote:
    """A gateway of an edge, by the edge's last word; with a lost edge it is lost since then."""
    known = said["condition"] in set(Condition)
    told = Condition(said["condition"]) if known else Condition.STARTING
    heard_s = said.get("heard_s")
    state = GatewayState(
        name=said["name"],
        condition=Condition.LOST if lost else told,
        since=told_at if lost else told_at - timedelta(seconds=said["since_s"]),
        last_heard_at=None if heard_s is None else told_at - timedelta(seconds=heard_s),
        frames=int(said.get("frames", 0)),
        waiting=int(said.get("waiting", 0)),
        dropped=0,
        unanswered=0,
        failures=0,
        tally=Tally(malformed=int(said.get("malformed", 0)), noise_bytes=int(said.get("noise_bytes", 0))),
        error=f"its edge {row.name} is not heard" if lost else str(said.get("error", "")),
    )
    return Remote(
        name=said["name"], state=state, behind=row.name, silent_s=float(said.get("silent_s", LISTENED_S)),
        unreached=lost,
    )  # fmt: skip
