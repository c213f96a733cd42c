"""Pictures to and from JPEG. What leaves this file holds pixels and nothing else."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from appliance.core.errors import BadMedia
from appliance.core.snippet import MAX_PORTRAIT_BYTES

_QUALITY = 80
_MOST_PORTRAIT_PIXELS = 24_000_000  # a phone's camera; decoded it takes 72 MB
_LONGEST_PORTRAIT_SIDE = 1280  # larger photos are reduced while they are decoded

# Only this reader may look at a candidate's photo, whatever the bytes claim to be.
_PHOTO_FORMATS = ("JPEG",)


def to_jpeg(picture: NDArray[np.uint8], width: int | None = None, quality: int = _QUALITY) -> bytes:
    """A JPEG of a blue-green-red picture, at most `width` pixels wide, without any metadata."""
    image = Image.fromarray(np.ascontiguousarray(picture[:, :, ::-1]))
    if width is not None and image.width > width:
        height = max(1, round(image.height * width / image.width))
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def from_photo(photo: bytes) -> NDArray[np.uint8]:
    """The pixels of a JPEG photo, blue-green-red, turned upright, longest side about 1,280.

    Raises BadMedia when it is not a JPEG, is cut off, or claims more pixels than a camera has.
    """
    if len(photo) > MAX_PORTRAIT_BYTES:
        raise BadMedia("The photo is larger than 2 MB: take it again with a smaller picture.")
    try:
        image = Image.open(io.BytesIO(photo), formats=_PHOTO_FORMATS)
        if image.width * image.height > _MOST_PORTRAIT_PIXELS:
            raise BadMedia("The photo claims more pixels than a camera has: take it again.")
        image.draft("RGB", (_LONGEST_PORTRAIT_SIDE, _LONGEST_PORTRAIT_SIDE))
        image.thumbnail((_LONGEST_PORTRAIT_SIDE, _LONGEST_PORTRAIT_SIDE))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        raise BadMedia("The photo is not a whole JPEG picture: take it again.") from error
    except (SyntaxError, EOFError, IndexError, KeyError, TypeError, ZeroDivisionError) as error:
        # What Pillow's readers raise on crafted headers.
        raise BadMedia("The photo is not a whole JPEG picture: take it again.") from error
    return np.ascontiguousarray(np.asarray(upright)[:, :, ::-1])
