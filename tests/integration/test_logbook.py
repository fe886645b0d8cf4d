"""The log behind the record: followed, judged, searched, signed by two, counted over; and what nobody may see."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from config.verify_record import walk
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.logbook.files import lines
from dispatch.logbook.follower import BATCH, Follower
from dispatch.rules.alarm import Outcome
from dispatch.rules.review import Breach, FindingCause, Measure, Stage, read_limits
from dispatch.rules.rights import DISTRICT, Area
from dispatch.rules.signal import Cause
from dispatch.store.log_search import EntryFilter, EntrySearch, Filter, Search
from dispatch.store.logbook import Log, breaches_of
from tests.integration.log_rig import ANNA, BORIS, DESK, LogRig


@pytest.fixture
def rig(tmp_path):
    rig = LogRig(tmp_path)
    yield rig
    rig.close()


def found(rig, area=DISTRICT, **wanted):
    with rig.world.reading.connect() as connection:
        return [each["alarm_id"] for each in Search(connection, area).page(Filter(**wanted), 100)]


def row(rig, alarm_id):
    with rig.world.reading.connect() as connection:
        return Log(connection).row(alarm_id)


def find(rig, alarm_id, by=ANNA, **more):
    more = {"cause": FindingCause.CARER_LATE, "text": "来得太晚", **more}
    return rig.reviewing.find(alarm_id, by=rig.people[by], area=more.pop("area", DISTRICT), **more)


def sign(rig, alarm_id, by=BORIS, **more):
    rig.reviewing.sign(alarm_id, by=rig.people[by], area=more.pop("area", DISTRICT), **more)


# ------------------------------------------------------------------------------------------------ followed


def test_what_was_closed_is_on_file_after_one_pass(rig):
    late, well = rig.live_through(there_s=1200, closed_s=1300), rig.live_through("H2", resident="R2")
    rig.follower.pass_()
    assert breaches_of(row(rig, late)["breaches"]) == (Breach.ON_SITE,)
    assert (row(rig, late)["stage"], row(rig, well)["stage"]) == ("open", "none")
    assert found(rig, stages=(Stage.OPEN,)) == [late]
    assert row(rig, late)["number"] == rig.world.alarm(late).number


def test_an_open_alarm_is_on_file_and_not_in_the_queue(rig):
    alarm_id = rig.world.press()
    rig.follow()
    assert (row(rig, alarm_id)["state"], row(rig, alarm_id)["stage"]) == ("raised", "none")


def test_following_again_from_the_beginning_gives_the_same(rig):
    for home in ("H1", "H2", "H9"):
        rig.live_through(home, accepted_s=100)
    rig.follow()
    with rig.world.reading.connect() as connection:
        before = Search(connection, DISTRICT).page(Filter(), 100)
    with rig.world.writing.begin() as connection:
        for table in ("alarms", "people", "notes", "hours", "bookmarks"):
            connection.exec_driver_sql(f"DELETE FROM log_{table}")
    rig.another_follower().catch_up()
    with rig.world.reading.connect() as connection:
        assert Search(connection, DISTRICT).page(Filter(), 100) == before


def test_two_followers_do_no_harm(rig):
    rig.live_through()
    other = rig.another_follower()
    other.keep_limits()
    rig.follow()
    assert other.catch_up() == 0
    alarm_id = rig.live_through("H2", resident="R2")
    assert other.step() > 0
    assert rig.follow() == 0
    assert row(rig, alarm_id)["state"] == "closed"


def test_limits_that_stand_in_for_an_unreadable_file_never_replace_what_held(rig):
    world, other = rig.world, replace(read_limits(rig.written), answered_s=1)

    def standing_in():
        follower = Follower(world.transactions, world.reading, world.clock, other, are_own=False)
        return [limits.answered_s for _, limits in follower.keep_limits()]

    own = read_limits(rig.written).answered_s
    rig.follow()
    assert own != 1
    assert standing_in() == [own]
    with world.writing.begin() as connection:
        connection.exec_driver_sql("DELETE FROM log_limits")
    assert standing_in() == [1]


def test_a_queue_that_nobody_works_off_is_not_counted_to_its_end(rig):
    for home in ("H1", "H2", "H9", "H1"):
        rig.live_through(home, there_s=1200, closed_s=1300)
    rig.follow()
    with rig.world.reading.connect() as connection:
        assert Search(connection, DISTRICT).waiting(2) == {Stage.OPEN: 3, Stage.FOUND: 0}
        assert Search(connection, DISTRICT).waiting()[Stage.OPEN] == 4


def test_many_entries_are_taken_up_in_pieces(rig):
    for _ in range(60):
        rig.live_through()
    alarm_id = next(each.alarm_id for each in rig.entries() if each.kind == "raised")
    for _ in range(BATCH // 2):
        rig.world.desk.note(alarm_id, "again", by=rig.people[DESK])
    assert rig.follower.step() == BATCH
    rig.follow()
    assert len(found(rig)) == 60


@pytest.mark.parametrize("body", ["{", "[]", "{}", "null"])
def test_a_spoilt_alarm_stops_none_of_the_others(rig, body):
    spoilt, well = rig.live_through(), rig.live_through("H2", resident="R2")
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER entries_refuse_update")
        connection.exec_driver_sql("UPDATE entries SET body = ? WHERE kind = 'raised' AND alarm_id = ?", (body, spoilt))
    rig.follow()
    assert (row(rig, spoilt), row(rig, well)["state"]) == (None, "closed")


def test_in_a_flood_the_follower_stands_aside_and_not_for_ever(rig):
    waiting = [9]
    rig.follower._waiting = lambda: waiting[0]
    rig.live_through()
    assert [rig.follower.pass_() > 0 for _ in range(11)] == [False] * 9 + [True, False]
    waiting[0] = 0
    rig.live_through()
    assert rig.follower.pass_() > 0


def test_the_sample_is_drawn_from_the_record_and_closing_again_draws_nothing(tmp_path):
    rig = LogRig(tmp_path, sample_percent=50)
    alarms = [rig.live_through() for _ in range(30)]
    rig.follow()
    closing = {each.alarm_id: each.hash for each in rig.entries() if each.kind == "closed"}
    wanted = {each for each in alarms if int(closing[each][:16], 16) % 10_000 < 5_000}
    assert set(found(rig, is_drawn=True)) == wanted
    assert 5 < len(wanted) < 25
    for each in alarms:
        rig.world.desk.reopen(each, by=rig.people[DESK])
        rig.world.desk.close(each, outcome=Outcome.OTHER, by=rig.people[DESK])
    rig.follow()
    assert set(found(rig, is_drawn=True)) == wanted
    rig.close()


def test_new_limits_hold_from_then_on_and_are_in_the_record(rig):
    before = rig.live_through(there_s=500)
    rig.follow()
    rig.written["on_site_s"]["value"] = 400
    rig.follower = rig.another_follower()
    rig.follow()
    after = rig.live_through(there_s=500)
    rig.follow()
    rig.follower.refresh(before)
    assert [breaches_of(row(rig, each)["breaches"]) for each in (before, after)] == [(), (Breach.ON_SITE,)]
    assert [each.kind for each in rig.entries()].count("limits_set") == 2
    rig.another_follower().keep_limits()
    assert [each.kind for each in rig.entries()].count("limits_set") == 2


def test_what_the_watch_finds_in_the_entries_is_a_breach(rig):
    alarm_id = rig.live_through()
    # Somebody who can change the schema bends a version: the chain and the watch both say so.
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER entries_refuse_update")
        connection.exec_driver_sql("UPDATE entries SET version = 9 WHERE kind = 'closed' AND alarm_id = ?", (alarm_id,))
    rig.follow()
    assert breaches_of(row(rig, alarm_id)["breaches"]) == (Breach.AUDIT,)
    story = rig.stories.story(alarm_id, DISTRICT)
    assert "I9.version" in {each["promise"] for each in story.audits}
    assert [why for _, why in story.proof.faults] == ["its content does not match its hash"]


# ------------------------------------------------------------------------------------------------ searched


def test_each_filter_finds_its_own_and_all_of_them_together(rig):
    by = rig.people[DESK]
    one = rig.live_through(resident="R1", note="在卫生间摔倒", outcome=Outcome.HOSPITAL, cause=Cause.FALL)
    rig.world.clock.advance(86_400)
    two = rig.live_through("H9", there_s=2000, closed_s=2100)
    rig.follow()
    raised = rig.world.alarm(one).raised_at
    resident, carer = f"resident:{rig.world.resident('R1')}", rig.world.carer("C1")
    day = {"since": raised, "until": raised + timedelta(hours=1)}
    mine = [
        day, {"station_id": rig.world.id_of_station("S1")}, {"people": (resident,)}, {"cause": "fall"},
        {"outcome": "hospital"}, {"text": "卫生间", **day}, {"stages": (Stage.NONE,)},
    ]  # fmt: skip
    assert [found(rig, **each) for each in mine] == [[one]] * len(mine)
    for each in ({"closed_by": by}, {"people": (by,)}, {"people": (carer,)}, {}):
        assert found(rig, **each) == [two, one]
    assert found(rig, breach=Breach.ON_SITE) == [two]
    everything = {name: value for each in mine for name, value in each.items()}
    assert found(rig, **everything, closed_by=by) == [one]
    assert found(rig, **{**everything, "cause": "gas"}) == []
    assert found(rig, since=raised + timedelta(days=400)) == []


def test_words_are_looked_for_as_they_are_and_within_a_month_only(rig):
    alarm_id = rig.live_through(note="100% 正常_OK")
    rig.follow()
    at = rig.world.alarm(alarm_id).raised_at
    month = {"since": at, "until": at + timedelta(days=1)}
    assert [found(rig, text=each, **month) == [alarm_id] for each in ("100%", "常_o", "0_ 正", "%")] == [
        True,
        True,
        False,
        True,
    ]
    with pytest.raises(Invalid):
        Filter(text="x")
    with pytest.raises(Invalid):
        Filter(text="x", since=at, until=at + timedelta(days=32))


def test_erased_words_are_found_no_more(rig):
    alarm_id = rig.live_through(note="摔倒")
    rig.follow()
    at = rig.world.alarm(alarm_id).raised_at
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE notes SET text = NULL")
    assert found(rig, text="摔倒", since=at, until=at + timedelta(days=1)) == []
    assert rig.stories.story(alarm_id, DISTRICT).proof.is_whole


def test_a_clock_set_back_hides_nothing_from_the_days(rig):
    early = rig.live_through()
    rig.world.clock.step_wall(-7200)
    late = rig.live_through()
    rig.follow()
    for each in (early, late):
        at = rig.world.alarm(each).raised_at
        assert each in found(rig, since=at, until=at + timedelta(seconds=1))


def test_pages_go_on_where_the_last_ended(rig):
    alarms = [rig.live_through() for _ in range(7)]
    rig.follow()
    with rig.world.reading.connect() as connection:
        search, seen, before = Search(connection, DISTRICT), [], None
        while page := search.page(Filter(), 3, before=before):
            seen += [each["alarm_id"] for each in page]
            before = page[-1]["first"]
    assert seen == alarms[::-1]


def test_a_station_sees_its_own_and_what_belongs_to_nobody(rig):
    ours, theirs = rig.live_through("H1"), rig.live_through("H9")
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE homes SET station_id = NULL WHERE code = 'H2'")
    rig.follow()
    area = Area(frozenset({rig.world.id_of_station("S1")}))
    assert found(rig, area) == [ours]
    for act in (lambda: rig.stories.story(theirs, area), lambda: find(rig, theirs, area=area),
                lambda: sign(rig, theirs, area=area)):  # fmt: skip
        with pytest.raises(NotFound):
            act()
    with rig.world.reading.connect() as connection:
        entries = EntrySearch(connection, area).page(EntryFilter(), 100).rows
        assert {each.alarm_id for each in entries} == {ours}
        assert Search(connection, area).totals(Filter())["alarms"] == 1


def test_entries_come_newest_first_by_kind_person_and_day(rig):
    alarm_id = rig.live_through()
    rig.follow()
    with rig.world.reading.connect() as connection:
        search = EntrySearch(connection, DISTRICT)
        assert [each.kind for each in search.page(EntryFilter(alarm_id=alarm_id), 2).rows] == ["closed", "attended"]
        assert [each.kind for each in search.page(EntryFilter(by=rig.people[DESK]), 9).rows][-1] == "accepted"
        assert search.page(EntryFilter(kind="nothing"), 9).rows == []
        first = search.page(EntryFilter(), 2)
        assert first.next == first.rows[-1].number
        behind = search.page(EntryFilter(), 500, before=first.next)
        assert (behind.rows[0].number, behind.rows[-1].number, behind.next) == (first.next - 1, 1, None)


def test_what_the_follower_has_not_seen_yet_is_found_among_the_entries(rig):
    rig.live_through()
    rig.follow()
    alarm_id = rig.live_through()
    at = rig.world.alarm(alarm_id).raised_at
    with rig.world.reading.connect() as connection:
        rows = EntrySearch(connection, DISTRICT).page(EntryFilter(since=at, kind="raised"), 9).rows
    assert [each.alarm_id for each in rows] == [alarm_id]


# ------------------------------------------------------------------------------------------------ two persons


def test_a_case_goes_from_open_to_found_to_signed_by_somebody_else(rig):
    alarm_id = rig.live_through(there_s=1200, closed_s=1300)
    rig.follow()
    find(rig, alarm_id, measure=Measure.ROSTER, station_id=rig.world.id_of_station("S1"))
    assert row(rig, alarm_id)["stage"] == "found"
    with pytest.raises(NotAllowed):
        sign(rig, alarm_id, by=ANNA)
    sign(rig, alarm_id)
    assert row(rig, alarm_id)["stage"] == "signed"
    find(rig, alarm_id, by=BORIS)
    assert row(rig, alarm_id)["stage"] == "found"
    kinds = [each.kind for each in rig.entries() if each.alarm_id == alarm_id]
    assert kinds[-3:] == ["finding_made", "review_signed", "finding_made"]
    rig.follow()
    assert row(rig, alarm_id)["stage"] == "found", "the follower says the same"


def test_of_two_who_sign_at_once_one_is_told(rig):
    alarm_id = rig.live_through(there_s=1200, closed_s=1300)
    find(rig, alarm_id)
    results, gate = [], threading.Barrier(2)

    def work(by):
        gate.wait()
        try:
            sign(rig, alarm_id, by=by)
            results.append("signed")
        except Conflict:
            results.append("late")

    threads = [threading.Thread(target=work, args=(by,)) for by in (BORIS, DESK)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(results) == ["late", "signed"]
    assert [each.kind for each in rig.entries()].count("review_signed") == 1


def test_nobody_signs_what_was_added_after_they_looked(rig):
    alarm_id = rig.live_through()
    find(rig, alarm_id)
    seen = rig.stories.story(alarm_id, DISTRICT).judged.told.act_number
    find(rig, alarm_id, text="还有一件事")
    with pytest.raises(Conflict):
        sign(rig, alarm_id, seen=seen)
    with pytest.raises(Conflict):
        find(rig, alarm_id, by=BORIS, seen=seen)


def test_a_reopened_alarm_is_reviewed_again(rig):
    alarm_id = rig.live_through(there_s=1200, closed_s=1300)
    find(rig, alarm_id)
    sign(rig, alarm_id)
    rig.world.desk.reopen(alarm_id, by=rig.people[DESK])
    rig.follow()
    assert row(rig, alarm_id)["stage"] == "none"
    with pytest.raises(Conflict):
        find(rig, alarm_id)
    rig.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=rig.people[DESK])
    rig.follow()
    assert row(rig, alarm_id)["stage"] == "open"


def test_a_follow_up_shows_from_its_day_until_it_is_done(rig):
    alarm_id = rig.live_through()
    today = rig.world.calendar.day_of(rig.world.clock.now())
    finding = find(rig, alarm_id, follow_up_on=today + timedelta(days=3))
    rig.follow()

    def due(days):
        with rig.world.reading.connect() as connection:
            return [each["id"] for each in Search(connection, DISTRICT).follow_ups(today + timedelta(days=days), 9)]

    assert (due(2), due(3), due(30)) == ([], [finding], [finding])
    rig.reviewing.follow_up_done(alarm_id, finding, by=rig.people[BORIS], area=DISTRICT, text="好了")
    assert due(30) == []
    with pytest.raises(Conflict):
        rig.reviewing.follow_up_done(alarm_id, finding, by=rig.people[BORIS], area=DISTRICT)
    with pytest.raises(NotFound):
        rig.reviewing.follow_up_done(alarm_id, "nothing", by=rig.people[BORIS], area=DISTRICT)


def test_a_finding_that_is_one_has_words_and_none_needs_none(rig):
    alarm_id = rig.live_through()
    with pytest.raises(Invalid):
        find(rig, alarm_id, text=None)
    find(rig, alarm_id, cause=FindingCause.IN_ORDER, text=None)
    with pytest.raises(NotFound):
        find(rig, alarm_id, station_id="nowhere")
    with pytest.raises(NotFound):
        find(rig, "nothing")


def test_words_of_a_finding_can_be_erased_and_the_chain_holds(rig):
    alarm_id = rig.live_through()
    find(rig, alarm_id, text="关于某人的话")
    assert not [each for each in rig.entries() if "某人" in each.body]
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE notes SET text = NULL")
    assert rig.verifier.begin(rig.people[ANNA], wait_s=10).is_whole


# ------------------------------------------------------------------------------------------------ counted over


def test_one_walk_says_whether_all_is_well_and_that_is_an_entry(rig):
    rig.live_through(note="好")
    ended = rig.verifier.begin(rig.people[ANNA], wait_s=10)
    assert (ended.is_whole, ended.walked) == (True, ended.entries)
    last = rig.entries()[-1]
    assert (last.kind, last.by) == ("record_verified", rig.people[ANNA])
    assert ended.head in last.body


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        ("UPDATE entries SET body = '{}' WHERE number = 3", "its content does not match its hash"),
        ("DELETE FROM entries WHERE number = 3", "expected number 3"),
        ("UPDATE notes SET text = 'x'", "its note was altered"),
        ("DELETE FROM notes", "its note is missing"),
    ],
)
def test_a_walk_names_what_does_not_fit(rig, harm, why):
    rig.live_through(note="好")
    with rig.world.writing.begin() as connection:
        for verb in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER entries_refuse_{verb}")
        connection.exec_driver_sql(harm)
    ended = rig.verifier.begin(rig.people[ANNA], wait_s=10)
    assert (ended.is_whole, ended.why) == (False, why)


def test_the_export_is_what_the_stand_alone_script_checks(rig):
    rig.live_through()
    count, _, why = walk(lines(rig.world.reading))
    assert (count, why) == (len(rig.entries()), None)
    assert walk(lines(rig.world.reading, until=3))[0] == 3


def test_the_hash_of_an_entry_covers_the_story_of_its_alarm(rig):
    alarm_id = rig.live_through()
    proof = rig.stories.story(alarm_id, DISTRICT).proof
    [closing] = [each for each in rig.entries() if each.kind == "closed"]
    assert (proof.is_whole, proof.last_hash) == (True, closing.hash)
