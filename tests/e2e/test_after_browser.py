"""Interviews and personal data in a real browser: both languages, phone and desk, without a script."""

from collections.abc import Iterator

import pytest

from dispatch.rules.rights import DISTRICT
from tests.builders import PASSWORD
from tests.e2e.axe import violations
from tests.e2e.site import Site
from tests.integration.after_rig import FORM, AfterRig

NARROW, WIDE = {"width": 320, "height": 568}, {"width": 1366, "height": 768}


@pytest.fixture
def served(request, tmp_path) -> Iterator[tuple[AfterRig, str]]:
    rig = AfterRig(tmp_path, lang=request.param)
    rig.surveying.check()
    rig.erasing.ask(rig.resident, "erasure", asked_by="王女士", reason="搬家", by="operator:x", area=DISTRICT)
    with Site(rig.app) as site:
        yield rig, site.url
    rig.sign_in.close()
    rig.close()


def signed_in(chromium, base, size, *, script=False, scheme="light"):
    # The policy of these pages lets no script run, axe's neither.
    context = chromium.new_context(viewport=size, java_script_enabled=script, bypass_csp=script, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{base}/login")
    page.locator("input[name=login]").fill("anna")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    return page


def fits(page, size):
    assert page.locator("html").bounding_box()["width"] <= size["width"]
    for each in page.locator(
        "main button:visible, main input:visible, main select:visible, main textarea:visible"
    ).all():
        box = each.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"], each.evaluate("e => e.outerHTML.slice(0, 80)")


@pytest.mark.parametrize(("served", "size"), [("zh", NARROW), ("en", WIDE)], indirect=["served"])
def test_an_interview_is_filled_in_without_a_script(chromium, served, size):
    rig, base = served
    page = signed_in(chromium, base, size)
    page.goto(f"{base}/surveys")
    fits(page, size)
    page.locator("#interviews button").first.click()
    fits(page, size)
    page.locator("textarea").fill("讲完了")
    page.locator("button[value=done]").click()
    assert page.locator("fieldset [class*=bad]").count() == len(FORM.questions), "what is missing is named"
    assert page.locator("textarea").input_value() == "讲完了"
    for each in FORM.questions:
        page.locator(f"input[name={each.key}][value='4']").check()
    page.locator("button[value=done]").click()
    assert page.url == f"{base}/surveys"
    assert [each.kind for each in rig.lines()] == ["satisfaction"]
    page.goto(f"{base}/privacy")
    fits(page, size)
    page.context.close()


@pytest.mark.parametrize("served", ["zh", "en"], indirect=True)
def test_axe_finds_nothing_by_day_and_in_the_dark(chromium, served):
    rig, base = served
    for size, scheme in ((NARROW, "light"), (WIDE, "dark")):
        page = signed_in(chromium, base, size, script=True, scheme=scheme)
        row = rig.surveying.list(DISTRICT)[0]["survey"]
        rig.surveying.take(row.id, rig.people["anna"].id, DISTRICT)
        for path in ("/surveys", f"/surveys/{row.id}", "/privacy"):
            page.goto(base + path)
            bad = violations(page)
            assert [(path, each["id"], [node["html"] for node in each["nodes"]]) for each in bad] == []
        page.context.close()
