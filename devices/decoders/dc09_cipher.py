"""
AES as DC-09 uses it: CBC, start vector zero, hexadecimal text, and a random pad in front of the message.

    pad|data][xdata]_HH:MM:SS,MM-DD-YYYY      the pad has no | [ ] and fills the whole to blocks of 16 bytes

Sources: ANSI/SIA DC-09-2013 sections 5.4 and 5.5.1.8; `eavanvalkenburg/pysiaalarm`, `fioletoven/dc09`.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

ANY = "*"
"""The account of a key that serves all accounts without one of their own."""

NO_KEYS: Mapping[str, str] = MappingProxyType({})

BLOCK = 16
_KEY_SIZES = frozenset({16, 24, 32})
_START = bytes(BLOCK)
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-+"
_KEY = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{32})+")


class Keys:
    """
    The keys of the accounts.

    Panels ask for a key either as 32, 48 or 64 hexadecimal digits (LUPUS) or as 16, 24 or 32 characters whose bytes are
    the key (most others). 32 hexadecimal digits may be meant either way: both are tried.
    """

    def __init__(self, keys: Mapping[str, str] = NO_KEYS) -> None:
        """
        `keys` maps an account, or `*` for any, to its key as it was typed into the panel.

        Raises:
            ValueError: a key of another length, or one that is not ASCII.
        """
        self._keys = {account.strip().upper(): _readings(key) for account, key in keys.items()}

    def of(self, account: str) -> Sequence[bytes]:
        """What the key of this account may be, empty where it has none."""
        return self._keys.get(account.upper()) or self._keys.get(ANY, ())


def _readings(key: str) -> tuple[bytes, ...]:
    typed = key.strip()
    found = [bytes.fromhex(typed)] if _KEY.fullmatch(typed) else []
    found += [typed.encode("ascii")] if typed.isascii() else []
    fitting = tuple(each for each in found if len(each) in _KEY_SIZES)
    if not fitting:
        raise ValueError("a key has 32, 48 or 64 hexadecimal digits, or 16, 24 or 32 characters")
    return fitting


def decrypted(text: str, key: bytes) -> str | None:
    """The plain text, one character a byte; None where the cipher text is no whole number of blocks in hexadecimal."""
    if not _HEX.fullmatch(text):
        return None
    reader = Cipher(AES(key), CBC(_START)).decryptor()
    return (reader.update(bytes.fromhex(text)) + reader.finalize()).decode("latin-1")


def encrypted(text: str, key: bytes, pad: bytes) -> str:
    """
    The cipher text of a message that begins after the pad, in upper-case hexadecimal.

    `pad` are random bytes, 16 are enough; they are drawn on for 1 to 16 letters.
    """
    missing = BLOCK - len(text) % BLOCK
    letters = bytes(_LETTERS[byte % len(_LETTERS)] for byte in pad.ljust(missing, b"\0")[:missing])
    writer = Cipher(AES(key), CBC(_START)).encryptor()
    return (writer.update(letters + text.encode("latin-1")) + writer.finalize()).hex().upper()
