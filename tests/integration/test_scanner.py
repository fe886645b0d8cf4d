"""Files that people bring are looked through before anybody has them, by a fake that speaks as clamd's manual says."""

import io
import re
import socket
import threading
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from werkzeug.test import EnvironBuilder

from config.options import AccountSettings, UploadSettings
from config.pages import Pages
from config.settings import Settings
from config.wiring import build
from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn
from dispatch.clock import SystemClock
from dispatch.ids import new_id
from dispatch.scanner import AT_ONCE_MAX, Infected, Scanner, Unscanned
from dispatch.web.forms import asked_with
from tests.architecture.tree import ROOT
from tests.builders import PASSWORD
from tests.fakes.clamd import EVIL, Clamd
from tests.fakes.clock import HandClock
from tests.integration.test_lists_api import upload

PLENTY_S = 60.0


@pytest.fixture
def clamd(tmp_path):
    clamd = Clamd(tmp_path / "clamd.ctl")
    yield clamd
    clamd.close()


def scanner(clamd, *, total_s=PLENTY_S, **more):
    return Scanner(clamd.path, SystemClock(), total_s=total_s, **more)


def why(log_lines):
    return [each["why"] for each in log_lines if each["event"] == "file_not_scanned"]


# ------------------------------------------------------------------------------------------------ what clamd is asked


def test_harmless_files_go_on_whole_and_from_their_beginning(clamd):
    files = [io.BytesIO(b"a" * 200_000), io.BytesIO(b"b")]
    scanner(clamd)(files)
    assert clamd.got == [b"a" * 200_000, b"b"]
    assert [each.tell() for each in files] == [0, 0]


def test_one_that_is_known_is_refused_whatever_stands_beside_it(clamd, log_lines):
    with pytest.raises(Infected):
        scanner(clamd)([io.BytesIO(b"fine"), io.BytesIO(b"PK" + EVIL)])
    assert [each["signature"] for each in log_lines if each["event"] == "file_infected"] == ["Eicar-Test-Signature"]


@pytest.mark.parametrize(
    "said", [b"", b"OK", b"stream: lookup ERROR", b"stream: OK\n220 mail", b"HTTP/1.1 200 OK", b"x" * 5000, b"\xff\xfe"]
)
def test_whatever_is_not_its_word_is_no_word(clamd, log_lines, said):
    clamd.answer = said
    with pytest.raises(Unscanned):
        scanner(clamd)([io.BytesIO(b"fine")])
    assert why(log_lines) == ["no_clamd"]


def test_a_file_that_is_too_large_for_it_is_not_taken_for_harmless(clamd, log_lines):
    clamd.most = 100_000
    with pytest.raises(Unscanned):
        scanner(clamd)([io.BytesIO(b"x" * 5_000_000)])
    assert why(log_lines) in (["too_large"], ["no_connection"]), "it may have shut the line before its word was read"


def test_one_that_is_not_there_or_says_nothing_refuses_every_file(clamd, log_lines, tmp_path):
    with pytest.raises(Unscanned):
        Scanner(str(tmp_path / "none.ctl"), SystemClock(), total_s=PLENTY_S)([io.BytesIO(b"fine")])
    clamd.hold.clear()
    with pytest.raises(Unscanned):
        scanner(clamd, total_s=0.05)([io.BytesIO(b"fine")])
    assert why(log_lines) == ["no_connection", "timeout"]


class Ticking(HandClock):
    """A second goes by whenever somebody looks."""

    def __init__(self):
        super().__init__()
        self.looks = threading.Semaphore(0)

    def look(self):
        self.advance(1)
        self.looks.release()
        return super().look()


def test_the_seconds_are_for_everything_together(log_lines):
    """One that says a byte at each look never ends, and no single wait is long."""
    clock, listener, said = Ticking(), socket.create_server(("127.0.0.1", 0)), []

    def trickle():
        line, _ = listener.accept()
        with line, listener, suppress(OSError):
            while clock.looks.acquire(timeout=PLENTY_S) and len(said) < 1_000:
                line.sendall(b"s")
                said.append(1)

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    address = "127.0.0.1:" + str(listener.getsockname()[1])
    with pytest.raises(Unscanned):
        Scanner(address, clock, total_s=20.0)([io.BytesIO(b"fine")])
    assert why(log_lines) == ["timeout"]
    clock.looks.release(1_000)
    thread.join(PLENTY_S)
    assert not thread.is_alive()


def test_only_so_many_wait_for_a_scanner_that_hangs(clamd, log_lines):
    clamd.hold.clear()
    ask, ended = scanner(clamd, place_s=0.01), []

    def one():
        ask([io.BytesIO(b"fine")])
        ended.append(1)

    threads = [threading.Thread(target=one) for _ in range(AT_ONCE_MAX)]
    for each in threads:
        each.start()
    while len(clamd.got) < AT_ONCE_MAX:
        assert clamd.asked.wait(PLENTY_S)
        clamd.asked.clear()
    with pytest.raises(Unscanned):
        ask([io.BytesIO(b"fine")])
    assert why(log_lines) == ["too_many"]
    clamd.hold.set()
    for each in threads:
        each.join(PLENTY_S)
    assert len(ended) == AT_ONCE_MAX
    ask([io.BytesIO(b"fine")])


# ------------------------------------------------------------------------------------------------ at the door


@contextmanager
def asked(scan, **files):
    with (
        closing(EnvironBuilder(method="POST", data={"note": "x", **files})) as builder,
        asked_with(scan)(builder.get_environ()) as request,
    ):
        yield request


def test_every_file_of_a_form_is_looked_through_once_and_is_whole_afterwards():
    """Several of one name, too; a field without a chosen file is none, and who asks for no file waits for nobody."""
    looked = []

    def scan(files):
        looked.append([each.read() for each in files])
        for each in files:
            each.seek(0)

    photos = [(io.BytesIO(b"one"), "1.jpg"), (io.BytesIO(b"two"), "2.jpg")]
    with asked(scan, photos=photos, none=(io.BytesIO(b""), "")) as request:
        assert (request.form["note"], looked) == ("x", [])
        assert [each.read() for each in request.files.getlist("photos")] == [b"one", b"two"]
        assert request.files["none"].read() == b""
        assert looked == [[b"one", b"two"]]
    with asked(scan, none=(io.BytesIO(b""), "")) as request:
        assert request.files["none"].read() == b""
    assert len(looked) == 1


def test_whoever_asks_again_after_a_refusal_gets_no_file_either():
    def scan(_):
        raise Infected("no")

    with asked(scan, file=(io.BytesIO(b"one"), "1.jpg")) as request:
        for _ in range(2):
            with pytest.raises(Infected):
                request.files.get("file")


def test_nobody_takes_a_file_past_the_door():
    """Files come by `request.files` alone; what providers and programs send as a whole is text that is parsed."""
    past = re.compile(r"parse_form_data|wsgi\.input|request\.stream|_load_form_data|__dict__\[.files.\]")
    strays = [
        str(path.relative_to(ROOT))
        for room in ("config", "devices", "dispatch", "schedules")
        for path in sorted((ROOT / room).rglob("*.py"))
        if past.search(path.read_text(encoding="utf-8"))
    ]
    assert strays == ["dispatch/web/express.py", "dispatch/web/forms.py", "dispatch/web/hooks.py"]


@pytest.fixture
def house(tmp_path, clamd):
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/anling.db", home=tmp_path, uploads=UploadSettings(scanner=clamd.path),
        accounts=AccountSettings(second_factor="optional"),
    )  # fmt: skip
    house = build(settings, SystemClock(), new_id)
    pages = Pages(house)
    house.app = pages.app(secret_key="k" * 40)
    yield house
    pages.stop()
    house.stop()


@pytest.fixture
def program(house):
    client = house.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = (
        f"Bearer {Keys(house.transactions, house.reading, house.clock).new_key('p', 'import')}"
    )
    return client


def kept(house) -> list[str]:
    return [each.name for each in (Path(house.settings.home) / "imports").glob("*.upload")]


def test_a_program_is_told_and_nothing_of_the_file_is_kept(house, program, clamd):
    evil = upload(program, EVIL, headers={"Idempotency-Key": "one"})
    assert (evil.status_code, evil.json["type"]) == (422, "urn:anling:problem:infected")
    assert kept(house) == []
    clamd.answer = b"?"
    unknown = upload(program, b"a,b\n1,2", headers={"Idempotency-Key": "two"})
    assert (unknown.status_code, unknown.json["type"]) == (503, "urn:anling:problem:not-scanned")
    assert unknown.headers["Retry-After"]
    clamd.answer = None
    assert upload(program, b"a,b\n1,2", headers={"Idempotency-Key": "two"}).status_code == 201
    assert len(kept(house)) == 1
    assert len(clamd.got) == 3


def test_people_read_why_in_their_language_and_strangers_reach_no_scanner(house, clamd):
    door = SignIn(house.transactions, house.reading, house.clock, PasswordHasher(1, 8, 1))
    door.add_operator("anna", "安娜", PASSWORD, lang="zh")
    door.close()
    browser = house.app.test_client()

    def posted(to, page, **form):
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', browser.get(page).text)[1]
        return browser.post(to, data={"csrf_token": token, **form})

    def sent(content, page="/import"):
        return posted("/import", page, kind="residents", file=(io.BytesIO(content), "a.csv"))

    assert sent(EVIL, page="/login").status_code == 303
    assert clamd.got == []
    assert posted("/login", "/login", login="anna", password=PASSWORD, next="/").status_code == 303
    evil = sent(EVIL)
    assert (evil.status_code, "扫描程序认为此文件含有恶意内容" in evil.text) == (422, True)
    clamd.close()
    silent = sent(b"a,b\n1,2")
    assert (silent.status_code, "anling doctor" in silent.text, "没有保存" in silent.text) == (503, True, True)
    assert kept(house) == []
