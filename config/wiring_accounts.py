"""The door: accounts as the settings want them."""

from datetime import timedelta

from argon2 import PasswordHasher

from config.settings import Settings
from config.wiring_pages import Page
from dispatch.accounts.policy import AccountPolicy, SessionLimits
from dispatch.accounts.sign_in import SignIn
from dispatch.clock import Clock
from dispatch.store.accounts import Reading
from dispatch.store.transactions import Transactions


def build_sign_in(
    settings: Settings, transactions: Transactions, reading: Reading, clock: Clock, *, secret: str, page: Page
) -> SignIn:
    """`secret` is the service's own: with another, every second factor has to be set up anew."""
    return SignIn(transactions, reading, clock, PasswordHasher(), policy=_policy(settings), secret=secret, page=page)


def _policy(settings: Settings) -> AccountPolicy:
    said = settings.accounts
    return AccountPolicy(
        second_factor=said.second_factor == "required",
        watch=_limits(said.watch_idle_min, said.watch_lasts_min),
        others=_limits(said.idle_min, said.lasts_min),
    )


def _limits(idle_min: int, lasts_min: int) -> SessionLimits:
    return SessionLimits(idle=timedelta(minutes=idle_min), absolute=timedelta(minutes=lasts_min))
