"""One picture file to RGB pixels. Strict: a picture is right, or it is told what is wrong."""

import hashlib
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from facesearch.errors import InputError

MAX_BYTES = 20_000_000
MAX_PIXELS = 25_000_000


def decode_image(path: Path, image_px: int) -> np.ndarray:
    """Return the centre square of a picture, resized, as uint8 [image_px, image_px, 3], RGB.

    EXIF orientation is applied; grey, palette, CMYK, 16-bit and transparent pictures are converted
    (transparent to black, as the padding of most face crops is).

    Raises:
        InputError: If the file is empty, no JPEG or PNG, damaged, or unreasonably large.

    """
    size = path.stat().st_size if path.exists() else 0
    if size == 0:
        raise InputError(f"{path}: empty or missing file.")
    if size > MAX_BYTES:
        raise InputError(f"{path}: {size} bytes; a picture has at most {MAX_BYTES}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=("JPEG", "PNG")) as image:
                return _pixels(image, image_px, path)
    except UnidentifiedImageError:
        raise InputError(f"{path}: neither JPEG nor PNG inside, whatever its name.") from None
    except Image.DecompressionBombError:
        raise InputError(f"{path}: more than {MAX_PIXELS} pixels.") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path}: damaged picture ({error}).") from None


def decode_with_digest(path: Path, image_px: int) -> tuple[np.ndarray, bytes] | InputError:
    """Return pixels as `decode_image` does and the SHA-256 of the file, or what is wrong."""
    try:
        pixels = decode_image(path, image_px)
        return pixels, hashlib.sha256(path.read_bytes()).digest()
    except InputError as error:
        return error
    except OSError as error:
        return InputError(f"{path}: cannot be read ({error.strerror}).")


def _pixels(image: Image.Image, image_px: int, path: Path) -> np.ndarray:
    if image.width * image.height > MAX_PIXELS:
        raise InputError(f"{path}: {image.width} x {image.height}; at most {MAX_PIXELS} pixels.")
    # JPEG can decode at 1/2, 1/4, 1/8: cheaper, and finer than a later reduction
    image.draft(None, (2 * image_px, 2 * image_px))
    upright = ImageOps.exif_transpose(image)
    side = min(upright.size)
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    square = _to_rgb(upright).crop((left, top, left + side, top + side))
    filter_ = Image.Resampling.BILINEAR
    return np.asarray(square.resize((image_px, image_px), filter_, reducing_gap=2.0))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # Pillow would clip 16 bits to 8 instead of scaling them
        values = np.asarray(image, dtype=np.float32) / 257
        return Image.fromarray(values.round().clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, rgba).convert("RGB")
    return image.convert("RGB")
