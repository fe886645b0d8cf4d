"""How many parts an SMS is cut into: in the alphabet of GSM 03.38, or UCS-2 when one character is outside it."""

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_ESCAPED = frozenset("\f^{}\\[~]|€")

# Septets of a single message and of each part of a longer one (3GPP TS 23.040: the header of a part costs 7).
_GSM_SINGLE, _GSM_PART = 160, 153
# The same in UCS-2 code units (the header costs 3).
_UCS2_SINGLE, _UCS2_PART = 70, 67


def segments(text: str) -> int:
    """
    The number of parts in which `text` is sent and billed; 0 for empty text.

    One character outside the GSM alphabet (any Chinese one, a curly quote, a tab) puts the whole text into UCS-2.
    An escaped character (`€`) and a character outside the basic plane (an emoji, 𠮷) cost two and are never split.
    """
    plain = all(char in _GSM or char in _GSM_ESCAPED for char in text)
    costs = [_septets(char) if plain else _code_units(char) for char in text]
    single, part = (_GSM_SINGLE, _GSM_PART) if plain else (_UCS2_SINGLE, _UCS2_PART)
    if sum(costs) <= single:
        return 1 if text else 0
    return _parts(costs, part)


def _parts(costs: list[int], part: int) -> int:
    count, room = 1, part
    for cost in costs:
        if cost > room:
            count, room = count + 1, part
        room -= cost
    return count


def _septets(char: str) -> int:
    return 2 if char in _GSM_ESCAPED else 1


def _code_units(char: str) -> int:
    return 2 if ord(char) > 0xFFFF else 1
