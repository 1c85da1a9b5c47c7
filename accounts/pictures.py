"""Pictures that staff upload: the brand's logo, an offer's image.

The uploaded file is never stored or shown. It is read as PNG, JPEG or WebP, and its pixels are
encoded as a new, smaller picture without anything else from the file. The rows are in PostgreSQL,
so that every web machine has them.
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from PIL import Image, ImageOps, UnidentifiedImageError

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import Brand, Picture

MAX_FILE_BYTES = 3_000_000
MAX_PIXELS = 30_000_000
MIN_EDGE_PIXELS = 16
LOGO_EDGE, IMAGE_EDGE = 400, 1_200  # pixels of the longer edge that is kept
FORMATS = ("PNG", "JPEG", "WEBP")
JPEG_QUALITY = 86
# What Pillow raises for a damaged picture or damaged metadata.
DAMAGED = (OSError, ValueError, TypeError, SyntaxError, LookupError, ArithmeticError, struct.error)


class PictureError(ValueError):
    """The file can't be used as a picture; the message is for the person who uploaded it."""


@dataclass(frozen=True, slots=True)
class _EncodedPicture:
    content: bytes
    content_type: str
    width: int
    height: int


def keep_picture(*, file: bytes, edge: int, now: datetime) -> Picture:
    """Save a picture of the brand acted for from an uploaded file. Raises PictureError.

    For services that use the picture and write the audit log.
    """
    made = _reencode(file, edge)
    picture, _ = Picture.objects.get_or_create(
        digest=hashlib.sha256(made.content).hexdigest(),
        defaults={
            "content_type": made.content_type,
            "content": made.content,
            "width": made.width,
            "height": made.height,
            "added_at": now,
        },
    )
    return picture


@transaction.atomic
def set_logo(*, brand: Brand, file: bytes | None, by: Actor, now: datetime) -> Brand:
    """Set the logo of the brand acted for; None removes it. Raises PictureError."""
    row = Brand.objects.select_for_update().get(pk=brand.pk)
    digest = keep_picture(file=file, edge=LOGO_EDGE, now=now).digest if file is not None else ""
    if digest != row.logo:
        row.logo = digest
        row.save(update_fields=["logo"])
        audit.record(
            action="brand.logo_set" if digest else "brand.logo_removed", target=row, by=by, now=now
        )
    return row


def _reencode(file: bytes, edge: int) -> _EncodedPicture:
    if len(file) > MAX_FILE_BYTES:
        raise PictureError(f"The file is larger than {MAX_FILE_BYTES // 1_000_000} MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(file), formats=FORMATS) as source:
                return _encode_pixels(source, edge)
    except UnidentifiedImageError as error:
        raise PictureError("This is not a PNG, JPEG or WebP picture.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError("The picture has too many pixels.") from error
    except PictureError:
        raise
    except DAMAGED as error:
        raise PictureError("The picture is damaged.") from error


def _encode_pixels(source: Image.Image, edge: int) -> _EncodedPicture:
    """The first frame's pixels, rotated as its metadata says, at most `edge` wide and high."""
    if source.width * source.height > MAX_PIXELS:
        raise PictureError("The picture has too many pixels.")
    if min(source.size) < MIN_EDGE_PIXELS:
        raise PictureError(f"The picture is smaller than {MIN_EDGE_PIXELS} pixels.")
    turned = ImageOps.exif_transpose(source)
    is_clear = turned.has_transparency_data
    plain = turned.convert("RGBA" if is_clear else "RGB")
    plain.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    fresh = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    out = io.BytesIO()
    if is_clear:
        fresh.save(out, "PNG", optimize=True)
    else:
        fresh.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    kind = "image/png" if is_clear else "image/jpeg"
    return _EncodedPicture(out.getvalue(), kind, fresh.width, fresh.height)
