"""A carer's own page in a real browser: 320 px, without a script, large buttons, nothing that axe finds."""

import io
import os
from collections.abc import Iterator

import pytest
from PIL import Image

from schedules.care.rules.presence import Way, Which
from schedules.care.store.visit_pictures import Pictures
from schedules.care.store.visit_points import Points
from schedules.care.visiting import Said
from schedules.orders.photos import PHOTO_MAX
from schedules.orders.store.orders import Orders
from tests.e2e.axe import violations
from tests.e2e.site import Site
from tests.integration.carers_rig import BY, carer_of, order_of, path_of, round_of, shift_of, skill, visit_of
from tests.integration.rights_rig import Town

NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1366, "height": 768}
BUTTON_PX = 55


@pytest.fixture
def served(tmp_path) -> Iterator[tuple[Town, str]]:
    """A page with one of everything on it."""
    town = Town(tmp_path)
    skill(town)
    visit_of(town)
    round_of(town)
    order_of(town, "adaptation")
    taken, me = order_of(town, "repair"), carer_of(town, "C1")
    town.house.homecare.rounds.ordering.accept(taken().id, f"carer:{me.id}", by=f"carer:{me.id}", area=None)
    mine, theirs = [shift_of(town, "C1", each) for each in (3, 4)], [shift_of(town, "C3", each) for each in (5, 6)]
    swapping = town.house.homecare.duty.swapping
    swapping.ask(theirs[0], me.id, mine[0], by=BY)
    with Site(town.app) as site:
        yield town, site.url
    town.close()


@pytest.mark.parametrize(("size", "lang", "scheme"), [(NARROW, "zh-CN", "dark"), (WIDE, "en-GB", "light")])
def test_all_of_a_day_fits_a_small_telephone_without_a_script(served, chromium, size, lang, scheme):
    town, base = served
    context = chromium.new_context(
        viewport=size, java_script_enabled=False, bypass_csp=True, locale=lang, color_scheme=scheme
    )
    context.add_cookies([{"name": "anling_lang", "value": lang[:2], "url": base}])
    page = context.new_page()
    page.goto(base + path_of(town))
    page.locator("button[value=open]").click()
    for deed in ("begin", "round", "order_accept", "order_decline", "order_done", "swap_yes", "swap_no", "swap_ask"):
        box = page.locator(f"button[value={deed}]").first.bounding_box()
        assert box["height"] >= BUTTON_PX, deed
        assert box["x"] + box["width"] <= size["width"]
    assert page.locator("html").bounding_box()["width"] <= size["width"]
    context.close()
    context = chromium.new_context(viewport=size, bypass_csp=True, locale=lang, color_scheme=scheme)
    page = context.new_page()
    page.goto(base + path_of(town))
    assert violations(page) == []
    with page.expect_navigation():
        page.locator("button[value=open]").click()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert violations(page) == []
    context.close()


def large_photo() -> io.BytesIO:
    """As a telephone takes it: of megabytes, with its moment."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0132] = "2026:11:22 09:00:00"
    Image.frombytes("RGB", (1500, 1000), os.urandom(4_500_000)).save(out, "JPEG", quality=90, exif=exif)
    return out


def test_several_large_photos_of_an_adaptation_are_made_small_and_taken(served, chromium):
    town, base = served
    order, me = order_of(town, "adaptation"), carer_of(town, "C1")
    who, ordering = f"carer:{me.id}", town.house.homecare.rounds.ordering
    ordering.accept(order().id, who, by=who, area=None)
    context = chromium.new_context(viewport=NARROW)
    page = context.new_page()
    page.goto(base + path_of(town))
    page.locator("button[value=open]").click()
    form = page.locator("form", has=page.locator(f"input[value='{order().id}']")).filter(has=page.locator("[multiple]"))
    photos = [large_photo().getvalue() for _ in range(2)]
    assert min(map(len, photos)) > PHOTO_MAX
    form.locator("input[type=file]").set_input_files(
        [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": each} for each in photos]
    )
    form.locator("input[data-small]").wait_for()
    with page.expect_navigation():
        form.locator("button[value=order_step]").click()
    context.close()
    assert order().step == "survey"
    with town.house.reading.connect() as connection:
        assert len(Orders(connection).photos(order().id)) == 2


def test_a_large_photo_is_made_small_on_the_telephone_and_keeps_when_it_was_taken(served, chromium):
    town, base = served
    visit, me = visit_of(town), carer_of(town, "C1")
    town.house.homecare.visits.visiting.sign(
        visit().id, Said(key="begin", which=Which.BEGIN, way=Way.PAGE, by=f"carer:{me.id}", carer_id=me.id)
    )
    out = large_photo()
    context = chromium.new_context(viewport=NARROW)
    page = context.new_page()
    page.goto(base + path_of(town))
    page.locator("button[value=open]").click()
    form = page.locator("form.sign", has=page.locator(f"input[value='{visit().id}']"))
    photo = form.locator("input[type=file]")
    photo.set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()})
    form.locator("input[data-small]").wait_for()
    with page.expect_navigation():
        form.locator("button[value=photo]").click()
    context.close()
    with town.house.reading.connect() as connection:
        (kept,) = Points(connection).photos_of(visit().id)
        picture = Pictures(connection).get(visit().id, kept.id)
    assert town.house.calendar.local(kept.taken_at).isoformat()[:19] == "2026-11-22T09:00:00"
    found = Image.open(io.BytesIO(picture.content))
    assert (found.size, dict(found.getexif())) == ((1280, 853), {})
