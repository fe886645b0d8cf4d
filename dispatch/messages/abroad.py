"""What may stand in a message that leaves the country."""

from collections.abc import Mapping

_PERSONAL = frozenset({"name", "address", "entry", "phone", "illness", "talk", "born", "age"})
"""What never leaves the country: who it is, which door, and how they are (SECURITY, 5.2)."""

_ASK = {"zh": ("请看链接", "请问值守台"), "en": ("see the link", "ask the desk")}


def for_abroad(values: Mapping[str, str], lang: str) -> dict[str, str]:
    """The same for a provider in another country: the compound instead of the door, and nothing of the person."""
    kept = {name: value for name, value in values.items() if name not in _PERSONAL}
    told = {"address": values["place"]} if "place" in values else {}
    hidden = {"entry": _ASK[lang]["link" not in values]} if "address" in values or "entry" in values else {}
    return kept | told | hidden
