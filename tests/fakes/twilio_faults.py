"""What the stand-in for Twilio can be told to do wrong."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    What goes wrong with one request. `taken` says whether the message is kept before it goes wrong.

    `how`: hang drip drip_headers close reset half delay status refuse problem text
    """

    how: str
    taken: bool = False
    status: int = 500
    code: int = 0
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.1


HANG = Fault(how="hang", taken=True)
DRIP = Fault(how="drip", taken=True)
DRIP_HEADERS = Fault(how="drip_headers", taken=True)
CLOSE = Fault(how="close", taken=True)
RESET = Fault(how="reset", taken=True)
HALF_BODY = Fault(how="half", taken=True)
ERROR_500 = Fault(how="refuse", status=500, code=20500)
EMPTY_503 = Fault(how="status", status=503)
REDIRECT = Fault(how="status", status=307, headers=(("Location", "/elsewhere"),))
HTML_201 = Fault(how="status", status=201, body="<html>welcome to the hotel network</html>")


def too_many(retry_after: str = "7") -> Fault:
    """Over the rate: 429 with Retry-After."""
    return Fault(how="refuse", status=429, code=20429, headers=(("Retry-After", retry_after),))


def refuse(code: int, status: int = 400) -> Fault:
    """Twilio says no, with one of its error codes."""
    return Fault(how="refuse", status=status, code=code)
