"""
`anling` with a second road: another account at a provider of the same kind, whose address is in SECOND_ROAD.

Run as a process of its own in the place of `python -m config.main`; everything else is the service as it is.
"""

import os
import sys
from typing import Any

from config.main import main
from dispatch.messages.courier import Courier
from dispatch.messages.providers.twilio import TwilioProvider, TwilioSettings


class Second(TwilioProvider):
    """The other road."""

    name = "second"

    def __init__(self, settings: TwilioSettings) -> None:
        super().__init__(settings)
        # What is told of its attempts comes to an address of its own: no provider speaks for another.
        self._hooks._at = f"{settings.public_url}/hooks/second"


def with_second(make: Any) -> Any:
    """The courier, and everybody who shares its providers, is given the second road behind the first."""

    def made(self: Courier, transactions: Any, reading: Any, providers: Any, clock: Any, **more: Any) -> None:
        first = next(iter(providers.values()))
        said: TwilioSettings = first._settings
        providers["second"] = Second(
            TwilioSettings(
                account_sid=said.account_sid, auth_token=said.auth_token, from_=said.from_, public_url=said.public_url,
                base_url=os.environ["SECOND_ROAD"],
            )
        )  # fmt: skip
        make(self, transactions, reading, providers, clock, **more)

    return made


if __name__ == "__main__":
    Courier.__init__ = with_second(Courier.__init__)  # type: ignore[method-assign]
    sys.exit(main())
