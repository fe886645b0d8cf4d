"""Every promise that is watched, broken by hand in one or several ways."""

from dispatch.watch.auditor import HASH
from dispatch.watch.promise import SECOND


def set_due(alarm, seconds):
    def plant(books):
        id_ = books.alarms[alarm]
        books.sql("UPDATE alarms SET due_at = :due WHERE id = :id", due=books.now + seconds * SECOND, id=id_)
        return id_

    return plant


def no_due(books):
    books.sql("UPDATE alarms SET due_at = NULL WHERE id = :id", id=books.alarms["asked"])
    return books.alarms["asked"]


def no_lead(books):
    books.sql(
        "UPDATE offers SET role = NULL, state = 'lapsed' WHERE alarm_id = :id AND role = 'lead'",
        id=books.alarms["second"],
    )
    return books.alarms["second"]


def last_step_too_late(books):
    values = {"now": books.now, "due": books.now + 59 * SECOND, "id": books.alarms["asked"]}
    books.sql("UPDATE alarms SET stepped_at = :now, due_at = :due WHERE id = :id", **values)
    return books.alarms["asked"]


def arrival_too_late(books):
    books.sql(
        "UPDATE offers SET arrival_due_at = answered_at + 601000000 + 1500000 * eta_s WHERE id = :id",
        id=books.offer("second", "role = 'lead'"),
    )
    return books.alarms["second"]


def late_message(books):
    id_ = books.one("SELECT MAX(id) FROM messages")
    books.sql("UPDATE messages SET state = 'posted', due_at = :due WHERE id = :id", due=books.now - 6 * SECOND, id=id_)
    return id_


def late_reply(books):
    books.sql(
        "INSERT INTO replies (id, provider, key, sender, text, voice, received_at, due_at, failures) "
        "VALUES ('r1', 'fake', 'k', '+86', '1', FALSE, :at, :at, 0)",
        at=books.now - 3 * SECOND,
    )
    return "r1"


def _call(books, id_, due):
    books.sql(
        'INSERT INTO calls (id, provider, key, sender, "to", state, came_at, due_at, failures) '
        "VALUES (:id, 'fake', :id, '+86', '+86', 'missed', :at, :due, 0)",
        id=id_,
        at=books.now - 60 * SECOND,
        due=due,
    )
    return id_


def late_call(books):
    return _call(books, "c1", books.now - 3 * SECOND)


def lost_call(books):
    return _call(books, "c2", None)


def orphan_press(books):
    books.sql(
        "INSERT INTO signals (id, event, cause, gateway, protocol, address, dedup_key, received_at, raw, trusted, "
        "copies, details) SELECT 'lost', event, cause, gateway, protocol, address, 'other', :now, raw, 1, 1, details "
        "FROM signals WHERE alarm_id = :id",
        id=books.alarms["asked"],
        now=books.now,
    )
    return "lost"


def no_cause(books):
    books.sql("DELETE FROM signals WHERE alarm_id = :id", id=books.alarms["asked"])
    return books.alarms["asked"]


def two_leads(books):
    take = "UPDATE offers SET role = 'lead', answered_at = :now, arrival_due_at = :now + 600000000 WHERE id = :id"
    books.sql(take, now=books.now, id=books.offer("coming", "role = 'backup'"))
    return books.alarms["coming"]


def idle_lead(books):
    id_ = books.offer("asked", "person LIKE 'contact:%'")
    take = (
        "UPDATE offers SET state = 'accepted', role = 'lead', answered_at = :now, arrival_due_at = :now WHERE id = :id"
    )
    books.sql(take, now=books.now, id=id_)
    books.say("accepted", alarm="asked", offer=id_)
    return id_


def double_carer(books):
    """Whoever is on the way to one alarm is made, with their own acceptance, the lead of the one accepted after it."""
    id_ = books.offer("second", "role = 'lead'")
    busy = books.one("SELECT person FROM offers WHERE id = :id", id=books.offer("coming", "role = 'lead'"))
    books.sql("DELETE FROM offers WHERE alarm_id = :alarm AND person = :who", alarm=books.alarms["second"], who=busy)
    books.sql("UPDATE offers SET person = :who WHERE id = :id", who=busy, id=id_)
    alone = (
        "UPDATE entries SET \"by\" = :who, body = REPLACE(body, :both, '') "
        "WHERE alarm_id = :alarm AND kind = 'accepted'"
    )
    books.sql(alone, who=busy, both='"both":1,', alarm=books.alarms["second"])
    return id_


def out_of_nowhere(books):
    id_ = books.offer("coming", "role IS NULL")
    books.sql(
        "UPDATE offers SET state = 'accepted', role = 'backup', arrival_due_at = :now WHERE id = :id",
        now=books.now,
        id=id_,
    )
    return id_


def kept_for_nothing(books):
    id_ = books.offer("done", "role = 'lead'")
    books.sql("UPDATE offers SET state = 'accepted' WHERE id = :id", id=id_)
    return id_


def closed_by_nobody(books):
    books.sql("UPDATE alarms SET closed_by = 'service' WHERE id = :id", id=books.alarms["done"])
    return books.alarms["done"]


def silent_closing(books):
    books.sql(
        "UPDATE alarms SET due_at = NULL, closed_by = 'operator:1', outcome = 'test' WHERE id = :id",
        id=books.alarms["hand"],
    )
    return books.change("hand", "timed_out", "closed", outcome="test")


def raised_from_the_closed(books):
    id_ = books.alarms["done"]
    books.sql("UPDATE alarms SET subject = 'another', due_at = :now WHERE id = :id", now=books.now, id=id_)
    books.sql("UPDATE offers SET state = 'lapsed', role = NULL WHERE alarm_id = :id", id=id_)
    return books.change("done", "raised_again", "raised", before="closed")


def stuck_attempt(books):
    id_, message = books.one("SELECT MAX(id) FROM attempts"), "SELECT message_id FROM attempts WHERE id = :id"
    books.sql(
        "UPDATE attempts SET outcome = 'in_flight', started_at = :at WHERE id = :id", at=books.now - 33 * SECOND, id=id_
    )
    books.sql(f"UPDATE messages SET state = 'claimed' WHERE id IN ({message})", id=id_)
    return id_


def unknown_taken(books):
    id_ = books.one("SELECT MAX(id) FROM messages")
    books.sql("UPDATE attempts SET outcome = 'unknown' WHERE message_id = :id", id=id_)
    books.say("message_settled", message=id_)
    return id_


def too_many_sms(books):
    id_ = books.offer("asked", "asked = 1 AND person LIKE 'carer:%'")
    columns = (
        'sentence, channel, priority, "to", person, lang, facts, answerable, alarm_id, offer_id, state, posted_at, '
        "expires_at, fence, tries"
    )
    books.sql(
        f"INSERT INTO messages (id, key, {columns}) SELECT 'twice', 'twice', {columns} FROM messages "
        "WHERE offer_id = :id AND channel = 'sms' AND answerable",
        id=id_,
    )
    return id_


def sent_again(books):
    books.sql(
        "INSERT INTO attempts (id, message_id, seq, provider, started_at, ended_at, outcome, text) "
        "SELECT 'again', message_id, 2, provider, ended_at + 1, ended_at + 2, 'taken', text FROM attempts "
        "WHERE id = (SELECT MAX(id) FROM attempts)"
    )
    books.say("message_settled", message=books.one("SELECT message_id FROM attempts WHERE id = 'again'"))
    return "again"


def settled(books):
    """The number of an entry in the middle that no state hangs on, with one like it before and behind."""
    return books.one(
        "SELECT MIN(e.number) FROM entries e JOIN entries n ON n.number = e.number + 1 JOIN entries p "
        "ON p.number = e.number - 1 WHERE e.kind = 'message_settled' AND n.kind = e.kind AND p.kind = e.kind"
    )


def gap(books):
    number = settled(books)
    books.sql("DELETE FROM entries WHERE number = :number", number=number)
    return str(number + 1)


def unchained(books):
    number = settled(books)
    books.sql("UPDATE entries SET before = :other WHERE number = :number", other="f" * 64, number=number)
    return str(number)


def cut_short(books):
    number = books.one("SELECT MAX(number) FROM entries")
    assert books.one("SELECT kind FROM entries WHERE number = :number", number=number) == "noted"
    books.sql("DELETE FROM entries WHERE number = :number", number=number)
    return str(number)


def unwritten(books):
    books.sql("UPDATE alarms SET version = version + 1 WHERE id = :id", id=books.alarms["there"])
    return books.alarms["there"]


def forged(books):
    number = books.say("noted", by="operator:1")
    books.sql("UPDATE entries SET kind = 'said' WHERE number = :number", number=int(number))
    return number


PLANTS = {
    "I1.due": [no_due],
    "I1.no_lead": [no_lead],
    "I1.deadline": [set_due("asked", 40), set_due("again", 125), set_due("hand", 3)],
    "I1.final": [last_step_too_late],
    "I1.arrival": [arrival_too_late, set_due("second", 1900)],
    "I1.closing": [set_due("there", 3700), set_due("claimed", 700)],
    "I2.late": [set_due("there", -3)],
    "I2.late_message": [late_message],
    "I2.late_reply": [late_reply],
    "I2.late_call": [late_call],
    "I4.lost_call": [lost_call],
    "I4.orphan_press": [orphan_press],
    "I4.alarm_without_cause": [no_cause],
    "I6.two_leads": [two_leads],
    "I6.idle_lead": [idle_lead],
    "I6.double_carer": [double_carer],
    "I6.out_of_nowhere": [out_of_nowhere],
    "I6.kept_for_nothing": [kept_for_nothing],
    "I8.closed_by_nobody": [closed_by_nobody],
    "I8.silent_closing": [silent_closing],
    "I9.illegal_change": [
        lambda books: books.change("hand", "hurried", "attended"),
        raised_from_the_closed,
    ],
    "I9.leap": [lambda books: books.change("hand", "step_taken", "offered", before="offered")],
    "I9.version": [lambda books: books.change("hand", "pressed_again", "raised", grown=2)],
    "I9.step_back": [lambda books: books.say("step_taken", alarm="asked", index=0)],
    "I10.stuck_attempt": [stuck_attempt],
    "I10.unknown_taken": [unknown_taken],
    "I10.too_many_sms": [too_many_sms],
    "I10.sent_again": [sent_again],
    "I11.gap": [gap],
    "I11.chain": [unchained],
    "I11.rewritten": [cut_short],
    "I11.unwritten_change": [unwritten],
    HASH: [forged],
    "I12.backwards": [lambda books: books.say("noted", steady_s=-30, wall_s=-30)],
    "I12.untold_jump": [lambda books: books.say("noted", wall_s=3600)],
}
"""A promise → ways to break it by hand. Each gives back the id that the watch must name, and nothing else."""
