"""Pictures: made anew from what was uploaded, or refused."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from accounts.models import AuditEntry, Brand, Picture
from accounts.pictures import LOGO_EDGE, MAX_FILE_BYTES, PictureError, keep_picture, set_logo
from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot

SECRET = b"51.5007,-0.1246"


# Its width is a text (type 2), and it lies on its side, so that Pillow writes all of it anew.
TEXT_FOR_WIDTH = (
    b"Exif\0\0MM\0*\0\0\0\x08\0\x03"
    b"\x01\0\0\x02\0\0\0\x1a\0\0\0\x32"
    b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
    b"\x87i\0\x04\0\0\0\x01\0\0\0\x4c"
    b"\0\0\0\0hellohellohellohellohello\0"
    b"\0\x01\x92%\0\x01\0\0\0\x03abc\0\0\0\0\0"
)


@pytest.fixture(autouse=True)
def at_juniper(cast: Cast) -> Iterator[None]:
    with acting_for(cast.juniper):
        yield


def drawn(
    kind: str = "PNG", size: tuple[int, int] = (64, 32), mode: str = "RGB", **how: Any
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else (255, 0, 0, 0)).save(out, kind, **how)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 40,000 pixels wide and high."""
    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_three_formats_are_read_and_encoded_again(kind: str) -> None:
    picture = keep_picture(file=drawn(kind), edge=LOGO_EDGE, now=NOW)

    assert (picture.content_type, picture.width, picture.height) == ("image/jpeg", 64, 32)
    with Image.open(io.BytesIO(bytes(picture.content))) as made:
        assert (made.format, made.size) == ("JPEG", (64, 32))


def test_clear_parts_stay_clear() -> None:
    picture = keep_picture(file=drawn(mode="RGBA"), edge=LOGO_EDGE, now=NOW)

    assert picture.content_type == "image/png"
    with Image.open(io.BytesIO(bytes(picture.content))) as made:
        assert made.getchannel("A").getpixel((0, 0)) == 0


def test_a_large_one_is_made_smaller() -> None:
    picture = keep_picture(file=drawn(size=(2_000, 1_000)), edge=LOGO_EDGE, now=NOW)

    assert (picture.width, picture.height) == (400, 200)


def test_only_the_pixels_are_kept_and_rotated_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010E] = SECRET.decode()
    file = drawn("JPEG", exif=exif) + SECRET

    picture = keep_picture(file=file, edge=LOGO_EDGE, now=NOW)

    assert SECRET in file
    assert SECRET not in bytes(picture.content)
    assert (picture.width, picture.height) == (32, 64)


def test_the_same_picture_is_kept_once() -> None:
    first, second = (keep_picture(file=drawn(), edge=LOGO_EDGE, now=NOW) for _ in range(2))

    assert first == second
    assert Picture.objects.count() == 1


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "not a PNG, JPEG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "not a PNG"),
        (b"GIF89a" + b"\0" * 50, "not a PNG"),
        (drawn("GIF"), "not a PNG"),
        (drawn("BMP"), "not a PNG"),
        (drawn()[:60], "damaged"),
        (drawn("JPEG")[:300], "damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"junk" * 9, "PNG|damaged"),
        (drawn("JPEG", exif=TEXT_FOR_WIDTH), "damaged"),
        (bomb(), "too many pixels"),
        (drawn(size=(8, 8)), "smaller than 16 pixels"),
        (b"x" * (MAX_FILE_BYTES + 1), "larger than 3 MB"),
    ],
)
def test_what_is_no_picture_is_refused(file: bytes, said: str, cast: Cast) -> None:
    before = snapshot()

    with pytest.raises(PictureError, match=said):
        set_logo(brand=cast.juniper, file=file, by=SYSTEM, now=NOW)

    assert snapshot() == before


def test_a_logo_is_set_and_taken_away(cast: Cast) -> None:
    given = set_logo(brand=cast.juniper, file=drawn(), by=SYSTEM, now=NOW)
    set_logo(brand=cast.juniper, file=drawn(), by=SYSTEM, now=NOW)
    assert given.logo == Picture.objects.get().digest

    set_logo(brand=cast.juniper, file=None, by=SYSTEM, now=NOW)

    assert Brand.objects.get(pk=cast.juniper.pk).logo == ""
    told = AuditEntry.objects.filter(action__startswith="brand.logo").order_by("pk")
    assert [entry.action for entry in told] == ["brand.logo_set", "brand.logo_removed"]
