"""Typed identities. Every identity is a lowercase string, so that a log line and a row read the same."""

from typing import NewType

import uuid_utils

AlarmId = NewType("AlarmId", str)
AttemptId = NewType("AttemptId", str)
CallId = NewType("CallId", str)
CarerId = NewType("CarerId", str)
ContactId = NewType("ContactId", str)
DeviceId = NewType("DeviceId", str)
HomeId = NewType("HomeId", str)
MessageId = NewType("MessageId", str)
OfferId = NewType("OfferId", str)
OperatorId = NewType("OperatorId", str)
PolicyId = NewType("PolicyId", str)
ReplyId = NewType("ReplyId", str)
ResidentId = NewType("ResidentId", str)
SignalId = NewType("SignalId", str)
StationId = NewType("StationId", str)


def new_id() -> str:
    """
    A new identity: 32 hexadecimal digits of a UUID version 7, so that ids sort by the time they were drawn.

    People never read these; an alarm has a short number of its own.
    """
    return uuid_utils.uuid7().hex
