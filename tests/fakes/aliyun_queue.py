"""Aliyun's queue of replies as it answers: keys for a while, messages hidden once given and gone once deleted."""

import base64
import hmac
import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

from tests.fakes.http_standin import Asked

NAME = "Alicom-Queue-1234567890-SmsUp"
KEY_ID, SECRET, SECURITY_TOKEN = "STS.lent", "a lent secret", "a lent token"
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
_XMLNS = 'xmlns="http://mns.aliyuncs.com/doc/v1/"'


@dataclass
class AliyunQueue:
    """`box` is what waits, `hidden` what was given and not deleted; `packed` puts base64 around bodies."""

    box: list[tuple[str, str, datetime]] = field(default_factory=list)
    hidden: list[tuple[str, str, datetime]] = field(default_factory=list)
    packed: bool = False
    made: int = 0
    dates: list[datetime] = field(default_factory=list)

    def put(self, item: Mapping[str, object] | str, at: datetime) -> None:
        """Somebody answered at this moment of theirs; a text is a body as it stands."""
        body = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
        self.made += 1
        packed = base64.b64encode(body.encode()).decode() if self.packed else body
        self.box.append((f"handle-{self.made}<&>", packed, at))

    def show_again(self) -> None:
        """The time is over for which what was given is hidden."""
        self.box, self.hidden = self.hidden + self.box, []

    def token(self, asked: Asked) -> tuple[int, object]:
        if (asked.query["MessageType"], asked.query["QueueName"]) != ("SmsUp", NAME):
            return 200, {"Code": "isv.QUEUE_NOT_EXIST", "Message": "no such queue"}
        keys = {"AccessKeyId": KEY_ID, "AccessKeySecret": SECRET, "SecurityToken": SECURITY_TOKEN}
        return 200, {"Code": "OK", "RequestId": "R", "MessageTokenDTO": keys | {"ExpireTime": "2026-03-02 20:30:00"}}

    def __call__(self, asked: Asked) -> tuple[int, object]:
        if not self._is_signed(asked):
            return 403, _error("SignatureDoesNotMatch")
        if asked.path != f"/queues/{NAME}/messages":
            return 404, _error("QueueNotExist")
        if asked.method == "DELETE":
            gone = [each.text for each in ET.fromstring(asked.body).iter() if each.tag.endswith("}ReceiptHandle")]
            self.hidden = [each for each in self.hidden if each[0] not in gone]
            return 204, b""
        most = int(asked.query["numOfMessages"])
        given, self.box = self.box[:most], self.box[most:]
        self.hidden += given
        return (200, _messages(given)) if given else (404, _error("MessageNotExist"))

    def _is_signed(self, asked: Asked) -> bool:
        """By the rules of MNS, written a second time."""
        resource = asked.path + (f"?{asked.raw_query}" if asked.raw_query else "")
        own = sorted(f"{name}:{value}" for name, value in asked.headers.items() if name.startswith("x-mns-"))
        lines = [
            asked.method,
            asked.headers.get("content-md5", ""),
            asked.headers["content-type"],
            asked.headers["date"],
        ]
        mac = hmac.digest(SECRET.encode(), "\n".join([*lines, *own, resource]).encode(), "sha1")
        self.dates.append(parsedate_to_datetime(asked.headers["date"]))
        good = f"MNS {KEY_ID}:{base64.b64encode(mac).decode()}"
        return asked.headers["authorization"] == good and asked.headers["security-token"] == SECURITY_TOKEN


def _messages(given: list[tuple[str, str, datetime]]) -> bytes:
    told = "".join(_message(*each) for each in given)
    return f"{_HEAD}<Messages {_XMLNS}>{told}</Messages>".encode()


def _message(handle: str, body: str, at: datetime) -> str:
    values = {"MessageId": "5F8092E53F67B92C0", "ReceiptHandle": handle, "MessageBody": body}
    values |= {"EnqueueTime": str(int(at.timestamp() * 1000)), "DequeueCount": "1", "Priority": "8"}
    message = ET.Element("Message")
    for name, value in values.items():
        ET.SubElement(message, name).text = value
    return ET.tostring(message, encoding="unicode")


def _error(code: str) -> bytes:
    return f"{_HEAD}<Error {_XMLNS}><Code>{code}</Code><Message>{code}</Message></Error>".encode()
