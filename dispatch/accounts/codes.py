"""Codes for people to type, and the six digits of an authenticator (TOTP, RFC 6238)."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet, InvalidToken

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without the letters that are taken for digits and the other way round; 31 of them, 4.95 bits each."""

GROUPS, GROUP = 4, 5
"""Four groups of five: 99 bits."""

STEP_S = 30
DRIFT = 1
"""A telephone's clock may be so many steps ahead or behind: RFC 6238, 5.2, allows one."""

ISSUER = "Anling"


def new_code() -> str:
    """A code nobody guesses, as people read it aloud: `k7m2p-…`."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def new_secret() -> str:
    """The secret of an authenticator: 160 bits in base32, as RFC 4226 recommends."""
    return pyotp.random_base32()


def address_of(secret: str, login: str) -> str:
    """The `otpauth://` address that an authenticator reads from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step whose code this is, within the drift; None for any other. Compared in constant time."""
    present = int(now.timestamp()) // STEP_S
    hotp = pyotp.HOTP(secret)
    fits = [each for each in range(present - DRIFT, present + DRIFT + 1) if _same(hotp.at(each), code)]
    return max(fits, default=None)


def digits_of(typed: str) -> str:
    """What was typed without blanks; empty where it is not six digits."""
    plain = "".join(typed.split())
    return plain if len(plain) == 6 and plain.isascii() and plain.isdigit() else ""


def _same(wanted: str, code: str) -> bool:
    return hmac.compare_digest(wanted.encode(), code.encode())


class Vault:
    """Enciphers the secrets of second factors (AEAD), so that a copy of the database alone opens no account."""

    def __init__(self, secret: str) -> None:
        """`secret` is the service's own, kept beside the data and not in the database."""
        key = hashlib.sha256(f"anling second factor\n{secret}".encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, closed: str) -> str | None:
        """The secret again; None where it was enciphered under another key."""
        try:
            return self._fernet.decrypt(closed.encode()).decode()
        except InvalidToken:
            return None
