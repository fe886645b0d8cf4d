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


def device(books, code="D1"):
    return books.one("SELECT id FROM devices WHERE code = :code", code=code)


def hear(books, code, **more):
    """The device of this code was heard at this moment; gives back its id."""
    values = {"at": books.now, "gateway": "radio", "fault": None, "low": False} | more
    books.sql(
        "INSERT INTO seen (device_id, last_at, times, gateway, battery_low, fault) "
        "VALUES (:id, :at, 1, :gateway, :low, :fault)",
        id=device(books, code), **values,
    )  # fmt: skip
    return device(books, code)


def listen(books, name="radio", *, quiet_s=0.0, silent_s=150.0):
    books.sql(
        "INSERT INTO gateways (name, forwarding, heard_at, quiet_s, silent_s, behind) "
        "VALUES (:name, FALSE, :at, :quiet_s, :silent_s, 'edge')",
        name=name, at=books.now, quiet_s=quiet_s, silent_s=silent_s,
    )  # fmt: skip


def case(books, code="D1", **more):
    """An open case with everything that belongs to it, unless `more` says otherwise; gives back its id."""
    values = {"due": books.now + SECOND, "owner": "operators", "ended": None, "by": None, "test": None} | more
    books.sql(
        "INSERT INTO repairs (id, device_id, home_id, faults, opened_at, by, owner, repair_by, due_at, ended_at, "
        "ended_by, test_id) SELECT :case, id, home_id, '[]', :now - 7, 'service', :owner, :now, :due, :ended, :by, "
        ":test FROM devices WHERE code = :code",
        case=f"case {code}", now=books.now, code=code, **values,
    )  # fmt: skip
    return f"case {code}"


def check(books, of, **more):
    """Somebody is to ask the resident; gives back its id."""
    values = {"due": books.now + SECOND, "state": "waiting"} | more
    books.sql(
        "INSERT INTO checks (id, repair_id, state, planned_at, due_at, asked) "
        "VALUES ('check', :of, :state, :now, :due, 0)",
        of=of, now=books.now, **values,
    )  # fmt: skip
    return "check"


def press_test(books, code="D1", *, until=SECOND, state="waiting"):
    books.sql(
        "INSERT INTO press_tests (id, device_id, purpose, state, begun_at, until_at, due_at, by, lang) "
        "VALUES ('test', :id, 'repair', :state, :now, :now + :until, :due, 'operator:1', 'zh')",
        id=device(books, code), state=state, now=books.now, until=until,
        due=books.now + until if state == "waiting" else None,
    )  # fmt: skip
    return "test"


def incident(books, **more):
    values = {"due": books.now + SECOND, "owner": "operators", "gateway": "radio"} | more
    books.sql(
        "INSERT INTO incidents (id, gateway, why, began_at, opened_at, due_at, told, homes, devices, owner) "
        "VALUES ('incident', :gateway, 'lost', :now, :now, :due, 1, '[]', 0, :owner)",
        now=books.now, **values,
    )  # fmt: skip
    return "incident"


def unwatched(books):
    books.sql("DELETE FROM vigils WHERE device_id = :id", id=device(books))
    return device(books)


def silent_for(seconds):
    """Silent for so long, of which it may be silent for an hour; an old gateway's deafness does not excuse it."""

    def plant(books):
        listen(books)
        books.sql("UPDATE vigils SET silent_s = 3600 WHERE device_id = :id", id=device(books))
        start = books.now - seconds * SECOND
        books.sql("INSERT INTO deafness (gateway, start, \"end\") VALUES ('other', :s, :e)", s=start, e=books.now)
        return hear(books, "D1", at=start)

    return plant


def silent_since_it_was_handed_out(books):
    listen(books)
    since = books.now - 11000 * SECOND
    books.sql("UPDATE vigils SET silent_s = 3600, since = :since WHERE device_id = :id", id=device(books), since=since)
    return device(books)


def silent_but_for_a_moment_of_deafness(books):
    id_ = silent_for(20000)(books)
    start = books.now - 15000 * SECOND
    books.sql(
        "INSERT INTO deafness (gateway, start, \"end\") VALUES ('radio', :s, :e)", s=start, e=start + 600 * SECOND
    )
    return id_


def offline(books):
    books.sql("UPDATE vigils SET health = 'offline', due_at = NULL WHERE device_id = :id", id=device(books))
    return device(books)


def never_ended(books):
    """The case of another device is no excuse, nor is one that is over."""
    check(books, case(books, "D2"))
    press_test(books, state="seen")
    ended(test="test")(books)
    return offline(books)


def told_of_a_fault(**what):
    def plant(books):
        books.sql("UPDATE vigils SET due_at = NULL WHERE device_id = :id", id=device(books))
        return hear(books, "D1", **what)

    return plant


def nobodys(books):
    id_ = case(books, owner="")
    check(books, id_)
    return id_


def unasked(books):
    id_ = case(books)
    check(books, id_, state="done", due=None)
    return id_


def ended(by="service", test=None):
    return lambda books: case(books, ended=books.now, due=None, by=by, test=test)


def ended_by_anothers_test(books):
    press_test(books, "D2", state="seen")
    return ended(test="test")(books)


def ended_by_a_test_nobody_saw(books):
    press_test(books, state="lapsed")
    return ended(test="test")(books)


def ended_by_a_move(books):
    books.sql(
        "UPDATE assignments SET until_at = :now, reason = 'moved' WHERE device_id = :id",
        now=books.now, id=device(books),
    )  # fmt: skip
    return ended(by="operator:1")(books)


def deaf(quiet_s, silent_s=150.0):
    def plant(books):
        incident(books, gateway="another")
        listen(books, quiet_s=quiet_s, silent_s=silent_s)
        return "radio"

    return plant


LONG_AGO = -601 * SECOND


def vigil_late(books):
    books.sql("UPDATE vigils SET due_at = :at WHERE device_id = :id", at=books.now + LONG_AGO, id=device(books))
    return device(books)


def check_late(books):
    return check(books, case(books), due=books.now + LONG_AGO)


def repair_late(books):
    id_ = case(books, due=books.now + LONG_AGO)
    check(books, id_)
    return id_


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
    "I15.unwatched": [unwatched],
    "I15.silent": [silent_for(10801), silent_since_it_was_handed_out, silent_but_for_a_moment_of_deafness],
    "I15.no_case": [offline, never_ended],
    "I15.fault": [told_of_a_fault(fault="tamper"), told_of_a_fault(low=True)],
    "I15.unowned": [
        nobodys,
        unasked,
        case,
        lambda books: incident(books, owner=""),
        lambda books: incident(books, due=None),
    ],
    "I15.untested": [
        ended(),
        ended(by="operator:1"),
        ended_by_anothers_test,
        ended_by_a_test_nobody_saw,
        ended_by_a_move,
    ],
    "I15.gateway": [deaf(181), deaf(181, silent_s=0.0), deaf(931, silent_s=900.0)],
    "I15.late": [
        vigil_late,
        check_late,
        repair_late,
        lambda books: incident(books, due=books.now + LONG_AGO),
        lambda books: press_test(books, until=LONG_AGO),
    ],
    "O8.test_mode": [lambda books: press_test(books, until=3601 * SECOND)],
    "I12.backwards": [lambda books: books.say("noted", steady_s=-30, wall_s=-30)],
    "I12.untold_jump": [lambda books: books.say("noted", wall_s=3600)],
}
"""A promise → ways to break it by hand. Each gives back the id that the watch must name, and nothing else."""
