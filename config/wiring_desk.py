"""Puts together what the desk decides by: the policies, the weights of the nearest, the situation of an alarm."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace

from config.settings import Settings
from config.travel import measure_of
from dispatch.clock import Clock
from dispatch.errors import Misconfigured
from dispatch.messages.providers.provider import Provider
from dispatch.muster import Muster
from dispatch.rules.escalation import Policies, read_policies
from dispatch.rules.nearest import Weights
from dispatch.rules.people import Reach, operator
from dispatch.rules.steps import STEPS
from dispatch.situations import Situations
from dispatch.store.database import Engine


def read_escalation(settings: Settings) -> Policies:
    """
    The policies of the escalation file.

    Raises:
        Misconfigured: the file cannot be read or is wrong; names the place.
    """
    path = settings.escalation.file
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Misconfigured("escalation.file", f"{path} cannot be read: {error}") from None
    unknown = set(written) - {"policies"}
    if unknown:
        raise Misconfigured(f"{path.name}: {min(unknown)}", "unknown key; policies are tables under [[policies]]")
    return read_policies(written.get("policies", []), STEPS)


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
