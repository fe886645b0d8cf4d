"""
What somebody sees of a board depends on this and on nothing else: language, stations, rights. Never on the person.

Whatever is made once for many is kept under a scope, so that two people share it only where all three are the same.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from flask import g

from dispatch.rules.rights import WHOLE, Area, Right, rights_of
from dispatch.store.accounts import Operator
from dispatch.web.access import Gate, own_token, signed_in
from dispatch.web.i18n import current_words

NAME_CHARS = 16


@dataclass(frozen=True, slots=True)
class Scope:
    """In which language, for which stations, with which rights a rendering is made."""

    lang: str
    area: Area
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        """Whether whoever sees this may do this: what `access.may` says to each of them."""
        return right in self.rights and (right not in WHOLE or self.area.is_district)

    @property
    def name(self) -> str:
        """The same for the same scope, in every process; tells a browser whether what it is told is meant for it."""
        stations = "*" if self.area.stations is None else " ".join(sorted(self.area.stations))
        told = "\n".join((self.lang, stations, *sorted(self.rights)))
        return hashlib.sha256(told.encode()).hexdigest()[:NAME_CHARS]


def scope_of(operator: Operator, lang: str) -> Scope:
    """What this operator sees in this language."""
    return Scope(lang, operator.area, rights_of(operator.roles))


def scope() -> Scope:
    """
    That of this request.

    Raises:
        SignInNeeded: nobody is signed in.
    """
    return scope_of(signed_in(), current_words().lang)


def listening() -> tuple[str, Callable[[Collection[str]], Mapping[str, Operator]]]:
    """
    For an answer that lasts: the token of this request's session, and what says of many tokens which still hold, and
    whose they are.
    """
    gate: Gate = g.gate
    return own_token(), gate.sign_in.listeners
