"""The default alphabet of GSM: seven bits a character, eight of them in seven octets (3GPP TS 23.038, 6.1.2, 6.2.1)."""

ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""A character's septet is its place; 0x1B announces one of the extension table."""

ESCAPED = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip
"""What follows 0x1B; a septet that is not here is read as in the alphabet itself, as the standard asks."""

_ESCAPE = 0x1B
_SEPTETS: dict[str, tuple[int, ...]] = {char: (place,) for place, char in enumerate(ALPHABET) if place != _ESCAPE}
_SEPTETS |= {char: (_ESCAPE, place) for place, char in ESCAPED.items()}


def septets(text: str) -> list[int] | None:
    """The septets of a text, two for an escaped character; None when a character is not in the alphabet."""
    found = [_SEPTETS.get(char) for char in text]
    return None if None in found else [septet for each in found if each for septet in each]


def text_of(values: list[int]) -> str:
    """The text that these septets (0 to 127) stand for."""
    text, escaped = [], False
    for value in values:
        if value == _ESCAPE and not escaped:
            escaped = True
            continue
        # A second escape announces a further table, and there is none: it is shown as a space (TS 23.038, 6.2.1.1).
        char = " " if value == _ESCAPE else ALPHABET[value]
        text.append(ESCAPED.get(value, char) if escaped else char)
        escaped = False
    return "".join(text)


def pack(values: list[int], fill_bits: int = 0) -> bytes:
    """Septets as octets, the first one in the lowest bits, after so many bits of nothing."""
    bits = sum(value << (7 * place) for place, value in enumerate(values)) << fill_bits
    return bits.to_bytes((7 * len(values) + fill_bits + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> list[int]:
    """`count` septets out of octets; fewer when the octets end before."""
    bits = int.from_bytes(octets, "little") >> fill_bits
    room = max(0, (8 * len(octets) - fill_bits) // 7)
    return [bits >> (7 * place) & 0x7F for place in range(min(count, room))]
