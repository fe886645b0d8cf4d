"""Extra rounds on file: who called them, for which classes and days, and how many of them are done."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    ForeignKey,
    String,
    Table,
    Text,
    case,
    func,
    select,
    true,
    update,
)

from dispatch.errors import NotFound
from dispatch.rules.people import Person
from dispatch.rules.rights import Area
from dispatch.store.database import Instant, Json, insert_once, metadata
from dispatch.store.people import homes, residents
from schedules.rounds.store.rounds import Listed, care_rounds, round_people

round_campaigns = Table(
    "round_campaigns", metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("occasion", String(20), nullable=False),
    Column("level", String(10), nullable=False),
    Column("classes", Json, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date, nullable=False),
    Column("station_id", String(40), ForeignKey("stations.id")),
    Column("note", Text, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Column("opened", Boolean, nullable=False),
    Column("ended_at", Instant),
)  # fmt: skip
"""Extra rounds for many. `opened`: everybody concerned has theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Extra rounds that somebody called, or a warning, or a festival."""

    id: str
    key: str
    occasion: str
    level: str
    classes: tuple[str, ...]
    from_on: date
    until_on: date
    station_id: str | None
    note: str
    by: Person
    at: datetime
    opened: bool = False
    ended_at: datetime | None = None


class Campaigns:
    """The shelf of extra rounds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def call(self, campaign: Campaign) -> bool:
        """Keeps one; False where the same was called before."""
        query = insert_once(round_campaigns, self._connection)
        return self._connection.execute(query, asdict(campaign)).rowcount > 0

    def change(self, id_: str, **changes: Any) -> None:
        self._connection.execute(update(round_campaigns).where(round_campaigns.c.id == id_).values(**changes))

    def get(self, id_: str) -> Campaign:
        """
        One of them.

        Raises:
            NotFound: there is none with this id.
        """
        row = self._connection.execute(select(round_campaigns).where(round_campaigns.c.id == id_)).first()
        if row is None:
            raise NotFound("There are no such extra rounds.")
        return _campaign(row)

    def by_key(self, key: str) -> Campaign | None:
        row = self._connection.execute(select(round_campaigns).where(round_campaigns.c.key == key)).first()
        return None if row is None else _campaign(row)

    def newest(self, area: Area, most: int) -> list[Campaign]:
        """The newest of the area; those for everybody are everybody's."""
        mine = (
            true()
            if area.stations is None
            else (round_campaigns.c.station_id.is_(None) | round_campaigns.c.station_id.in_(sorted(area.stations)))
        )
        query = select(round_campaigns).where(mine).order_by(round_campaigns.c.at.desc()).limit(most)
        return [_campaign(row) for row in self._connection.execute(query)]

    def to_open(self, day: date) -> list[Campaign]:
        """Those whose days have begun, and whose rounds were not opened yet."""
        query = select(round_campaigns).where(
            round_campaigns.c.opened.is_(False), round_campaigns.c.ended_at.is_(None), round_campaigns.c.from_on <= day
        )
        return [_campaign(row) for row in self._connection.execute(query)]

    def tally(self, ids: Collection[str]) -> Mapping[str, tuple[int, int]]:
        """By call for extra rounds: how many are done, of how many."""
        is_done = func.sum(case((care_rounds.c.state == "done", 1), else_=0))
        query = select(care_rounds.c.campaign_id, is_done, func.count()).where(
            care_rounds.c.campaign_id.in_(ids), care_rounds.c.state != "dropped"
        ).group_by(care_rounds.c.campaign_id)  # fmt: skip
        return {row[0]: (int(row[1] or 0), row[2]) for row in self._connection.execute(query)}

    def in_classes(self, classes: Collection[str], station_id: str | None) -> list[Listed]:
        """Who is served and on one of these lists, of one station or all."""
        query = (
            select(round_people)
            .join(residents, residents.c.id == round_people.c.resident_id)
            .join(homes, homes.c.id == residents.c.home_id)
            .where(round_people.c.cls.in_(classes), residents.c.ended_at.is_(None))
        )
        query = query.where(homes.c.station_id == station_id) if station_id else query
        found = self._connection.execute(query.order_by(round_people.c.resident_id))
        return [Listed(**row._mapping) for row in found]


def _campaign(row: Any) -> Campaign:
    said = dict(row._mapping)
    return Campaign(**said | {"classes": tuple(said["classes"]), "by": Person(said["by"])})
