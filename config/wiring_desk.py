"""Puts together what the desk decides by: the policies, the weights of the nearest, the situation of an alarm."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from config.files import parse_toml
from config.settings import Settings
from config.tolerated import Tolerated, stood_in, tolerated
from config.travel import measure_of
from dispatch.clock import Clock
from dispatch.errors import SLIPS, Busy, Misconfigured
from dispatch.messages.providers.provider import Provider
from dispatch.muster import Muster
from dispatch.rules.escalation import PLAIN, Policies, read_policies
from dispatch.rules.nearest import Weights
from dispatch.rules.people import Reach, operator
from dispatch.rules.steps import STEPS
from dispatch.situations import Situations
from dispatch.store.database import Engine
from dispatch.store.policies import Rows, StandingPolicies
from dispatch.store.transactions import Lane, Transactions

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """
    The policies in force. `rows` is what their file says, to be kept as what last stood; None where it has a mistake
    and something else is in force.
    """

    policies: Policies
    rows: Rows | None


def read_escalation(settings: Settings) -> Escalation:
    """
    The policies of the escalation file.

    Raises:
        Misconfigured: the file cannot be read or is wrong; names the place.
    """
    path = settings.escalation.file
    try:
        written = parse_toml(path)
    except Misconfigured as wrong:
        raise Misconfigured("escalation.file", wrong.detail) from None
    unknown = set(written) - {"policies"}
    if unknown:
        raise Misconfigured(f"{path.name}: {min(unknown)}", "unknown key; policies are tables under [[policies]]")
    rows = written.get("policies", [])
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise Misconfigured(f"{path.name}: policies", "policies are tables under [[policies]]")
    return Escalation(policies=read_policies(rows, STEPS), rows=rows)


def escalation_anyway(settings: Settings, reading: Engine) -> Escalation:
    """
    The same for a service: with a file that is damaged a centre that has been at work goes by what last stood here, and
    by the plainest policy there is where nothing did. A press is answered whatever became of a file.

    Raises:
        Misconfigured: the file cannot be read or is wrong, and this is a first start: whoever installs it is there.
    """
    stood = _standing(reading)
    if stood.value is None and not stood.lacking and not _was_used(reading):
        return read_escalation(settings)
    return stood_in("escalation", lambda: read_escalation(settings), lambda: _stood(stood.value)).value


def keep_escalation(transactions: Transactions, reading: Engine, escalation: Escalation) -> None:
    """
    Puts what is in force by its own file where a later start finds it. Where that fails, the log says so: it is for a
    day on which the file is damaged, and no start may end for it.
    """
    rows = escalation.rows
    if rows is None or rows == _standing(reading).value:
        return
    try:
        transactions.run(lambda tx: StandingPolicies.put(tx, rows), lane=Lane.BULK)
    except (SQLAlchemyError, OSError, Busy, *SLIPS) as error:
        log.error("escalation_not_kept", why=repr(error))


def _standing(reading: Engine) -> Tolerated[Rows | None]:
    """What stood last; a row that cannot be read is as good as none, and told."""

    def read() -> Rows | None:
        try:
            with reading.connect() as connection:
                return StandingPolicies(connection).get()
        except SQLAlchemyError as error:
            raise Misconfigured("standing_policies", f"the database cannot read it: {type(error).__name__}") from error

    return tolerated("standing escalation", read)


def _was_used(reading: Engine) -> bool:
    with reading.connect() as connection:
        return StandingPolicies(connection).was_used()


def _stood(rows: Rows | None) -> Escalation:
    # A program that came later may read them no more.
    own = tolerated("standing escalation", lambda: read_policies(rows, STEPS)).value if rows else None
    return Escalation(policies=own or read_policies([PLAIN], STEPS), rows=None)


def read_weights(settings: Settings) -> Weights:
    """
    What a candidate's way, load and place weigh, and how long each ring waits.

    Raises:
        Misconfigured: a weight has a name that is not known.
    """
    known = set(Weights.__dataclass_fields__)
    for name in settings.nearest.weights:
        if name not in known:
            raise Misconfigured(f"nearest.weights.{name}", f"known are {', '.join(sorted(known))}")
    own, lending, district = settings.nearest.rings_s
    return replace(Weights(ring_s=(own, lending, district)), **settings.nearest.weights)  # type: ignore[arg-type]


def build_situations(
    settings: Settings, reading: Engine, muster: Muster, clock: Clock, providers: Mapping[str, Provider]
) -> Situations:
    """Who tells the desk what it must know to decide: whom it can reach, and how."""
    first = next(iter(providers.values()))
    return Situations(
        reading, muster, clock,
        operators=[Reach(person=operator(phone), phone=phone) for phone in settings.operators.phones],
        two_way=lambda phone: first.capability(phone).two_way,
        emergency_number=settings.emergency.number or None,
        always_codes=settings.messages.codes == "always",
        measure=measure_of(settings, clock),
    )  # fmt: skip
