"""What the settings file may say of backups and of signs of life."""

from urllib.parse import urlsplit

from marshmallow import fields, validate

from config.schemas import say
from config.settings_fields import Section, is_url, must, text, truth, whole
from config.upkeep_options import AliveSettings, BackupSettings

_KEY = must(
    lambda said: len(said) in {0, 64} and not set(said.lower()) - set("0123456789abcdef"),
    "Not a public key of 32 bytes in hexadecimal.",
)


def _is_private(said: str) -> bool:
    here = urlsplit(said).hostname in {"localhost", "127.0.0.1", "::1"} if is_url(said) else False
    return said == "" or (is_url(said) and (here or said.startswith("https://")))


_PRIVATE = must(_is_private, "Not a private way to somebody outside.")


class BackupSchema(Section):
    value = BackupSettings
    folder = text("the path of a folder, or nothing")
    also = fields.List(fields.String(validate=validate.Length(min=1)), metadata=say('folders, like ["/mnt/disk2"]'))
    recipient = text("the public key that `anling db key` printed, or nothing", _KEY)
    daily = whole("a number of days from 1 to 4096")
    weekly = whole("a number of weeks from 1 to 4096")
    monthly = whole("a number of months from 1 to 4096")


class AliveSchema(Section):
    value = AliveSettings
    ping_url = text('an address like "https://watch.example/ping/…", or nothing', _PRIVATE)
    needs_console = truth("true or false")
    canary_min = whole("minutes from 1 to 1440, or 0 for none", validate.Range(min=0, max=1440))
