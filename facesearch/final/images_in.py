"""What people have as an image, made into what a model was trained on.

An image is a file (text or a path), a PIL image, or an array or torch tensor. All of them go the
way of `facesearch.data.decode`: upright by EXIF where there is one, RGB, the centre square, resized
by the same filter. An array in the order blue, green, red (OpenCV's) cannot be told from one in
red, green, blue and is **not** turned: write ``image[..., ::-1]``.

A JPEG that PIL has decoded already may differ from its file by some grey levels, if it is four
times as large as the model's input or more: files are decoded at half the size or less then.

Shapes: N images, H and W pixels, C colours: 1 grey, 3 RGB, 4 RGBA.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
import torch
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from facesearch.data.box import Box
from facesearch.data.decode import decode_bytes, decode_image, decode_pixels
from facesearch.errors import InputError

OneImage: TypeAlias = str | Path | Image.Image | np.ndarray | torch.Tensor
# One, several, or an array of several.
Images: TypeAlias = OneImage | Iterable[OneImage]

# An opened file is read by one thread at a time: it may be in a list twice.
_READING = Lock()
_COLOURS = (1, 3, 4)
# A face in pixel values has something brighter than this; as a fraction of 1 nothing has.
_SURELY_PIXELS = 10
_WAYS = (
    "write uint8 pixels in [0, 255], or floats in [0, 1] (a network's input in [-1, 1] is "
    "(images + 1) / 2)"
)


def each_image(images: Images) -> list[OneImage]:
    """Return the images one by one; arrays of several are checked, and made uint8, as a whole.

    Args:
        images: One image, an iterable of them, or an array of several: [N, H, W, C], or
            [N, C, H, W] where no other reading is possible. A single array is [H, W], [H, W, C] or,
            of torch, [C, H, W]. Their values: uint8 in [0, 255]; floats in [0, 1], or in [0, 255]
            where each image has a value of 10 or more.

    Raises:
        InputError: For anything else; for floats whose range is not clear (negative, above 255, not
            finite, or a largest value between 1 and 10); for whole numbers of 0 and 1 alone; for an
            alpha in another range than the colours; for bool, masked values and bfloat16.

    """
    if isinstance(images, (str, Path, Image.Image)):
        return [images]
    if isinstance(images, (np.ndarray, torch.Tensor)):
        return [_as_pil(pixels) for pixels in _array_of_images(images, "images")]
    if not isinstance(images, Iterable):
        raise InputError(f"images: {_kind(images)}; {_ALLOWED}.")
    return list(images)


def to_pixels(image: OneImage, image_px: int, name: str = "", box: Box | None = None) -> np.ndarray:
    """Return one image as uint8 [image_px, image_px, 3], RGB, as `decode_image` does of a file.

    Args:
        image: See `each_image`.
        image_px: Side in pixels.
        name: What it is called in a message; a file is called by its path.
        box: The part of it that is taken; None: the centre square.

    Raises:
        InputError: If it cannot be read, or is none; see `each_image`.

    """
    name = name or "image"
    if isinstance(image, (str, Path)):
        return _of_file(Path(image), image_px, box)
    if isinstance(image, Image.Image):
        return _of_pil(image, image_px, name, box)
    if not isinstance(image, (np.ndarray, torch.Tensor)):
        raise InputError(f"{name}: {_kind(image)}; {_ALLOWED}.")
    pixels = _array_of_images(image, name)
    if len(pixels) != 1:
        raise InputError(f"{name}: an array of {len(pixels)} images in a list; pass it by itself.")
    return decode_pixels(_as_pil(pixels[0]), image_px, name, box)


def _as_pil(pixels_HWC: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels_HWC[..., 0] if pixels_HWC.shape[-1] == 1 else pixels_HWC)


_ALLOWED = "an image is a path, a PIL image, an array or a tensor, and several are a list of these"


def _kind(value: Any) -> str:
    return f"found {type(value).__name__}"


def _of_file(path: Path, image_px: int, box: Box | None) -> np.ndarray:
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder; give a picture.")
        return decode_image(path, image_px, box)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None
    except ValueError as error:  # a name that no file can have
        raise InputError(f"{path}: empty or missing file ({error}).") from None


def _of_pil(image: Image.Image, image_px: int, name: str, box: Box | None) -> np.ndarray:
    name = str(getattr(image, "filename", "") or name)
    if not isinstance(image, ImageFile):
        return decode_pixels(image, image_px, name, box)
    with _READING:
        content = _unread(image)
        if content is None:
            return decode_pixels(image, image_px, name, box)
        pixels = decode_bytes(content, image_px, name, box)
        image.load()  # as everybody expects of an image that was used: its file is closed now
        return pixels


def _unread(image: Image.Image) -> bytes | None:
    """Return the file of a JPEG that is not decoded yet: then it is decoded as other files are."""
    if not isinstance(image, JpegImageFile) or not image.tile or image.fp is None or image.tell():
        return None
    place = image.fp.tell()
    image.fp.seek(0)
    content = image.fp.read()
    image.fp.seek(place)
    return bytes(content)


# --- arrays -----------------------------------------------------------------------------


def _array_of_images(array: np.ndarray | torch.Tensor, name: str) -> np.ndarray:
    """Return uint8 [N, H, W, C] of an array of one image or several."""
    is_torch = isinstance(array, torch.Tensor)
    values = _of_torch(array, name) if isinstance(array, torch.Tensor) else _of_numpy(array, name)
    images = _in_order(values, name, is_torch=is_torch)
    if not len(images):
        return images.astype(np.uint8)
    if not images.size:
        raise InputError(f"{name}: an array {list(values.shape)} has no pixels.")
    return _as_pixels(images, name)


def _of_torch(tensor: torch.Tensor, name: str) -> np.ndarray:
    """Return the values of a tensor, wherever it is."""
    if tensor.dtype == torch.bfloat16:
        # 8 bits of a fraction: 1/255 apart are one number, so the pixels would be others
        raise InputError(f"{name}: bfloat16, which rounds pixels; {_WAYS}, of 32 bits.")
    try:
        values: np.ndarray = tensor.detach().cpu().numpy()
    except (TypeError, RuntimeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{name}: a tensor without an array of values ({reason})") from None
    return values


def _of_numpy(array: np.ndarray, name: str) -> np.ndarray:
    if np.ma.is_masked(array):
        raise InputError(
            f"{name}: masked values, of which nobody knows how they look; write images.filled(0)."
        )
    return np.asarray(array)


def _in_order(values: np.ndarray, name: str, *, is_torch: bool) -> np.ndarray:
    """Return [N, H, W, C], if there is one way to read the shape."""
    if values.ndim == 2:
        return values[None, :, :, None]
    is_last = values.ndim in (3, 4) and values.shape[-1] in _COLOURS
    is_first = values.ndim in (3, 4) and values.shape[-3] in _COLOURS
    if values.ndim == 3 and not is_torch:
        is_first = False  # three grey images, or one of three colours
    if is_last == is_first:
        raise InputError(
            f"{name}: an array {list(values.shape)} is not read as images: write [H, W, 3] for one "
            "and [N, H, W, 3] for several (of [.., 3, H, W]: numpy.moveaxis(images, -3, -1))."
        )
    ordered = values if is_last else np.moveaxis(values, -3, -1)
    return ordered if ordered.ndim == 4 else ordered[None]


def _as_pixels(images_NHWC: np.ndarray, name: str) -> np.ndarray:
    """Return uint8 of the same shape, if the range of the values leaves no doubt."""
    kind = images_NHWC.dtype.kind
    if kind not in "uif":
        raise InputError(f"{name}: an array of {images_NHWC.dtype}; {_WAYS}.")
    # an opaque image has the largest alpha that there is, which says nothing of its colours
    colours_NHWC, alpha_NHW = images_NHWC[..., :3], images_NHWC[..., 3:]
    _refuse_outside(images_NHWC, name)
    where = f"{name}: {_range(colours_NHWC)}"
    _refuse_greyless(colours_NHWC, where)
    scale = _scale(colours_NHWC, where) if kind == "f" else 1.0
    if alpha_NHW.size:
        _refuse_alpha(alpha_NHW, scale, where)
    if images_NHWC.dtype == np.uint8:
        return images_NHWC
    pixels: np.ndarray = np.rint(images_NHWC * scale).astype(np.uint8)
    return pixels


def _range(values: np.ndarray) -> str:
    return f"{values.dtype} from {float(values.min()):g} to {float(values.max()):g}"


def _refuse_outside(images_NHWC: np.ndarray, name: str) -> None:
    low, high = float(images_NHWC.min()), float(images_NHWC.max())
    if not np.isfinite([low, high]).all() or low < 0 or high > 255:
        raise InputError(f"{name}: {_range(images_NHWC)}: no range of pixels; {_WAYS}.")


def _refuse_greyless(colours_NHWC: np.ndarray, where: str) -> None:
    """Refuse 0 and 1 alone: of whole numbers in any image, of floats in all of them.

    Beside floats with greys in between, 0 and 1 are black and white.
    """
    is_float = colours_NHWC.dtype.kind == "f"
    of_each = colours_NHWC.reshape(1 if is_float else len(colours_NHWC), -1)
    for values in of_each[of_each.max(1) == 1]:
        if set(np.unique(values)) <= {0, 1}:
            raise InputError(f"{where}, 0 and 1 alone: a picture that lost its greys? {_WAYS}.")


def _refuse_alpha(alpha_NHW: np.ndarray, scale: float, where: str) -> None:
    """Refuse an alpha in another range than the colours, which would blacken the image."""
    high_N = alpha_NHW.reshape(len(alpha_NHW), -1).max(1)
    if (high_N > 1 if scale == 255 else high_N <= 1).any():
        raise InputError(
            f"{where}, its alpha to {float(high_N.max()):g}: not in one range, or nothing of it is "
            f"to be seen; write both alike, or the colours alone (images[..., :3])."
        )


def _scale(images_NHWC: np.ndarray, where: str) -> float:
    """Return what makes pixel values of floats: 255, or 1. A black image may be of either."""
    high_N = images_NHWC.reshape(len(images_NHWC), -1).max(1)
    high_N = high_N[high_N > 0]
    if (high_N <= 1).all():
        return 255.0
    if (high_N >= _SURELY_PIXELS).all():
        return 1.0
    raise InputError(
        f"{where}, the largest of an image {float(high_N.min()):g}: neither all in [0, 1] nor "
        f"surely in [0, 255]; {_WAYS}."
    )


def names_of(images: Sequence[OneImage]) -> list[str]:
    """Return what each image is called in a message: its path, or its place."""
    return [
        os.fspath(image) if isinstance(image, (str, Path)) else f"image {number}"
        for number, image in enumerate(images)
    ]
