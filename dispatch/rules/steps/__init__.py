"""The steps an escalation policy may take, by the name used in `config/escalation.toml`."""

from collections.abc import Mapping
from types import MappingProxyType

from dispatch.rules.escalation import Step
from dispatch.rules.steps.all_hands import AllHands
from dispatch.rules.steps.call_back import CallBack
from dispatch.rules.steps.call_carer import CallCarer
from dispatch.rules.steps.call_family import CallFamily
from dispatch.rules.steps.emergency_service import EmergencyService
from dispatch.rules.steps.exercise import Exercise
from dispatch.rules.steps.look_in import LookIn
from dispatch.rules.steps.offer_nearest import OfferNearest
from dispatch.rules.steps.page_operator import PageOperator

STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "offer_nearest": OfferNearest(),
        "call_carer": CallCarer(),
        "call_family": CallFamily(),
        "emergency_service": EmergencyService(),
        "page_operator": PageOperator(),
        "all_hands": AllHands(),
        "call_back": CallBack(),
        "look_in": LookIn(),
        "exercise": Exercise(),
    }
)
