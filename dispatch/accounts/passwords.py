"""
Hashing passwords: argon2 in a small pool of its own, never inside a transaction and never in more threads than it has.

A hash costs 70–130 ms and 64 MB. Without a bound, a storm of sign-ins would take the memory and the processors that an
alarm needs; so a few are worked on, some wait, and the rest are told to come back.
"""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import BoundedSemaphore
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dispatch.accounts.weak import is_tried_first
from dispatch.errors import Busy, Invalid

PASSWORD_MIN = 8
"""Characters; OWASP ASVS 5.0, 6.2.1."""

PASSWORD_MAX = 256
"""More is allowed by nobody's password manager; ASVS asks for at least 64."""

HASHERS = 2
WAITING_MAX = 30
"""So many sign-ins wait for a hasher, about two seconds' worth; a shift change has fewer."""

T = TypeVar("T")


class Passwords:
    """Makes and checks the hashes of passwords, a bounded number at once."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._pool = ThreadPoolExecutor(max_workers=HASHERS, thread_name_prefix="hasher")
        self._places = BoundedSemaphore(HASHERS + WAITING_MAX)

    @cached_property
    def _nobody(self) -> str:
        """The hash of no password: made by the first who signs in, known or not, and not at the start of a service."""
        return self._hasher.hash(secrets.token_hex(16))

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

        def work() -> bool:
            # Asked for in any case: else the first who is not known would wait for two.
            nobody = self._nobody
            return self._verify(password[:PASSWORD_MAX], hash_ or nobody)

        return self._work(work) and hash_ is not None and len(password) <= PASSWORD_MAX

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


def refuse_weak(password: str, login: str, *context: str) -> None:
    """
    Lets a good password pass: a long one of any signs. There is no rule about kinds of signs and none about changing it
    every few months; both make people choose worse ones (NIST SP 800-63B, 3.1.1.2). `context` are the person's names.

    Raises:
        Invalid: it is too short, too long, the login itself, or one of those that are tried first.
    """
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        _refuse(f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters.")
    if is_tried_first(password, frozenset({login, *(each for name in context for each in (name, *name.split()))})):
        _refuse("This password is one of the first that anybody would try; choose another.")


def _refuse(why: str) -> None:
    raise Invalid(why, {"password": [why]})
