"""Puts together the pages of the console: claims, history, the map and the wall, handover, the duty sheet, paper."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.wiring_board import Console
from dispatch.clock import Clock
from dispatch.handover.history import AlarmHistory, FalseAlarms
from dispatch.ids import AlarmId, HomeId, StationId
from dispatch.review import Review
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.transactions import Lane, Transactions
from dispatch.web import words
from dispatch.web.alarms import Names
from dispatch.web.claims import Desk as ClaimsDesk
from dispatch.web.claims import claim_forms, claims_blueprint
from dispatch.web.handover import Shown, Topic, handover_blueprint
from dispatch.web.history import history_blueprint
from dispatch.web.maps import map_blueprint
from dispatch.web.paper import Desk as PaperDesk
from dispatch.web.paper import paper_api, paper_page
from dispatch.web.sheets import sheet_blueprint
from schedules.calendar import Calendar

Operators = Callable[[], Mapping[str, str]]
HOMES_OFFERED = 2_000
"""Homes in the list that a form offers; others are typed by their code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the pages are made of; `topics` are what else is handed over."""

    console: Console
    review: Review
    reading: Engine
    transactions: Transactions
    clock: Clock
    calendar: Calendar
    operators: Operators
    topics: Sequence[Topic] = ()


def console_blueprints(parts: Parts) -> list[Any]:
    """Everything of the console but the board itself."""
    console, names = parts.console, Names(parts.reading)
    claims = ClaimsDesk(console.claiming, parts.operators)
    paper = PaperDesk(
        console.paper, names, lambda id_: _station_of(parts.reading, id_), lambda id_: _home_station(parts.reading, id_)
    )
    shown = Shown(
        alarms=parts.review.board, claims=console.claiming.open, rota=console.rota, names=parts.operators,
        topics=parts.topics,
    )  # fmt: skip
    return [
        claims_blueprint(claims, names),
        claim_forms(claims, names),
        history_blueprint(
            AlarmHistory(parts.reading), start_of=parts.calendar.start_of, stations=console.places.stations,
            operators=parts.operators,
        ),
        map_blueprint(console.places, parts.review.board, parts.clock),
        handover_blueprint(console.watch, shown, parts.clock),
        sheet_blueprint(
            console.gathering, console.filing, shown=lambda by, homes: _seen(parts.transactions, by, homes)
        ),
        paper_api(paper, transactions=parts.transactions),
        paper_page(paper, lambda area: _choices(parts, area), local=lambda said: _local(parts.calendar, said)),
    ]  # fmt: skip


def false_alarms(reading: Engine, clock: Clock, calendar: Calendar) -> FalseAlarms:
    """How often it was a false alarm this month."""
    return FalseAlarms(reading, clock, month_of=calendar.month_of)


def _seen(transactions: Transactions, by: Person, homes: int) -> None:
    line = Line(kind="sheet_shown", by=by, facts={"homes": homes})
    transactions.run(lambda tx: tx.log(line), lane=Lane.BULK)


def _station_of(reading: Engine, id_: AlarmId) -> StationId | None:
    with reading.connect() as connection:
        return Alarms(connection).get(id_).station_id


def _home_station(reading: Engine, id_: HomeId) -> StationId | None:
    with reading.connect() as connection:
        return People(connection).home(id_).station_id


def _local(calendar: Calendar, said: str) -> datetime:
    """What a form's field says, in the district's time; ValueError where it says no time."""
    at = datetime.fromisoformat(said)
    return at if at.tzinfo is not None else at.replace(tzinfo=calendar.tzinfo)


def _choices(parts: Parts, area: Area) -> dict[str, Any]:
    with parts.reading.connect() as connection:
        people = People(connection)
        homes = [each for each in people.homes() if area.covers(each.station_id)]
        carers = [each for each in people.carers() if area.covers(each.station_id)]
    alarms = [each for each in parts.review.board() if area.answers_for(each["station_id"])]
    return {
        "open_alarms": [
            (each["id"], " ".join(str(each[key] or "") for key in ("number", "address", "name"))) for each in alarms
        ],
        "homes": [(each.code, each.address) for each in homes[:HOMES_OFFERED]],
        "carers": [(f"carer:{each.id}", f"{each.code} {each.name}") for each in carers],
        "outcomes": [(code, words.word(words.OUTCOMES, code)) for code in words.OUTCOMES],
    }  # fmt: skip
