"""The small pages in a real browser without script: nothing sticks out, buttons are large, one answer is all."""

from collections.abc import Iterator

import pytest

from tests.e2e.axe import violations
from tests.e2e.site import Site
from tests.integration.pages_rig import PagesRig

NARROW, WIDE = {"width": 320, "height": 568}, {"width": 1280, "height": 800}
BUTTON_PX = 60
"""Main targets of age-friendly pages (ECOSYSTEM, 5.4)."""


@pytest.fixture(params=["zh", "en"])
def served(request, tmp_path) -> Iterator[tuple[PagesRig, str, str]]:
    rig = PagesRig(tmp_path, lang=request.param)
    with Site(rig.app) as site:
        yield rig, site.url, request.param
    rig.world.close()


def opened(chromium, lang, size):
    context = chromium.new_context(
        viewport=size, java_script_enabled=False, locale={"zh": "zh-CN", "en": "en-GB"}[lang]
    )
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    return context, context.new_page(), asked


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["phone", "desk"])
def test_the_whole_way_without_script_by_large_buttons(chromium, served, size):
    rig, base, lang = served
    alarm_id = rig.press()
    context, page, asked = opened(chromium, lang, size)
    page.goto(base + rig.path(alarm_id))
    for deed in ("accept", "no_entry", "arrived", "done"):
        width = page.locator("html").bounding_box()["width"]
        assert width <= size["width"]
        for button in page.locator("button, a.button").all():
            box = button.bounding_box()
            assert box["height"] >= BUTTON_PX, button.inner_text()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= size["width"]
        page.locator(f"button[value={deed}]").click()
    assert "reported_done" in rig.world.kinds(alarm_id)
    assert all(url.startswith(base + "/t/") for url in asked), "one answer is all of a page"
    context.close()


@pytest.mark.parametrize("where", ["task", "coming", "family", "list"])
def test_axe_finds_nothing_on_small_pages(chromium, served, where):
    rig, base, _ = served
    alarm_id = rig.press()
    # The policy of these pages lets no script run, axe's neither.
    context = chromium.new_context(viewport=NARROW, bypass_csp=True)
    page = context.new_page()
    paths = {
        "task": rig.path(alarm_id),
        "coming": rig.path(alarm_id),
        "family": rig.family_path(alarm_id),
        "list": "/c",
    }
    page.goto(base + paths[where])
    if where == "coming":
        with page.expect_navigation():
            page.locator("button[value=accept]").click()
    found = violations(page)
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
    context.close()
