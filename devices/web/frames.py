# mypy: disable-error-code="untyped-decorator"
"""What other systems post in a protocol of their own, for a gateway whose port is `http:`."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from devices.ports.http import BODY_MAX
from devices.web.signals import SCOPE
from dispatch.errors import Invalid, NotFound
from dispatch.rules.rights import Right
from dispatch.web.access import either, refuse_narrow
from dispatch.web.api import ApiBlueprint, ProblemSchema
from dispatch.web.problems import MIME
from dispatch.web.schemas import FILE

_BREAKS = bytes.maketrans(b"\r\n", b"  ")

RAW = "application/octet-stream"

_DOCS: dict[str, Any] = {
    "summary": "What another system has to say, in the protocol of this gateway",
    "description": (
        'The gateway\'s settings say `port = "http:"`. The answer promises that everything in the body is on disk; '
        "without one, send it again, which is harmless."
    ),
    "requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
}


class Door(Protocol):
    """A gateway that hears requests."""

    def hand_over(self, body: bytes) -> tuple[int, bytes]:
        """How many frames were in it, and what its sender is told, once they are durable. Raises `Busy`."""
        ...


def frames_blueprint(doors: Mapping[str, Door]) -> ApiBlueprint:
    """
    `POST /api/v1/gateways/<name>/frames`: any body, by the gateway's name.

    200 with the protocol's own acknowledgement, 204 where it has none; 404 for a gateway that is not there or hears
    otherwise; 413 for a body over `BODY_MAX` bytes; 422 when nothing in it was understood; 503 to come again.
    """
    bp = ApiBlueprint("frames", __name__, url_prefix="/gateways", description="What other systems forward")

    @bp.post("/<name>/frames")
    @either(SCOPE, Right.DEVICES_CHANGE)
    @bp.doc(**_DOCS)
    @bp.response(200, FILE, content_type=RAW, description="Durable; the protocol's acknowledgement")
    @bp.alt_response(204, description="Durable; the protocol has no acknowledgement")
    @_told(bp, 404, "No gateway of this name hears requests")
    @_told(bp, 413, f"More than {BODY_MAX} bytes")
    @_told(bp, 422, "Nothing in it was understood")
    @_told(bp, 503, "Not durable yet; send it again")
    def receive(name: str) -> Response:
        refuse_narrow()
        door = doors.get(name)
        if door is None:
            raise NotFound("No gateway of this name hears requests.")
        frames, answer = door.hand_over(_line(_body()))
        if not frames:
            raise Invalid("Nothing in it was understood.", {"body": ["not understood"]})
        return Response(answer, 200 if answer else 204, content_type=RAW)

    return bp


def _told(bp: ApiBlueprint, status: int, why: str) -> Any:
    return bp.alt_response(status, schema=ProblemSchema, content_type=MIME, description=why)


def _body() -> bytes:
    body = request.get_data(cache=False)
    if len(body) > BODY_MAX:
        raise RequestEntityTooLarge
    return body


def _line(body: bytes) -> bytes:
    """
    The body with a line end. JSON is put on one line first: outside its strings a line break is only a space, and
    inside them it may not stand (RFC 8259).
    """
    try:
        json.loads(body.decode())
    except (ValueError, RecursionError):
        return body + b"\n"
    return body.translate(_BREAKS) + b"\n"
