"""A house whose devices can do more may refuse whatever goes in the clear or by ciphers that nobody approves."""

import pytest

from config import doctor_safety
from config.settings import read_settings
from config.settings_encryption import CBC, CLEAR, MD5, weak
from dispatch.errors import Misconfigured

KEY = "0123456789ABCDEF0123456789ABCDEF"
PUBLIC = {"public_url": "https://anling.example"}


def gateway(port, **more):
    return {"gateways": [{"name": "hall", "protocol": "rflink", "port": port, **more}]}


def read(said, *, required, **environ):
    return read_settings({**said, "encryption": {"required": required}}, environ=environ)


WEAK = [
    (gateway("tcp-listen://0.0.0.0:5000"), "gateways.0.port", CLEAR),
    (gateway("udp-listen://0.0.0.0:5140"), "gateways.0.port", CLEAR),
    (gateway("socket://10.0.0.9:4001"), "gateways.0.port", CLEAR),
    (gateway("rfc2217://10.0.0.9:4001"), "gateways.0.port", CLEAR),
    (gateway("mqtt://10.0.0.9:1883/x/%23"), "gateways.0.port", CLEAR),
    (gateway("sip-listen://0.0.0.0:5060"), "gateways.0.port", CLEAR),
    (gateway("sip-listen://u:p@0.0.0.0:5061?tls=/etc/a.pem"), "gateways.0.port", MD5),
    (gateway("sip-listen://u:p@127.0.0.1:5060?auth=sha-256,md5"), "gateways.0.port", MD5),
    ({"web": {"listen": "0.0.0.0:8080"}}, "web.listen", CLEAR),
    ({"web": {"public_url": "http://anling.example"}}, "web.public_url", CLEAR),
    ({"travel": {"router": "osrm", "url": "http://10.0.0.9:5000"}}, "travel.url", CLEAR),
    ({"providers": {"twilio": {"base_url": "http://10.0.0.9"}}, "messages": {"order": ["twilio"]}},
     "providers.twilio.base_url", CLEAR),
    ({"webhooks": {"private_addresses": True}}, "webhooks.private_addresses", CLEAR),
    ({"uploads": {"scanner": "10.0.0.9:3310"}}, "uploads.scanner", CLEAR),
    ({"database_url": "postgresql+psycopg://a@db.example/anling?sslmode=require"}, "database_url", CLEAR),
]  # fmt: skip

STRONG = [
    {},
    gateway("/dev/ttyUSB0"),
    gateway("exec:rtl_433 -F json"),
    gateway("http:"),
    gateway("tcp-listen://127.0.0.1:5000"),
    gateway("mqtts://10.0.0.9:8883/x/%23"),
    gateway("sip-listen://0.0.0.0:5061?tls=/etc/a.pem"),
    gateway("sip-listen://u:p@0.0.0.0:5061?tls=/etc/a.pem&auth=sha-256"),
    {"web": PUBLIC},
    {"travel": {"router": "osrm", "url": "http://127.0.0.1:5000"}},
    {"uploads": {"scanner": "/run/clamav/clamd.ctl"}},
    {"database_url": "postgresql+psycopg://a@db.example/anling?sslmode=verify-full"},
    {"database_url": "postgresql+psycopg:///anling"},
]


@pytest.mark.parametrize(("said", "key", "why"), WEAK, ids=lambda each: each if isinstance(each, str) else "")
def test_what_is_weak_is_let_through_told_by_the_doctor_and_refused_where_it_is_asked_for(said, key, why):
    settings = read(said, required=False)
    assert [(".".join(map(str, place)), told) for place, told in weak(settings)] == [(key, why)]
    (found,) = doctor_safety.encryption(settings)
    assert (found.well, key in found.seen, bool(found.cure)) == (True, True, True)
    with pytest.raises(Misconfigured) as refused:
        read(said, required=True)
    assert refused.value.place == key
    assert why in refused.value.detail


@pytest.mark.parametrize("said", STRONG, ids=str)
def test_what_stays_here_or_is_encrypted_is_let_through(said):
    settings = read(said, required=True)
    assert weak(settings) == []
    (found,) = doctor_safety.encryption(settings)
    assert (found.well, found.cure) == (True, "")


def test_a_panels_own_cipher_is_no_approved_one():
    """AES-CBC with a start of zeros and no proof of what was sent, as SIA DC-09 says; its key is no secret of ours."""
    said = {"gateways": [{"name": "hall", "protocol": "dc09", "port": "tcp-listen://127.0.0.1:5000"}]}
    key = {"ANLING_GATEWAYS__0__KEY": KEY}
    assert weak(read(said, required=False, **key)) == [(("gateways", 0, "protocol"), CBC)]
    with pytest.raises(Misconfigured) as refused:
        read(said, required=True, **key)
    assert refused.value.place == "gateways.0.protocol"
    assert KEY not in refused.value.detail
