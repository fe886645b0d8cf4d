"""What the settings file may say of the providers of messages; `config/settings_schema.py` has it as one section."""

from urllib.parse import urlsplit

from marshmallow import fields, validate

from config.options import ConsoleSettings, ProviderSettings, TwilioSettings
from config.provider_options import AliyunSettings, ModemSettings, WebhookSettings
from config.schemas import say
from config.settings_fields import Section, is_url, must, seconds, text, truth, whole
from dispatch.messages.providers.standard_webhooks import secret_bytes
from dispatch.messages.sentences import LANGUAGES, SENTENCES

_WITHIN_LEASE = validate.Range(min=0, min_inclusive=False, max=14)
"""The courier holds a message for 15 s; a call that took longer would be taken for lost and made twice."""


def _is_receiver(text: str) -> bool:
    """What is signed is not thereby hidden: over TLS, or to this machine itself."""
    here = is_url(text) and urlsplit(text).hostname in {"localhost", "127.0.0.1", "::1"}
    return text == "" or here or (is_url(text) and text.startswith("https://"))


def _is_sentence(name: str) -> bool:
    sentence, _, lang = name.partition(".")
    return sentence in SENTENCES and lang in {"", *LANGUAGES}


def _is_signing(text: str) -> bool:
    try:
        return text == "" or bool(secret_bytes(text))
    except ValueError:
        return False


_SIGNING = must(_is_signing, "Not a secret of Standard Webhooks.")
_HOOK_SECRET = validate.Regexp(r"^([0-9A-Za-z_-]{22,200})?\Z", error="Too short, or with other signs.")


class _ConsoleSchema(Section):
    value = ConsoleSettings
    fault = text(
        '"none", "refuse", "hang", "unknown" or "not_sent"',
        validate.OneOf(["none", "refuse", "hang", "unknown", "not_sent"]),
    )
    token = text("at least 20 random letters, or nothing", validate.Length(max=200), secret=True)


class _TwilioSchema(Section):
    value = TwilioSettings
    account_sid = text("the account's SID, which begins with AC", validate.Regexp(r"^(AC[0-9A-Za-z]+)?\Z"))
    sender = text("a number of yours in E.164, like +15005550006", data_key="from")
    voice_from = text("a number of yours that may call, in E.164; without it the sending number calls")
    notices_from = text("a second number of yours in E.164, for what is no emergency, or nothing")
    messaging_service_sid = text("a SID that begins with MG, or nothing", validate.Regexp(r"^(MG[0-9A-Za-z]+)?\Z"))
    base_url = text('"https://api.twilio.com", or a local stand-in', must(is_url, "Not an address of the web."))
    total_deadline_s = seconds("seconds above 0")
    cross_border = truth("true where the residents live in another country")
    machine_detection = fields.Boolean(metadata=say("true or false"))
    auth_token = text("the account's auth token", secret=True)
    alternate_auth_token = text("the other auth token while tokens are being rotated", secret=True)


class _AliyunSchema(Section):
    value = AliyunSettings
    access_key_id = text("the id of an access key", validate.Regexp(r"^[0-9A-Za-z.]{0,64}\Z"))
    access_key_secret = text("the secret of that access key", secret=True)
    sign_name = text("the approved signature, without brackets", validate.Length(max=20))
    templates = fields.Dict(
        keys=fields.String(validate=must(_is_sentence, "There is no such sentence.")),
        values=fields.String(validate=validate.Regexp(r"^SMS_[0-9A-Za-z]{1,40}\Z")),
        metadata=say('a table of approved templates by sentence, like { offer = "SMS_123456789" }'),
    )
    hook_secret = text("at least 22 random letters, digits, - and _", _HOOK_SECRET, secret=True)
    base_url = text('"https://dysmsapi.aliyuncs.com", or a local stand-in', must(is_url, "Not an address of the web."))
    uplink_queue = text(
        'a queue like "Alicom-Queue-1234567890-SmsUp", or nothing', validate.Regexp(r"^[0-9A-Za-z-]{0,255}\Z")
    )
    keys_url = text('"https://dybaseapi.aliyuncs.com", or a local stand-in', must(is_url, "Not an address of the web."))
    queue_url = text("where Aliyun keeps the queue, or a local stand-in", must(is_url, "Not an address of the web."))
    total_deadline_s = seconds("seconds above 0, at most 14", _WITHIN_LEASE)


class _ModemSchema(Section):
    value = ModemSettings
    port = text('a serial port like "/dev/ttyUSB2", or nothing')
    baud = whole("the line's speed, like 115200", validate.Range(min=50, max=4_000_000))
    total_deadline_s = seconds("seconds above 0, at most 14", _WITHIN_LEASE)
    country = text('a calling code, like "86"', validate.Regexp(r"^[1-9][0-9]{0,2}\Z"))


class _WebhookSchema(Section):
    value = WebhookSettings
    url = text('an address like "https://messages.example/send"', must(_is_receiver, "Not an address of the web."))
    poll_url = text(
        'an address like "https://messages.example/events", or nothing',
        must(_is_receiver, "Not an address of the web."),
    )
    secret = text("whsec_ and the base64 of 24 to 64 random bytes", _SIGNING, secret=True)
    alternate_secret = text("the other secret while secrets are being rotated", _SIGNING, secret=True)
    sms = truth("true or false")
    voice = truth("true or false")
    two_way = truth("true or false")
    urls = truth("true or false")
    receipts = truth("true or false")
    cross_border = truth("true where the residents live in another country")
    total_deadline_s = seconds("seconds above 0, at most 14", _WITHIN_LEASE)


class ProviderSchema(Section):
    value = ProviderSettings
    aliyun = fields.Nested(_AliyunSchema)
    console = fields.Nested(_ConsoleSchema)
    modem = fields.Nested(_ModemSchema)
    twilio = fields.Nested(_TwilioSchema)
    webhook = fields.Nested(_WebhookSchema)
