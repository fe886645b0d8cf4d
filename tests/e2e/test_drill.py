"""An exercise with real processes: by the command, through the gateway's own thread, to a stand-in of the provider."""

import json
import threading

from tests.e2e.rig import LOGIN, Rig, district, phone_of, until
from tests.fakes.twilio_standin import TwilioStandin


def test_a_drill_by_the_command_is_answered_and_passes(tmp_path):
    with TwilioStandin() as standin, Rig(tmp_path, district=district(carers=[phone_of(1)]), twilio=standin) as rig:
        rig.add_operator()
        rig.start()
        until("the gateway is connected", lambda: rig.metric("gateway_connected", "radio") == 1)
        told = []

        def drill():
            told.append(rig.anling("drill", "--by", LOGIN, "--channel", "sms", "--json"))

        thread = threading.Thread(target=drill)
        thread.start()
        until("the carer is asked", standin.creates)
        assert [each["To"] for each in standin.creates()] == [phone_of(1)]
        assert "演习！" in standin.creates()[0]["Body"]
        rig.reply(phone_of(1), "1")
        thread.join(60)
        [done] = told
        row = json.loads(done.stdout)
        assert (done.returncode, row["state"], row["gateway"], row["provider"]) == (0, "passed", "radio", "twilio")
        listed = json.loads(rig.anling("drill", "--list", "--json").stdout)
        assert {each["channel"] for each in listed["untested"]} == {"voice"}
        assert rig.surprises() == []
        rig.assert_sound()


def test_a_drill_needs_a_service_that_runs_and_a_person_who_orders_it(tmp_path):
    with Rig(tmp_path, district=district(carers=[phone_of(1)])) as rig:
        rig.add_operator()
        assert "not running" in rig.anling("drill", "--by", LOGIN).stderr
        assert rig.anling("drill").returncode == 2


def test_a_drill_where_only_others_listen_for_us_says_what_is_missing(tmp_path):
    with Rig(tmp_path, district=district(carers=[phone_of(1)]), radio=False) as rig:
        rig.add_operator()
        rig.start()
        told = rig.anling("drill", "--by", LOGIN)
        assert (told.returncode, "[[gateways]]" in told.stderr, "not running" in told.stderr) == (1, True, False)


def test_a_street_is_switched_by_the_command_and_back(tmp_path):
    with Rig(tmp_path, district=district(carers=[phone_of(1)])) as rig:
        rig.add_operator()
        rig.start()
        assert rig.anling("shadow", "on", "柏林小区", "--by", LOGIN).returncode == 0
        assert rig.anling("shadow", "on", "别的小区", "--by", LOGIN).returncode == 1
        listed = json.loads(rig.anling("shadow", "list", "--json").stdout)
        assert [(each["area"], each["mode"]) for each in listed["switches"]] == [("柏林小区", "shadow")]
        assert rig.anling("shadow", "off", "柏林小区", "--by", LOGIN).returncode == 0
        assert rig.surprises() == []
