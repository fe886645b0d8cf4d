"""Webhooks on the wire."""

from marshmallow import Schema, fields, validate

from dispatch.rules.outward import Template
from dispatch.subscribers.line import URL_MAX
from dispatch.web.schemas import PageSchema, Text, Wire

TYPES_MAX = 40
STATES = ("active", "paused", "disabled")
DELIVERED = ("waiting", "delivered", "failed", "given_up")
WHYS = ("live", "replay", "test")


class WebhookAskSchema(Wire):
    """
    A receiver. `types` are those wanted (`anling.alarm.raised.v1`, `anling.alarm.*`), `stations` codes; none: all.
    """

    name = Text(required=True, metadata={"example": "City platform"})
    url = fields.String(
        required=True, validate=validate.Length(1, URL_MAX), metadata={"example": "https://city.example/hooks/anling"}
    )
    template = fields.Enum(Template, by_value=True, load_default=Template.STANDARD)
    types = fields.List(
        Text(), load_default=list, validate=validate.Length(max=TYPES_MAX),
        metadata={"example": ["anling.alarm.raised.v1", "anling.alarm.closed.v1"]},
    )  # fmt: skip
    stations = fields.List(Text(), load_default=list, validate=validate.Length(max=TYPES_MAX))


class ResumeSchema(Wire):
    """Whether what happened meanwhile is left out."""

    skip = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class WebhookSchema(Schema):
    """One receiver. `url` without what stands behind the `?`, which for robots is their password."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    url = fields.String(required=True)
    template = fields.String(required=True, validate=validate.OneOf([str(each) for each in Template]))
    types = fields.List(fields.String(), required=True)
    stations = fields.List(fields.String(), required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(STATES)))
    cursor = fields.Integer(required=True, metadata={"description": "The last entry of the record it was asked about"})
    behind = fields.Integer(required=True)
    tries = fields.Integer(required=True)
    due_at = fields.String(required=True, metadata={"format": "date-time"})
    failing_since = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    old_secret_until = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    made_at = fields.String(required=True, metadata={"format": "date-time"})
    made_by = fields.String(required=True)


class WebhookPageSchema(PageSchema):
    """One page of receivers."""

    items = fields.List(fields.Nested(WebhookSchema), required=True)


class DeliverySchema(Schema):
    """What became of one message."""

    id = fields.String(required=True)
    webhook_id = fields.String(required=True, metadata={"description": "The same at every try: know it by this"})
    entry = fields.Integer(required=True, metadata={"description": "The entry of the record; 0 for a test"})
    type = fields.String(required=True)
    why = fields.String(required=True, validate=validate.OneOf(list(WHYS)))
    state = fields.String(required=True, validate=validate.OneOf(list(DELIVERED)))
    tries = fields.Integer(required=True)
    status = fields.Integer(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    took_ms = fields.Integer(required=True, allow_none=True)
    at = fields.String(required=True, metadata={"format": "date-time"})


class DeliveryPageSchema(PageSchema):
    """One page of a log, the newest first."""

    items = fields.List(fields.Nested(DeliverySchema), required=True)


class SecretSchema(Schema):
    """The secret to check signatures with."""

    secret = fields.String(required=True, metadata={"example": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})


class MadeSchema(Schema):
    """The delivery that was begun."""

    delivery = fields.String(required=True)
