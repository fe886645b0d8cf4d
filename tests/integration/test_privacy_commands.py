"""`anling privacy` on a database of its own: given out, agreed to by another, erased, kept in the file of ids."""

import json
import subprocess
import sys
import zipfile

import pytest
from click.testing import CliRunner

from config.main import cli

DISTRICT = """
[district]
name = "示范区"
[[homes]]
code = "H1"
address = "柏林小区 3-2-501"
residents = [{ code = "R1", name = "王秀英", phone = "+8613800000101" }]
"""


@pytest.fixture
def anling(tmp_path):
    config = tmp_path / "anling.toml"
    config.write_text(f'home = "{tmp_path}/var"\n[log]\nlevel = "error"\n')

    def run(*arguments, code=0, stdin=None):
        done = CliRunner().invoke(cli, ["--config", str(config), *arguments], input=stdin)
        assert done.exit_code == code, (done.output, done.exception)
        return done.stdout

    (tmp_path / "district.toml").write_text(DISTRICT)
    run("load", str(tmp_path / "district.toml"))
    for login in ("anna", "boris"):
        run("user", "add", login, "--name", login, "--password", "-", stdin="月亮船-7-铃铛")
    return run


def test_a_command_by_itself_knows_every_table():
    """In a process that imports nothing else: a table it does not know would not be erased."""
    code = (
        "import config.wiring_after; from dispatch.store.database import metadata; "
        "from dispatch.privacy import inventory; print(sorted(set(inventory()) ^ set(metadata.tables)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=True)
    assert done.stdout.strip() == "[]"


def test_roles_are_named_as_the_books_name_them(anling):
    for role in ("installer", "Reviewer"):
        anling("user", "add", role.lower(), "--name", role, "--role", role, "--password", "-", stdin="月亮船-7-铃铛")
    anling("user", "add", "who", "--name", "谁", "--role", "king", "--password", "-", stdin="月亮船-7-铃铛", code=2)
    told = {each["login"]: each["roles"] for each in json.loads(anling("user", "list", "--json"))["users"]}
    assert (told["installer"], told["reviewer"]) == (["installer"], ["reviewer"])


def test_one_resident_is_given_out_and_erased_from_the_command_line(anling, tmp_path):
    out = tmp_path / "data.zip"
    anling("privacy", "export", "R1", "--by", "anna", "--reason", "家属要求", "--out", str(out))
    assert "王秀英" in zipfile.ZipFile(out).read("data.json").decode()
    assert out.stat().st_mode & 0o077 == 0
    ask = (
        "privacy",
        "ask",
        "R1",
        "--kind",
        "erasure",
        "--asked-by",
        "王女士",
        "--reason",
        "搬家",
        "--by",
        "anna",
        "--json",
    )
    request = json.loads(anling(*ask))["request"]
    anling("privacy", "approve", request, "--by", "anna", code=1)
    assert json.loads(anling("privacy", "approve", request, "--by", "boris", "--json"))["erased"] == 1
    kept = b"".join(each.read_bytes() for each in (tmp_path / "var").iterdir() if each.is_file())
    assert not [each for each in ("王秀英", "13800000101", "柏林小区", "王女士") if each.encode() in kept]
    assert json.loads((tmp_path / "var" / "erased.jsonl").read_text())["resident"]
    assert json.loads(anling("privacy", "reapply", "--json")) == {"erased": [], "left": []}
    assert json.loads(anling("record", "verify", "--json"))["ok"] is True


def test_retention_says_what_it_would_do_and_a_file_is_swept(anling):
    due = json.loads(anling("privacy", "retention", "--dry-run", "--json"))["due"]
    assert len(due) > 10
    assert set(due.values()) == {0}
    assert anling("privacy", "sweep").strip() == "swept"
    assert anling("privacy", "export", "R9", "--by", "anna", "--reason", "xx", code=1) == ""
