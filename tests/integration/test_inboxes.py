"""What is fetched from providers because its webhook was lost: by a receiver's cursor, and out of Aliyun's queue."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.ids import AttemptId, new_id
from dispatch.messages.providers import PROVIDERS
from dispatch.messages.providers.aliyun import AliyunSettings
from dispatch.messages.providers.aliyun_queue import queued_in
from dispatch.messages.providers.provider import Channel, Forged, Listing, Outcome, Outgoing, ReceiptKind
from dispatch.messages.providers.webhook import WebhookSettings
from tests.fakes import aliyun_queue, twilio_faults
from tests.fakes.aliyun_queue import AliyunQueue
from tests.fakes.clock import NOON, HandClock
from tests.fakes.http_standin import HttpStandin
from tests.integration.provider_rigs import (
    ATTEMPT,
    HOOK_SECRET,
    KEY_ID,
    KEY_SECRET,
    LIMITS,
    TO,
    WEBHOOK_SECRET,
    AliyunApi,
    Receiver,
    posted,
)

SINCE = NOON - timedelta(days=1)


class Asked:
    """A provider whose server holds things that we may not have heard."""

    def __init__(self, stack: ExitStack, server, **more) -> None:
        self.server, self.clock = server, HandClock(datetime.now(UTC))
        self.standin = stack.enter_context(HttpStandin(server))
        self.provider = self.make(**more)
        stack.callback(self.provider.close)

    def make(self, **more):
        said = {"secret": WEBHOOK_SECRET, "poll_url": f"{self.standin.base_url}/events", "clock": self.clock}
        return PROVIDERS["webhook"](
            WebhookSettings(url=f"{self.standin.base_url}/send", **(said | more), limits=LIMITS)
        )

    def texts(self) -> list[str]:
        listed = self.provider.fetch(SINCE)
        listed.done()
        return [each.text for each in listed.replies]


class AskedAliyun(Asked):
    def make(self, **more):
        said = {
            "uplink_queue": aliyun_queue.NAME,
            "keys_url": self.standin.base_url,
            "queue_url": self.standin.base_url,
        }
        return PROVIDERS["aliyun"](
            AliyunSettings(
                access_key_id=KEY_ID, access_key_secret=KEY_SECRET, sign_name="安铃", hook_secret=HOOK_SECRET,
                templates={"offer": "SMS_1"}, base_url=self.standin.base_url, clock=self.clock, nonce=new_id,
                limits=LIMITS, **(said | more),
            )
        )  # fmt: skip

    @property
    def queue(self) -> AliyunQueue:
        return self.server.queue


@pytest.fixture
def receiver() -> Iterator[Asked]:
    with ExitStack() as stack:
        yield Asked(stack, Receiver())


@pytest.fixture
def aliyun() -> Iterator[AskedAliyun]:
    with ExitStack() as stack:
        yield AskedAliyun(stack, AliyunApi())


def answer(text: str, **more) -> dict:
    return {"from": TO, "text": text} | more


# ------------------------------------------------------------------------------------------------ a receiver


def test_without_an_address_to_ask_at_nobody_is_asked(receiver):
    assert not isinstance(receiver.make(poll_url=""), Listing)


def test_all_pages_are_read_in_their_order_and_kept_ones_do_not_come_again(receiver):
    for number in range(5):
        receiver.server.lose("message.reply", answer(str(number)), id_=f"msg_{number}")
    assert receiver.texts() == ["0", "1", "2", "3", "4"]
    assert receiver.texts() == []
    receiver.server.lose("message.reply", answer("5"), id_="msg_5")
    assert receiver.texts() == ["5"]


def test_what_was_not_kept_comes_again(receiver):
    receiver.server.lose("message.reply", answer("1"))
    assert len(receiver.provider.fetch(SINCE).replies) == 1
    assert receiver.texts() == ["1"], "nobody said that it was done"


def test_receipts_and_keys_are_told_as_well_with_the_keys_of_their_webhooks(receiver):
    said = {"attempt_id": ATTEMPT, "status": "delivered"}
    pressed = {"attempt_id": ATTEMPT, "from": TO, "digits": "1"}
    receiver.server.lose("message.status", said, id_="msg_1")
    receiver.server.lose("call.pressed", pressed, id_="msg_2")
    listed = receiver.provider.fetch(SINCE)
    receiver.clock.wall = NOON
    heard = receiver.provider.hear(posted("receipt", "message.status", said, id_="msg_1"))
    assert listed.receipts == heard.receipts
    (key,) = listed.replies
    told = receiver.provider.hear(posted("voice", "call.pressed", pressed, id_="msg_2")).replies[0]
    assert (key.key, key.attempt_id, key.voice, key.text) == (told.key, AttemptId(ATTEMPT), True, "1")
    assert listed.receipts[0].kind is ReceiptKind.DELIVERED


@pytest.mark.parametrize(
    "item",
    [{"id": "", "type": "message.reply"}, {"id": "x", "type": "fax"}, {"id": "x", "type": "message.reply", "data": []},
     {"id": "x", "type": "message.reply", "data": {}, "timestamp": "2026-03-02T12:00:00Z"}, 7, None,
     {"id": "x", "type": "message.reply", "data": {"from": TO, "text": "2"}, "timestamp": "2026-03-02T12:00:00"},
     {"id": "x", "type": "message.reply", "data": {"from": TO, "text": "2"}}],
)  # fmt: skip
def test_one_that_is_not_understood_costs_none_beside_it(receiver, item):
    receiver.server.events.append(item)
    receiver.server.lose("message.reply", answer("1"))
    assert receiver.texts() == ["1"]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z"])
def test_a_time_out_of_the_calendar_is_no_error(receiver, at):
    receiver.server.lose("message.reply", answer("1"))
    receiver.server.events[0]["timestamp"] = at
    receiver.server.lose("message.reply", answer("2"), id_="msg_2")
    assert receiver.texts()[-1] == "2"


def test_a_cursor_that_is_not_known_any_more_is_given_up(receiver):
    for number in range(3):
        receiver.server.lose("message.reply", answer(str(number)), id_=f"msg_{number}")
    receiver.texts()
    receiver.server.events = receiver.server.events[:1]
    assert receiver.provider.fetch(SINCE) is None
    assert receiver.texts() == ["0"], "from its beginning; copies have no second effect"


def test_one_that_gives_the_same_cursor_for_ever_ends(receiver):
    receiver.standin.answering = lambda _: (200, {"items": [], "cursor": "same", "more": True})
    assert receiver.texts() == []
    assert len(receiver.standin.asked) == 2


def test_what_happened_long_ago_by_their_clock_is_told_as_long_ago_by_ours(receiver):
    receiver.clock.wall = NOON
    receiver.server.lose("message.reply", answer("1"), at=datetime.now(UTC) - timedelta(hours=3))
    (reply,) = receiver.provider.fetch(SINCE).replies
    assert abs(reply.said_at - (NOON - timedelta(hours=3))) < timedelta(minutes=1)


# ------------------------------------------------------------------------------------------------ clocks


@pytest.mark.parametrize("apart", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=-20_000)], ids=str)
def test_with_our_own_clock_wrong_a_webhook_is_believed_by_the_clock_of_its_sender(receiver, apart):
    """The pretended receiver has the real time, for its answers and for what it signs; ours is another."""
    hook = posted("reply", "message.reply", answer("1"), age_s=(NOON - datetime.now(UTC)).total_seconds())
    receiver.clock.wall = datetime.now(UTC) + apart
    with pytest.raises(Forged):
        receiver.provider.hear(hook)
    receiver.provider.send(_offer())
    receiver.clock.advance(100)
    assert [each.text for each in receiver.provider.hear(hook).replies] == ["1"]
    receiver.clock.step_wall(86_400)
    assert receiver.provider.hear(hook).replies, "nor does a step of our own clock make a stranger of them"
    receiver.clock.advance(400)
    with pytest.raises(Forged, match="too long ago"):
        receiver.provider.hear(hook)


def test_what_is_sent_carries_their_time_once_that_is_known(receiver):
    receiver.clock.wall = NOON - timedelta(days=20_000)
    receiver.provider.send(_offer())
    receiver.provider.send(_offer())
    first, second = (int(each.headers["webhook-timestamp"]) for each in receiver.standin.asked)
    assert first == int((NOON - timedelta(days=20_000)).timestamp())
    assert abs(second - datetime.now(UTC).timestamp()) < 10


def test_with_our_own_clock_wrong_aliyun_is_asked_by_its_own(aliyun):
    aliyun.clock.wall = NOON - timedelta(days=20_000)
    aliyun.provider.fetch(SINCE)
    aliyun.provider.fetch(SINCE)
    told = [each.headers["x-acs-date"] for each in aliyun.standin.asked if "x-acs-date" in each.headers]
    assert told[0].startswith("1971")
    assert told[-1][:4] == f"{datetime.now(UTC):%Y}"
    assert all(abs(each - datetime.now(UTC)) < timedelta(minutes=1) for each in aliyun.queue.dates)


def _offer() -> Outgoing:
    return Outgoing(attempt_id=AttemptId(new_id()), channel=Channel.SMS, to=TO, text="1", sentence="offer")


# ------------------------------------------------------------------------------------------------ Aliyun's queue


def reply(text: str, number: object = 1) -> dict:
    return {"phone_number": "13800000123", "content": text, "sequence_id": number, "dest_code": "1",
            "send_time": "2026-03-02 20:00:09"}  # fmt: skip


def test_without_a_queue_aliyun_is_not_asked(aliyun):
    assert not isinstance(aliyun.make(uplink_queue=""), Listing)


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_kept_here_is_deleted_there_and_nothing_else(aliyun, packed):
    aliyun.queue.packed = packed
    for number in range(3):
        aliyun.queue.put(reply(str(number), number + 1), datetime.now(UTC))
    listed = aliyun.provider.fetch(SINCE)
    aliyun.queue.put(reply("late", 9), datetime.now(UTC))
    assert len(aliyun.queue.hidden) == 3, "not before it is kept"
    listed.done()
    assert (aliyun.queue.hidden, len(aliyun.queue.box)) == ([], 1)
    assert [each.text for each in listed.replies] == ["0", "1", "2"]
    assert aliyun.texts() == ["late"]


def test_what_was_not_kept_shows_again(aliyun):
    aliyun.queue.put(reply("1"), datetime.now(UTC))
    first = aliyun.provider.fetch(SINCE)
    aliyun.queue.show_again()
    again = aliyun.provider.fetch(SINCE)
    assert [each.key for each in first.replies] == [each.key for each in again.replies] == ["1"]


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"content": "1"}', '{"phone_number": "13800000123"}', "=="])
def test_a_body_that_is_no_answer_costs_none_beside_it_and_is_deleted(aliyun, body):
    aliyun.queue.put(body, datetime.now(UTC))
    aliyun.queue.put(reply("1"), datetime.now(UTC))
    assert aliyun.texts() == ["1"]
    assert (aliyun.queue.box, aliyun.queue.hidden) == ([], [])


def test_a_deletion_that_fails_is_no_error(aliyun):
    aliyun.queue.put(reply("1"), datetime.now(UTC))
    listed = aliyun.provider.fetch(SINCE)
    aliyun.standin.will(twilio_faults.Fault(how="reset", taken=False))
    listed.done()
    aliyun.queue.show_again()
    assert aliyun.texts() == ["1"]


@pytest.mark.parametrize("code", ["isv.QUEUE_NOT_EXIST", "Throttling.User", "OK"])
def test_without_keys_it_could_not_be_asked(aliyun, code):
    aliyun.server.codes.append(code)
    assert aliyun.provider.fetch(SINCE) is None


@pytest.mark.parametrize(
    "text",
    ["", "no XML", "<Messages>", "<Error/>", '<!DOCTYPE x [<!ENTITY a "aaaa">]><Messages>&a;</Messages>'],
)
def test_an_answer_that_is_no_list_is_none(text):
    assert queued_in(text, lambda at: at) is None


def test_messages_are_read_in_any_namespace_and_those_without_a_time_are_left():
    text = (
        '<Messages xmlns="http://mqs.example/v1"><Message><ReceiptHandle>h</ReceiptHandle><MessageBody>{}</MessageBody>'
    )
    text += "<EnqueueTime>{}</EnqueueTime></Message></Messages>"
    (queued,) = queued_in(text.replace("<EnqueueTime>{}", "<EnqueueTime>1772452800000"), lambda at: at)
    assert (queued.handle, queued.at, queued.item) == ("h", NOON, {})
    assert queued_in(text.replace("<EnqueueTime>{}", "<EnqueueTime>"), lambda at: at) == []
    assert queued_in(text.replace("<EnqueueTime>{}", f"<EnqueueTime>{'9' * 40}"), lambda at: at) == []


def test_many_wait_and_come_sixteen_at_a_time(aliyun):
    for number in range(20):
        aliyun.queue.put(reply(str(number), number + 1), datetime.now(UTC))
    assert len(aliyun.texts()) == 16
    assert len(aliyun.texts()) == 4


def test_sending_goes_on_where_the_queue_does_not(aliyun):
    aliyun.standin.will(twilio_faults.ERROR_500)
    assert aliyun.provider.fetch(SINCE) is None
    sent = aliyun.provider.send(
        Outgoing(attempt_id=ATTEMPT, channel=Channel.SMS, to="+8613800000123", text="1", sentence="offer")
    )
    assert sent.outcome is Outcome.TAKEN
