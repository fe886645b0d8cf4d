"""The record verified in the house, taken out of it, and verified by somebody who has nothing but the file."""

import hashlib
import io
import json
import subprocess
import sys

import pytest
from sqlalchemy import text

from config.records import export, verify
from dispatch.rules.alarm import Outcome
from dispatch.rules.people import Person
from tests.architecture.tree import ROOT
from tests.builders import build_world

DUTY = Person("operator:1")
ALONE = ROOT / "config" / "verify_record.py"
LINES_MAX = 100


@pytest.fixture
def world(tmp_path):
    world = build_world(tmp_path)
    alarm_id = world.press("H1")
    world.wake()
    world.advance(40)
    world.desk.note(alarm_id, "王奶奶在厨房", by=DUTY)
    world.desk.close(alarm_id, outcome=Outcome.HELPED, by=DUTY, note="安好")
    yield world
    world.close()


def alter(world, statement, **values):
    """Changes the record behind the back of the service; the database's refusal must go first, which shows."""
    with world.writing.begin() as connection:
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS entries_refuse_{verb}"))
        assert connection.execute(text(statement), values).rowcount == 1


def exported(world, *, notes=False):
    out = io.StringIO()
    count = export(world.reading, out, notes=notes)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert count == len(lines)
    return lines


def checked(path, lines, *options):
    """What the stand-alone script says of these lines: exit code and words."""
    file = path / "record.jsonl"
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return alone(str(file), *options)


def alone(*arguments, given=None):
    command = [sys.executable, "-I", str(ALONE), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, input=given, check=False, encoding="utf-8")
    return done.returncode, done.stdout.strip() or done.stderr.strip()


# ------------------------------------------------------------------------------------------------ in the house


def test_a_record_that_was_left_alone_is_whole(world):
    verdict = verify(world.reading)
    assert verdict.good
    assert verdict.to_json() == {
        "ok": True, "entries": verdict.entries, "head": verdict.head, "number": None, "why": None,
    }  # fmt: skip
    assert verdict.sentence == f"The record is whole: {verdict.entries} entries, head {verdict.head}."


def test_the_first_entry_that_was_altered_is_named(world):
    alter(world, "UPDATE entries SET body = '{}' WHERE number = 4")
    alter(world, "UPDATE entries SET kind = 'noted' WHERE number = 2")
    verdict = verify(world.reading)
    assert not verdict.good
    assert verdict.sentence == "Entry 2 does not fit: its content does not match its hash."


def test_an_entry_taken_out_is_noticed_at_the_next(world):
    alter(world, "DELETE FROM entries WHERE number = 3")
    assert (verify(world.reading).number, verify(world.reading).why) == (4, "expected number 3")


def test_an_altered_note_is_noticed_and_an_erased_one_is_not_a_fault(world):
    alter(world, "UPDATE notes SET text = NULL WHERE text = '安好'")
    assert verify(world.reading).good
    alter(world, "UPDATE notes SET text = '王奶奶不在' WHERE text = '王奶奶在厨房'")
    assert verify(world.reading).why == "its note was altered"


def test_an_empty_record_is_whole(tmp_path):
    world = build_world(tmp_path)
    assert verify(world.reading).good
    world.close()


# ------------------------------------------------------------------------------------------------ taken out


def test_an_export_has_every_column_and_the_time_twice(world):
    lines = exported(world)
    assert [line["number"] for line in lines] == list(range(1, verify(world.reading).entries + 1))
    first = lines[0]
    assert set(first) == {
        "number", "at", "at_us", "boot", "steady_us", "kind", "by", "alarm_id", "version", "body", "note_hash",
        "before", "hash",
    }  # fmt: skip
    assert (first["at"], first["at_us"]) == ("2026-11-21T04:00:00.000000+00:00", 1795233600000000)
    assert lines[-1]["hash"] == verify(world.reading).head


def test_notes_leave_the_house_only_when_asked(world):
    assert not any("note" in line for line in exported(world))
    assert [line["note"] for line in exported(world, notes=True) if "note" in line] == ["王奶奶在厨房", "安好"]


def test_the_stand_alone_script_is_short_and_needs_nothing_but_python():
    lines = ALONE.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LINES_MAX
    needs = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert needs <= sys.stdlib_module_names


@pytest.mark.parametrize("notes", [False, True])
def test_anybody_can_check_an_export_without_this_project(world, tmp_path, notes):
    lines = exported(world, notes=notes)
    whole = (0, f"The record is whole: {len(lines)} entries, head {lines[-1]['hash']}.")
    assert checked(tmp_path, lines) == whole
    assert checked(tmp_path, lines, "--head", lines[-1]["hash"]) == whole
    text_ = "".join(json.dumps(line) + "\n" for line in lines)
    assert alone("-", given=text_) == whole


def noted(lines):
    return next(line for line in lines if "note" in line)


def swapped(lines):
    lines[1], lines[2] = lines[2], lines[1]


SPOILT = {
    "altered": (lambda lines: lines[2].update(by="carer:x"), 3, "its content does not match its hash"),
    "taken out": (lambda lines: lines.pop(2), 3, "it says it is number 4"),
    "beheaded": (lambda lines: lines.pop(0), 1, "it says it is number 2"),
    "swapped": (swapped, 2, "it says it is number 3"),
    "unchained": (lambda lines: lines[2].update(before="0" * 64), 3, "it is not chained to the entry before it"),
    "redated": (lambda lines: lines[2].update(at="2026-11-21T05:00:00+00:00"), 3, "its two times are not the same"),
    "incomplete": (lambda lines: lines[2].pop("body"), 3, "cannot be read (KeyError)"),
    "no entry": (lambda lines: lines.insert(2, "nothing"), 3, "cannot be read (TypeError)"),
    "rewritten note": (lambda lines: noted(lines).update(note="别的话"), None, "its note was altered"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_the_script_names_the_first_entry_that_does_not_fit(world, tmp_path, name):
    spoil, number, why = SPOILT[name]
    lines = exported(world, notes=True)
    number = number or noted(lines)["number"]
    spoil(lines)
    assert checked(tmp_path, lines) == (1, f"Entry {number} does not fit: {why}.")


def test_a_log_cut_short_shows_against_a_head_kept_elsewhere(world, tmp_path):
    lines = exported(world)
    head = lines.pop()["hash"]
    assert checked(tmp_path, lines)[0] == 0
    assert checked(tmp_path, lines, "--head", head)[0] == 1


def test_a_log_rewritten_as_a_whole_shows_against_a_head_kept_elsewhere(world, tmp_path):
    """Whoever owns the database can chain a new history; only what was kept outside tells it from the true one."""
    lines = exported(world)
    head, before = lines[-1]["hash"], "0" * 64
    for line in lines:
        fields = {key: value for key, value in line.items() if key not in {"before", "hash", "at_us"}}
        canonical = json.dumps(
            fields | {"at": line["at_us"], "by": "nobody"}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        line["by"], line["before"] = "nobody", before
        line["hash"] = before = hashlib.sha256(f"{before}\n{canonical}".encode()).hexdigest()
    assert checked(tmp_path, lines)[0] == 0
    assert checked(tmp_path, lines, "--head", head)[0] == 1


def test_wrong_use_is_2():
    assert alone()[0] == 2
    assert alone("/nowhere/record.jsonl") == (2, "/nowhere/record.jsonl: No such file or directory")
