"""
ID numbers of residents: checked as GB 11643-1999 says, kept so that only whoever has the key can read them.

A row has three forms of one number: sealed with Fernet (AES-128-CBC and HMAC-SHA-256), a keyed hash by which the same
number is found again, and a mask for pages. The keys lie outside the database, so a copy of the database tells nothing.
Without the right key nothing else is lost: the mask stays, and numbers can be typed again.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from dispatch.errors import Conflict, Invalid

FIRST, LAST = 3, 4
"""Digits that a mask shows at the beginning and the end (CARE-RULES, 6.2)."""

AGE_MAX = 130
FIELD = "id_number"


@dataclass(frozen=True, slots=True)
class Sealed:
    """One number as the row keeps it."""

    sealed: str
    hash: str
    mask: str


class IdNumbers:
    """Seals and opens. `keys` are Fernet keys, the newest first: older ones still open what they have sealed."""

    def __init__(self, keys: Sequence[str], pepper: bytes) -> None:
        """`pepper` is the key of the hash and never changes, or no number is found any more."""
        self._fernet = MultiFernet([Fernet(each) for each in keys])
        self._pepper = pepper

    @property
    def _box(self) -> MultiFernet:
        return self._fernet

    def seal(self, number: str) -> Sealed:
        """A number that `checked` has let through."""
        return Sealed(self._box.encrypt(number.encode()).decode(), self.hash(number), masked(number))

    def open(self, sealed: str) -> str:
        """
        The number itself.

        Raises:
            Conflict: it was sealed with a key that is not here.
        """
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Conflict("The key of this ID number is missing. Restore the key file, or enter it again.") from None

    def hash(self, number: str) -> str:
        """What the same number is found by: HMAC-SHA-256, so that nobody can try all numbers without the key."""
        return hmac.new(self._pepper, number.encode(), hashlib.sha256).hexdigest()


class Locked(IdNumbers):
    """The keys cannot be read: nothing is sealed, opened or looked for, and everything else goes on."""

    def __init__(self) -> None:
        super().__init__([draw_key()], b"")

    @property
    def _box(self) -> MultiFernet:
        raise Conflict("The file of keys cannot be used: restore id-numbers.key from the backup, then start again.")

    def hash(self, number: str) -> str:
        """
        Nothing is found.

        Raises:
            Conflict: always.
        """
        self._box  # noqa: B018  it says why
        return ""


def draw_key() -> str:
    """A new Fernet key."""
    return Fernet.generate_key().decode()


def checked(typed: str, today: date) -> str:
    """
    An ID number of 18 places as it is kept: blanks gone, digits narrow, X large.

    The place of birth is not looked up: cards outlive the counties that issued them.

    Raises:
        Invalid: with the reason, under the field `id_number`.
    """
    number = normal(typed)
    if len(number) != 18 or not (number[:17].isascii() and number[:17].isdigit()):
        raise _wrong("An ID number has 17 digits and a check digit.")
    try:
        born_on: date = ric.get_birth_date(number)
    except ValidationError:
        raise _wrong("There is no such date of birth.") from None
    if ric.calc_check_digit(number) != number[-1]:
        raise _wrong("The check digit does not fit: one digit is wrong.")
    if born_on > today or today.year - born_on.year > AGE_MAX:
        raise _wrong("Nobody was born on that day who could be served.")
    return number


def normal(typed: str) -> str:
    """Without blanks and dashes, in narrow digits."""
    return "".join(unicodedata.normalize("NFKC", typed).split()).replace("-", "").upper()


def born_on(number: str) -> date:
    """The birthday in a number that was checked."""
    found: date = ric.get_birth_date(number)
    return found


def masked(number: str) -> str:
    """`130***********0014`."""
    return number[:FIRST] + "*" * (len(number) - FIRST - LAST) + number[-LAST:]


def _wrong(why: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {FIELD: [why]}})
