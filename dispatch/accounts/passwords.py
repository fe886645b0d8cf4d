"""
Hashing passwords: argon2 in a small pool of its own, never inside a transaction and never in more threads than it has.

A hash costs 70–130 ms and 64 MB. Without a bound, a storm of sign-ins would take the memory and the processors that an
alarm needs; so a few are worked on, some wait, and the rest are told to come back.
"""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dispatch.errors import Busy, Invalid

PASSWORD_MIN = 8
"""Characters; OWASP ASVS 5.0, 6.2.1."""

PASSWORD_MAX = 256
"""More is allowed by nobody's password manager; ASVS asks for at least 64."""

HASHERS = 2
WAITING_MAX = 30
"""So many sign-ins wait for a hasher, about two seconds' worth; a shift change has fewer."""

_TRIED_FIRST = """
    12345678 123456789 1234567890 0123456789 987654321 87654321 11111111 00000000 88888888 66666666 12341234
    11223344 123123123 147258369 password password1 passw0rd p@ssw0rd qwertyui qwerty123 qwertyuiop 1qaz2wsx
    1q2w3e4r abcd1234 abc12345 a1234567 a12345678 asdfghjkl iloveyou sunshine princess football baseball
    welcome1 letmein1 trustno1 superman changeme admin123 admin888 administrator operator woaini1314 5201314520
    anling123 anling01
"""

WORST = frozenset(_TRIED_FIRST.split())
"""The passwords tried first by anybody; compared without regard to case."""

T = TypeVar("T")


class Passwords:
    """Makes and checks the hashes of passwords, a bounded number at once."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._pool = ThreadPoolExecutor(max_workers=HASHERS, thread_name_prefix="hasher")
        self._places = BoundedSemaphore(HASHERS + WAITING_MAX)
        self._nobody = hasher.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """
        The hash to keep for a password.

        Raises:
            Busy: too many wait for a hasher.
        """
        return self._work(lambda: self._hasher.hash(password))

    def fits(self, password: str, hash_: str | None) -> bool:
        """
        Whether the password belongs to the hash. With None as hash it does the same work and says no, so that the time
        taken tells nobody which logins exist.

        Raises:
            Busy: too many wait for a hasher.
        """
        fits = self._work(lambda: self._verify(password[:PASSWORD_MAX], hash_ or self._nobody))
        return fits and hash_ is not None and len(password) <= PASSWORD_MAX

    def is_outdated(self, hash_: str) -> bool:
        """Whether a hash was made with other figures than today's and should be made again."""
        return self._hasher.check_needs_rehash(hash_)

    def close(self) -> None:
        self._pool.shutdown()

    def _verify(self, password: str, hash_: str) -> bool:
        try:
            return self._hasher.verify(hash_, password)
        except (VerificationError, InvalidHashError):
            return False

    def _work(self, task: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise Busy("Too many people are signing in; try again in a few seconds.")
        try:
            return self._pool.submit(task).result()
        finally:
            self._places.release()


def refuse_weak(password: str, login: str) -> None:
    """
    Lets a good password pass.

    Raises:
        Invalid: it is too short, too long, the login itself, or one of those that are tried first.
    """
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        _refuse(f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters.")
    if password.lower() in WORST | {login.lower()} or len(set(password)) <= 2:
        _refuse("This password is one of the first that anybody would try; choose another.")


def _refuse(why: str) -> None:
    raise Invalid(why, {"password": [why]})
