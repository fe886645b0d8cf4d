"""A photo as it is kept: the picture bit for bit, and nothing that the telephone wrote beside it."""

import io
import random

import pytest
from PIL import Image, PngImagePlugin

from schedules.care.rules.picture import PICTURE_MAX, is_photo, picture_of

SECRETS = (b"Exif\x00\x00", b"38.0714", b"HUAWEI", b"a comment")


def photo(*, progressive=False, size=(96, 64), quality=80, noise=False):
    """A photo with everything that telephones write into it: Exif with a place, a comment, bytes behind its end."""
    picture = Image.new("RGB", size)
    dice = random.Random(1)
    step = 1 if noise else 7
    picture.putdata([(dice.randrange(256) if n % step == 0 else 90, n % 256, 40) for n in range(size[0] * size[1])])
    exif = Image.Exif()
    exif[0x010F], exif[0x0132], exif[0x010E] = "HUAWEI", "2026:11:22 09:00:00", "38.0714,114.4960"
    out = io.BytesIO()
    picture.save(
        out, "JPEG", exif=exif, comment=b"a comment", progressive=progressive, quality=quality, restart_marker_rows=1
    )
    return out.getvalue() + b"MotionPhoto_Data 38.0714"


def pixels(content):
    return Image.open(io.BytesIO(content)).convert("RGB").tobytes()


@pytest.mark.parametrize("progressive", [False, True])
def test_of_a_jpeg_the_picture_alone_is_kept(progressive):
    taken = photo(progressive=progressive)
    assert all(each in taken for each in SECRETS)
    kept = picture_of(taken)
    assert kept.kind == "image/jpeg"
    assert not any(each in kept.content for each in SECRETS)
    assert kept.content.endswith(b"\xff\xd9")
    assert pixels(kept.content) == pixels(taken)
    assert picture_of(kept.content) == kept


def test_of_a_png_the_picture_alone_is_kept():
    told, out = PngImagePlugin.PngInfo(), io.BytesIO()
    told.add_text("Comment", "38.0714 HUAWEI a comment")
    Image.new("RGBA", (20, 20), (1, 2, 3, 4)).save(out, "PNG", pnginfo=told)
    kept = picture_of(out.getvalue() + b"behind its end")
    assert (kept.kind, b"38.0714" in kept.content, b"behind" in kept.content) == ("image/png", False, False)
    assert pixels(kept.content) == pixels(out.getvalue())


def test_what_is_no_picture_or_is_broken_or_large_is_not_kept():
    taken, out = photo(), io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "PNG")
    for content in (b"", b"<svg onload=alert(1)>", b"GIF89a", b"\xff\xd8<html>", taken[:-300], out.getvalue()[:-13]):
        assert picture_of(content) is None, content[:20]
    large = photo(size=(1600, 1200), quality=95, noise=True)
    assert len(large) > PICTURE_MAX
    assert picture_of(large) is None


def test_no_broken_file_does_any_harm():
    dice, whole = random.Random(5), photo()
    for _ in range(500):
        broken = bytearray(whole[: dice.randrange(2, len(whole))])
        for _ in range(dice.randrange(4)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        kept = picture_of(bytes(broken))
        assert kept is None or len(kept.content) <= len(broken)


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (b"\xff\xd8\xff\xe0 the rest", True),
        (b"\x89PNG\r\n\x1a\n the rest", True),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", True),
        (b"\x00\x00\x00\x1cftypabcd\x00\x00\x00\x00isommif1miaf", True),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", True),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", False),
        (b"%PDF-1.7\n%\xe2\xe3", False),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42", False),
        (b"PK\x03\x04", False),
        (b"", False),
        (b"\xff\xd8", False),
        (b"GIF89a", False),
    ],
    ids=[
        "JPEG",
        "PNG",
        "HEIC",
        "HEIC among others",
        "WebP",
        "a sound",
        "PDF",
        "a film",
        "ZIP",
        "nothing",
        "half",
        "GIF",
    ],
)
def test_a_photo_is_told_by_its_own_bytes(content, is_one):
    assert is_photo(content) is is_one
