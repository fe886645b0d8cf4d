"""Every look of the doctor, on a machine where it finds something, and where it does not."""

import os
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config import doctor, doctor_files, doctor_machine, doctor_safety, doctor_upkeep
from config.admin import AdminSocket
from config.backup.making import back_up
from config.doctor_machine import Machine
from config.options import AliveSettings, BackupSettings, MessageSettings, OutgoingSettings, UploadSettings, WebSettings
from config.settings import GatewaySettings, Settings
from devices.ports.found import FoundPort, found_ports
from dispatch.clock import SystemClock
from dispatch.lifeline import CANARY, DEADMAN
from dispatch.store.accounts import Accounts, Operator
from dispatch.store.outbox import Outbox
from dispatch.store.proofs import Proofs, reconcile
from tests.fakes.clamd import Clamd
from tests.integration.backup_rig import BackupRig

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CH340 = FoundPort(device="/dev/ttyUSB0", stable="/dev/ttyUSB0", usb="1a86:7523", what="USB Serial")
RADIO = GatewaySettings(name="hall", protocol="rflink", port="/dev/ttyUSB0")


class Stood:
    """A clock for one moment."""

    def now(self):
        return NOW


def machine(tmp_path: Path, **more) -> Machine:
    """A machine with nothing on it but what is said."""
    bare = {
        "ask": lambda _: None, "ports": list, "proc": tmp_path / "proc", "usb": tmp_path / "usb",
        "rules": tmp_path / "rules", "lock": tmp_path / "requirements.lock",
    }  # fmt: skip
    return Machine(**{**bare, **more})


def running(tmp_path: Path, pid: int, name: str, *, opened: str = "") -> None:
    folder = tmp_path / "proc" / str(pid)
    (folder / "fd").mkdir(parents=True)
    (folder / "comm").write_text(name + "\n", encoding="utf-8")
    if opened:
        (folder / "fd" / "7").symlink_to(opened)


def only(findings):
    (found,) = list(findings)
    assert bool(found.cure) == (not found.well) or found.well
    return found


def test_packages_that_are_not_as_locked(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("flask==3.1.2 \\\n    --hash=sha256:00\nserial-of-windows==1.0 ; sys_platform == 'win32'\n")
    versions = {"flask": "3.1.2"}

    def installed(name):
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    on = machine(tmp_path, installed=installed)
    assert only(doctor_machine.packages(on)).well
    with lock.open("a") as more:
        more.write("numpy==2.4 ; python_full_version < '3.12'\nnumpy==2.5 ; python_full_version >= '3.12'\n")
    versions["numpy"] = "2.4"
    assert only(doctor_machine.packages(on)).seen == "2 packages as locked"
    versions["flask"] = "2.0"
    found = only(doctor_machine.packages(on))
    assert (found.well, "flask 2.0" in found.seen, found.cure) == (False, True, "sh ./demo --set-up run")


@pytest.mark.parametrize(
    ("head", "seen", "told"),
    [("# resolved 2026-08-23\n", "90 days ago", False), ("# resolved 2026-08-22\n", "91 days ago", True),
     ("", "nobody wrote down", True)],
)  # fmt: skip
def test_parts_that_are_older_than_holes_may_be_are_a_note_and_no_fault(tmp_path, head, seen, told):
    on = machine(tmp_path, clock=Stood())
    assert list(doctor_machine.parts(on)) == []
    (tmp_path / "requirements.lock").write_text(head + "flask==3.1.2 \\\n    --hash=sha256:00\n", encoding="utf-8")
    found = only(doctor_machine.parts(on))
    assert (found.well, bool(found.cure), "make advisories" in found.cure) == (True, told, told)
    assert seen in found.seen
    rule = (doctor_machine.ROOT / "docs/security.md").read_text(encoding="utf-8")
    assert f"within {doctor_machine.LOCK_DAYS} days" in rule


def test_a_disk_that_takes_long(tmp_path):
    class Slow:
        at_s = 0.0

        def look(self):
            self.at_s += 0.3
            return type("Look", (), {"steady_s": self.at_s})()

    settings = Settings(home=tmp_path)
    assert only(doctor_machine.write_through(settings, Machine())).well
    found = only(doctor_machine.write_through(settings, machine(tmp_path, clock=Slow())))
    assert not found.well
    assert "300.0 ms" in found.seen
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("said", "well"), [("NTPSynchronized=yes\nTimezone=UTC\n", True), ("NTPSynchronized=no\n", False)]
)
def test_a_clock_that_nobody_sets(tmp_path, said, well):
    found = only(doctor_machine.synchronised(machine(tmp_path, ask=lambda _: said)))
    assert (found.well, found.cure) == (well, "" if well else "timedatectl set-ntp true")


def test_where_nobody_can_say_it_is_no_fault(tmp_path):
    assert only(doctor_machine.synchronised(machine(tmp_path))).well


def test_ports_are_told_with_their_chip(tmp_path):
    assert "1a86:7523" in only(doctor_machine.serial_ports(machine(tmp_path, ports=lambda: [CH340]))).seen


def test_a_modem_manager_that_was_not_told_to_leave_our_lines_alone(tmp_path):
    settings = Settings(gateways=(RADIO,))
    on = machine(tmp_path)
    assert list(doctor_machine.modem_manager(settings, on)) == []
    running(tmp_path, 77, "ModemManager")
    assert not only(doctor_machine.modem_manager(settings, on)).well
    (tmp_path / "rules").mkdir()
    shutil.copy(doctor_machine.ROOT / "config/udev/70-anling.rules", tmp_path / "rules")
    assert only(doctor_machine.modem_manager(settings, on)).well
    assert list(doctor_machine.modem_manager(Settings(), on)) == []


def test_a_port_that_brltty_made_vanish(tmp_path):
    adapter = tmp_path / "usb" / "1-2"
    adapter.mkdir(parents=True)
    (adapter / "idVendor").write_text("1a86\n")
    (adapter / "idProduct").write_text("7523\n")
    found = only(doctor_machine.brltty(machine(tmp_path)))
    assert not found.well
    assert "brltty" in found.cure
    assert only(doctor_machine.brltty(machine(tmp_path, ports=lambda: [CH340]))).well


def test_a_second_process_on_the_line(tmp_path):
    settings = Settings(gateways=(RADIO,))
    running(tmp_path, 10, "anling", opened="/dev/ttyUSB0")
    running(tmp_path, 11, "minicom", opened="/dev/ttyUSB0")
    on = machine(tmp_path)
    found = only(doctor_machine.second_process(settings, on, own=frozenset({10})))
    assert (found.well, found.cure) == (False, "stop minicom (11)")
    assert list(doctor_machine.second_process(settings, on, own=frozenset({10, 11}))) == []


def test_no_font_that_knows_chinese(tmp_path):
    assert not only(doctor_machine.fonts(machine(tmp_path, ask=lambda _: "\n"))).well
    assert only(doctor_machine.fonts(machine(tmp_path, ask=lambda _: "Noto Sans CJK SC\n"))).well
    assert list(doctor_machine.fonts(machine(tmp_path))) == []


def test_without_pango_there_is_no_pdf_and_the_cure_is_said():
    assert only(doctor_machine.pdf(possible=True)).cure == ""
    assert "libpango" in only(doctor_machine.pdf(possible=False)).cure
    guide = (doctor_machine.ROOT / "docs/installers.md").read_text(encoding="utf-8")
    assert guide.count(doctor_machine.PANGO.removeprefix("apt install ")) == 2


def pem(ends_at: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "anling")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(NOW - timedelta(days=300)).not_valid_after(ends_at)
    )  # fmt: skip
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(("days", "well"), [(31, True), (29, False), (-1, False)])
def test_a_certificate_that_ends_soon(tmp_path, days, well):
    file = tmp_path / "sip.pem"
    file.write_bytes(pem(NOW + timedelta(days=days, hours=1)))
    settings = Settings(gateways=(replace(RADIO, port=f"sip-listen://0.0.0.0:5061?tls={file}"),))
    assert only(doctor_machine.certificates(settings, machine(tmp_path, clock=Stood()))).well is well
    file.write_bytes(b"no certificate")
    assert not only(doctor_machine.certificates(settings, machine(tmp_path, clock=Stood()))).well


def test_ports_by_the_name_that_stays(tmp_path):
    (tmp_path / "by-id").mkdir()
    (tmp_path / "ttyUSB9").touch()
    (tmp_path / "by-id" / "usb-FTDI").symlink_to(tmp_path / "ttyUSB9")
    assert all(each.device and each.stable for each in found_ports(tmp_path / "by-id", tmp_path / "none"))


# ------------------------------------------------------------------------------------------------ the books


@pytest.fixture
def rig(tmp_path):
    rig = BackupRig(tmp_path)
    yield rig
    rig.world.close()


def named(findings):
    return {each.name: each for each in findings}


def looked(rig, **more):
    return named(doctor_upkeep.books(replace(rig.settings, **more), rig.world.clock))


def test_nobody_who_could_sign_in(rig):
    assert not looked(rig)["accounts"].well
    someone = Operator(
        id="o1", login="w", name="王芳", phone=None, lang="zh", disabled=False, created_at=NOW, roles=frozenset()
    )
    rig.world.transactions.run(lambda tx: Accounts(tx.connection).add_operator(someone, "hash"))
    assert looked(rig)["accounts"].well


def test_pages_that_do_not_fit(rig):
    assert looked(rig)["integrity"].well
    rig.world.close()
    with rig.database.open("r+b") as file:
        file.seek(rig.database.stat().st_size // 2)
        file.write(os.urandom(40_000))
    findings = doctor._looked(doctor._books, rig.settings)
    assert any(not each.well and "anling db" in each.cure for each in findings)


def test_no_receipt_for_a_month(rig):
    order = MessageSettings(order=("twilio",))
    assert "receipts" not in looked(rig)
    assert not looked(rig, messages=order)["receipts"].well
    received = {"kind": "delivered", "status": "delivered", "received_at": rig.world.clock.now()}
    rig.world.transactions.run(lambda tx: Outbox(tx.connection).receipt_once("twilio", "k", **received))
    assert looked(rig, messages=order)["receipts"].well
    rig.world.clock.advance(31 * 86_400)
    assert not looked(rig, messages=order)["receipts"].well


def test_a_restore_that_nobody_has_looked_through(rig):
    assert "restored" not in looked(rig)
    rig.world.transactions.run(lambda tx: reconcile(tx, made_at=tx.now, entries=0, head="", lost=()))
    assert not looked(rig)["restored"].well


def test_a_canary_that_did_not_come_through(rig):
    def keep(*, worked):
        rig.world.transactions.run(lambda tx: Proofs(tx.connection).keep(CANARY + "hall", tx.now, worked=worked))

    keep(worked=True)
    assert looked(rig)["canary hall"].well
    rig.world.clock.advance(1)
    keep(worked=False)
    assert not looked(rig)["canary hall"].well


@pytest.fixture
def served(rig):
    service = AdminSocket(rig.folder, {})
    service.start()
    yield
    service.stop()


def test_what_a_killed_service_left_behind_is_not_waited_for(rig):
    (rig.folder / "anling.sock").touch()
    alive = AliveSettings(ping_url="https://watch.example/p")
    assert looked(rig, alive=alive)["dead-man"].seen == "the service is not running"


@pytest.mark.usefixtures("served")
def test_somebody_outside_who_was_not_reached(rig):
    alive = AliveSettings(ping_url="https://watch.example/p")
    assert looked(rig)["dead-man"].cure.startswith("set alive.ping_url")
    assert not looked(rig, alive=alive)["dead-man"].well
    rig.world.transactions.run(lambda tx: Proofs(tx.connection).keep(DEADMAN, tx.now, worked=True))
    assert looked(rig, alive=alive)["dead-man"].well
    rig.world.clock.advance(200)
    assert not looked(rig, alive=alive)["dead-man"].well


def test_no_backup_an_old_one_and_one_that_is_not_on_the_other_disk(rig, tmp_path):
    def found(**said):
        settings = replace(rig.settings, backup=BackupSettings(**said))
        return named(doctor_upkeep.saved(settings, rig.world.clock))

    assert not found()["backup"].well
    back_up(rig.settings, rig.world.clock)
    assert found()["backup"].well
    other = str(tmp_path / "second")
    assert not found(also=(other,))[f"backup {other}"].well
    rig.world.clock.advance(37 * 3600)
    assert not found()["backup"].well


def test_no_console_that_can_sound():
    assert list(doctor_upkeep.consoles(Settings(), None)) == []
    assert not only(doctor_upkeep.consoles(Settings(), 0)).well
    assert only(doctor_upkeep.consoles(Settings(), 2)).well
    assert list(doctor_upkeep.consoles(Settings(alive=AliveSettings(needs_console=False)), 0)) == []


def test_a_newer_database_is_not_to_be_upgraded(rig):
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '29991231_0000'")
    found = named(doctor._database(rig.settings))["database"]
    assert (found.well, found.cure) == (False, "they are newer: install the newer program")


def test_the_doctor_is_quick_and_whole_where_nothing_is_there(tmp_path, capsys):
    began = time.process_time()
    settings = Settings(home=tmp_path / "none", database_url=f"sqlite:///{tmp_path}/none/anling.db")
    assert doctor.examine(settings, as_json=False) == 1
    assert time.process_time() - began < 5
    assert "✗ database" in capsys.readouterr().out


def test_a_file_of_a_room_that_is_not_in_order_is_named_with_what_stands_still(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text("[[[", encoding="utf-8")
    settings = Settings(home=tmp_path)
    assert all(each.well for each in doctor_files.room_files(settings))
    settings = replace(
        settings, anomalies=replace(settings.anomalies, rules=str(broken)),
        privacy=replace(settings.privacy, retention=broken), review=replace(settings.review, file=broken),
        satisfaction=replace(settings.satisfaction, form=broken), welfare=replace(settings.welfare, file=broken),
        beds=replace(settings.beds, standards=tmp_path, assessments=broken, items=broken),
        rounds=replace(settings.rounds, book=str(broken)), orders=replace(settings.orders, services=str(broken)),
        duty=replace(settings.duty, holidays=str(broken)), bedmoney=replace(settings.bedmoney, policies=tmp_path),
        devices=replace(settings.devices, file=broken), travel=replace(settings.travel, barriers=broken),
    )  # fmt: skip
    found = {each.name: each for each in doctor_files.room_files(settings)}
    assert len(found) == 14
    assert doctor_files.broken_files(settings) == [each for each in found if each != doctor_files.POLICIES]
    assert not any(each.well for each in found.values())
    assert all(broken.name in each.seen for each in found.values())
    assert "nothing is erased" in found["retention file"].cure


# ------------------------------------------------------------------------------------------------ keeping others out


def test_names_below_ours_that_may_be_reached_in_the_clear_are_told():
    def said(**web):
        return list(doctor_safety.names_below(Settings(web=WebSettings(**web))))

    assert said() == said(public_url="http://127.0.0.1:8080") == []
    assert only(said(public_url="https://anling.example")).cure == ""
    told = only(said(public_url="https://anling.example", hsts_subdomains=False))
    assert (told.well, told.seen) == (True, "names below anling.example are reached in the clear too")
    assert "web.hsts_subdomains" in told.cure


def test_addresses_that_may_lead_anywhere_are_told():
    def said(**webhooks):
        return only(doctor_safety.receivers(Settings(webhooks=OutgoingSettings(**webhooks))))

    assert "webhooks.hosts" in said().cure
    assert (said(hosts=()).seen, said(hosts=()).cure) == ("may stand on no host", "")
    assert said(hosts=("a.example", ".b.example")).seen == "may stand on a.example, .b.example"


@pytest.mark.parametrize(
    ("state", "told"), [("active", False), ("activating", False), ("inactive", True), ("failed", True)]
)
def test_a_log_that_stays_on_the_machine_is_told(tmp_path, state, told):
    found = only(doctor_safety.logs(machine(tmp_path, ask=lambda _: f"ActiveState={state}\n")))
    assert (found.well, "LOGS=" in found.cure) == (True, told)
    assert list(doctor_safety.logs(machine(tmp_path))) == []


def test_a_scanner_that_is_named_and_silent_is_a_fault_and_none_a_note(tmp_path):
    def said(address):
        return only(doctor_safety.scanner(Settings(uploads=UploadSettings(scanner=address)), SystemClock()))

    assert (said("").well, "uploads.scanner" in said("").cure) == (True, True)
    clamd = Clamd(tmp_path / "clamd.ctl")
    assert (said(clamd.path).well, said(clamd.path).cure) == (True, "")
    clamd.close()
    gone = said(clamd.path)
    assert (gone.well, gone.seen, "clamav-daemon" in gone.cure) == (False, "no_connection", True)
