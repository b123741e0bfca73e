"""One picture file to RGB pixels. Strict: a picture is right, or it is told what is wrong."""

import hashlib
import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from facesearch.data.box import Box
from facesearch.data.formats import FORMATS, FORMATS_IN_WORDS
from facesearch.errors import InputError

MAX_BYTES = 20_000_000
MAX_PIXELS = 25_000_000
# What Pillow's readers raise of torn files; that of TIFF computes with what it has read.
_DAMAGED = (
    OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, EOFError,
    RuntimeError, struct.error,
)  # fmt: skip
_FILTER = Image.Resampling.BILINEAR


def decode_image(path: Path, image_px: int, box: Box | None = None) -> np.ndarray:
    """Return the centre square of a picture, resized, as uint8 [image_px, image_px, 3], RGB.

    With a box, that part of it, cut from the whole picture before it is resized; where the box
    reaches out of the picture, the edge is repeated.

    EXIF orientation is applied; grey, palette, CMYK, 16-bit and transparent pictures are converted
    (transparent to black, as the padding of most face crops is). Of several frames or pages the
    first is taken.

    Raises:
        InputError: If the file is empty, of none of `FORMATS` inside, damaged, unreasonably large,
            of 32 bits a colour, whose range nobody knows, or of 16 with values of 8.

    """
    return decode_bytes(_read(path), image_px, str(path), box)


def decode_bytes(content: bytes, image_px: int, name: str, box: Box | None = None) -> np.ndarray:
    """Return what `decode_image` returns, of a file in memory.

    Args:
        content: The bytes of the file.
        image_px: Side in pixels.
        name: What it is called in a message.
        box: As of `decode_image`.

    Raises:
        InputError: As `decode_image`.

    """
    _refuse_size(len(content), name)
    with _told(name), Image.open(io.BytesIO(content), formats=FORMATS) as image:
        return _pixels(image, image_px, name, box)


def decode_pixels(
    image: Image.Image, image_px: int, name: str, box: Box | None = None
) -> np.ndarray:
    """Return what `decode_image` returns, of an image that Pillow has in memory.

    Args:
        image: The image; if it is a file that was not read, it is read.
        image_px: Side in pixels.
        name: What it is called in a message.
        box: As of `decode_image`.

    Raises:
        InputError: If it is damaged, unreasonably large, or of 32 bits a colour.

    """
    with _told(name):
        return _pixels(image, image_px, name, box)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say in our words what Pillow says of a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            # of tags that are damaged: either the pixels can be read nevertheless, or it is told
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
            yield
    except UnidentifiedImageError:
        raise InputError(f"{name}: no {FORMATS_IN_WORDS} inside, whatever its name.") from None
    except Image.DecompressionBombError:
        raise InputError(f"{name}: more than {MAX_PIXELS} pixels.") from None
    except _DAMAGED as error:
        raise InputError(f"{name}: damaged picture ({error}).") from None


def decode_with_digest(
    path: Path, image_px: int, box: Box | None = None
) -> tuple[np.ndarray, bytes] | InputError:
    """Return pixels as `decode_image` does and the SHA-256 of the file, or what is wrong."""
    try:
        content = _read(path)
        pixels = decode_bytes(content, image_px, str(path), box)
        return pixels, hashlib.sha256(content).digest()
    except InputError as error:
        return error


def _read(path: Path) -> bytes:
    try:
        _refuse_size(path.stat().st_size if path.exists() else 0, str(path))
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None


def _refuse_size(num_bytes: int, name: str) -> None:
    if num_bytes == 0:
        raise InputError(f"{name}: empty or missing file.")
    if num_bytes > MAX_BYTES:
        raise InputError(f"{name}: {num_bytes} bytes; a picture has at most {MAX_BYTES}.")


def _pixels(image: Image.Image, image_px: int, name: str, box: Box | None) -> np.ndarray:
    if image.width * image.height > MAX_PIXELS:
        raise InputError(f"{name}: {image.width} x {image.height}; at most {MAX_PIXELS} pixels.")
    if image.mode in ("I", "F"):
        raise InputError(f"{name}: 32 bits a colour, in a range of its own; write it with 8 or 16.")
    # JPEG can decode at 1/2, 1/4, 1/8: cheaper, and finer than a later reduction
    kept = 1.0 if box is None else min(box.width, box.height, 1.0)
    enough_px = math.ceil(2 * image_px / kept)
    image.draft(None, (enough_px, enough_px))
    upright = ImageOps.exif_transpose(image)
    side = min(upright.size)
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    rgb = _to_rgb(upright, name)
    if box is not None:
        edges = zip(box, (left, top, left, top), strict=True)
        return _cut(rgb, Box(*(start + edge * side for edge, start in edges)), image_px)
    square = rgb.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((image_px, image_px), _FILTER, reducing_gap=2.0))


def _cut(rgb: Image.Image, box: Box, image_px: int) -> np.ndarray:
    """Return the part of a picture in a box, in pixels; its edge is repeated around it."""
    # a box of many pixels is made smaller first, so that little is padded
    factor = max(1, int(min(box.width, box.height) / image_px / 2))
    if factor > 1:
        rgb, box = rgb.reduce(factor), Box(*(edge / factor for edge in box))
    left, top = math.floor(box.left), math.floor(box.top)
    right, bottom = math.ceil(box.right), math.ceil(box.bottom)
    rows = np.arange(top, bottom).clip(0, rgb.height - 1)
    columns = np.arange(left, right).clip(0, rgb.width - 1)
    part = Image.fromarray(np.asarray(rgb)[rows][:, columns])
    inside = (box.left - left, box.top - top, box.right - left, box.bottom - top)
    size = (image_px, image_px)
    return np.asarray(part.resize(size, _FILTER, inside, reducing_gap=2.0))


def _to_rgb(image: Image.Image, name: str) -> Image.Image:
    if image.mode.startswith("I"):
        # Pillow would clip 16 bits to 8 instead of scaling them
        values = np.asarray(image, dtype=np.float32) / 257
        if 0 < values.max() < 1:
            raise InputError(
                f"{name}: 16 bits a colour, but none above 255, which is black; write it with 8."
            )
        return Image.fromarray(values.round().clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, rgba).convert("RGB")
    return image.convert("RGB")
