"""What the web is told at the start, and the names of its cookies."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

COOKIE = "anling"
LANG_COOKIE = "anling_lang"
LOOK_COOKIE = "anling_look"
SECRET_MIN = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOptions:
    """Where the tiles of the map come from, if from anywhere; `datum` is wgs84 or gcj02."""

    tiles: str = ""
    datum: str = "wgs84"
    attribution: str = ""

    @property
    def host(self) -> str:
        """What a page must be allowed to load images from; empty for our own host, or where there are no tiles."""
        parts = urlsplit(self.tiles)
        return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}" if parts.netloc else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """
    How pages are served.

    `public_url` is the address people and providers see, without a slash at its end: every address that leaves the
    house is built from it and never from a request's Host. `secure_cookies` belongs to https. `threads` and
    `streams_max` bound the live boards. `demo` shows the logins on the sign-in page and the pretend phones. `home` is
    where a signed-in operator begins. `hsts_subdomains`: what browsers are told of https counts for names below ours.
    """

    public_url: str
    secret_key: str = field(repr=False)
    secure_cookies: bool = True
    threads: int = 144
    streams_max: int = 64
    hsts_subdomains: bool = True
    demo: bool = False
    lang: str = "zh"
    home: str = "/board"
    map: MapOptions = MapOptions()

    def __post_init__(self) -> None:
        assert self.public_url.startswith(("http://", "https://"))
        assert not self.public_url.endswith("/")
        assert len(self.secret_key) >= SECRET_MIN
        assert self.streams_max < self.threads

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    def address(self, path: str) -> str:
        """The full address of one of our own paths, for messages and callbacks."""
        assert path.startswith("/")
        return self.public_url + path

    def cookie(self, name: str) -> str:
        """The name a cookie goes by: `__Host-` binds it to this host, https and the root (ASVS 3.3.1)."""
        return f"__Host-{name}" if self.secure_cookies else name
