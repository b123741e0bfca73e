from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from faces_on_disk import noise
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from facesearch.data.decode import decode_image
from facesearch.errors import InputError
from facesearch.final.images_in import each_image, to_pixels
from facesearch.final.pictures import picture_batches

PIXELS = np.asarray(noise(1, 24))
RNG = np.random.default_rng(0)


def all_of(images: Any, image_px: int = 16) -> np.ndarray:
    return np.concatenate(list(picture_batches(each_image(images), image_px)))


def upright_file(
    path: Path, mode: str = "RGB", turned: int = 1, size: tuple[int, int] = (40, 28)
) -> Path:
    """A picture of a smooth scene, so that no way of resizing hides in noise."""
    small = Image.fromarray(RNG.integers(0, 256, (5, 7, 3), np.uint8))
    image = small.resize(size, Image.Resampling.BICUBIC).convert(mode)
    exif = Image.Exif()
    exif[0x0112] = turned
    image.save(path, exif=exif)
    return path


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "tif", "avif"])
@pytest.mark.parametrize("is_read", [False, True])
def test_an_opened_image_is_what_its_file_is(tmp_path: Path, suffix: str, is_read: bool) -> None:
    if suffix == "bmp":
        path = tmp_path / "a.bmp"
        noise(3, 40).save(path)
    else:
        path = upright_file(tmp_path / f"a.{suffix}", turned=6)
    with Image.open(path) as image:
        size = image.size
        if is_read:
            image.load()
        found = to_pixels(image, 16)
        assert image.size == size
    np.testing.assert_array_equal(found, decode_image(path, 16))


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "P", "1", "CMYK", "I;16"])
def test_an_image_in_any_mode_is_what_its_file_is(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    if mode == "I;16":
        Image.fromarray(RNG.integers(0, 65536, (30, 40)).astype(np.uint16)).save(path)
    else:
        noise(4, 40).convert(mode).save(path)
    with Image.open(path) as image:
        np.testing.assert_array_equal(to_pixels(image, 16), decode_image(path, 16))
        assert image.mode == mode


def test_a_large_jpeg_that_is_only_opened_is_decoded_as_its_file(tmp_path: Path) -> None:
    path = upright_file(tmp_path / "a.jpg", size=(400, 300))
    with Image.open(path) as image:
        np.testing.assert_array_equal(to_pixels(image, 16), decode_image(path, 16))
        assert image.size == (400, 300) and np.asarray(image).shape == (300, 400, 3)
    with Image.open(path) as image:
        image.load()
        gap = np.abs(to_pixels(image, 16).astype(int) - decode_image(path, 16))
    assert 0 < gap.mean() < 4, "decoded in full, it differs a little from a smaller decoding"


@pytest.mark.parametrize("is_text", [False, True])
def test_a_path_may_be_text(tmp_path: Path, is_text: bool) -> None:
    path = upright_file(tmp_path / "a.png")
    found = all_of(str(path) if is_text else path)
    np.testing.assert_array_equal(found[0], decode_image(path, 16))


@pytest.mark.parametrize("side", [16, 40])
def test_arrays_are_what_the_file_of_their_pixels_is(tmp_path: Path, side: int) -> None:
    path = tmp_path / "a.png"
    noise(5, side).crop((0, 0, side, side - 4)).save(path)
    array, wanted = np.asarray(Image.open(path)), decode_image(path, 16)
    tensor = torch.from_numpy(array.copy()).permute(2, 0, 1)
    for one in (
        array, array[None], array.astype(np.float32), array / 255, array.astype(np.int32),
        (array / 255).astype(np.float32), tensor, tensor[None], tensor / 255,
        tensor.permute(1, 2, 0), np.moveaxis(array, -1, 0)[None], [array], [array / 255],
        np.dstack([array, array[..., :1] * 0 + 255]),
    ):  # fmt: skip
        np.testing.assert_array_equal(all_of(one), wanted[None])
    batch = np.stack([array] * 3)
    np.testing.assert_array_equal(all_of(batch), np.stack([wanted] * 3))
    mixed = [path, array, tensor / 255, str(path), array / 255]
    np.testing.assert_array_equal(all_of(mixed), np.stack([wanted] * 5))


@pytest.mark.parametrize("shape", [(20, 20), (20, 20, 1), (1, 20, 20, 1)])
def test_grey_arrays_are_grey(shape: tuple[int, ...]) -> None:
    grey = RNG.integers(0, 256, (20, 20), np.uint8)
    found = all_of(grey.reshape(shape), 20)
    np.testing.assert_array_equal(found, np.stack([grey] * 3, -1)[None])


def test_the_order_of_colours_is_red_green_blue() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    assert all_of(red)[0, 8, 8].tolist() == [200, 0, 0]
    assert all_of(red[..., ::-1])[0, 8, 8].tolist() == [0, 0, 200], "blue is not turned to red"


def test_black_is_black_in_every_range() -> None:
    for dtype in (np.uint8, np.float32, np.int64):
        assert not all_of(np.zeros((2, 16, 16, 3), dtype)).any()
    faces = np.stack([PIXELS / 255, PIXELS * 0.0])
    assert all_of(faces, 24)[0].max() > 200, "a black image beside others has any range"
    assert all_of(faces * 255, 24)[0].max() > 200


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (
            PIXELS / 127.5 - 1,
            r"images: float64 from -1 to 1: no range of pixels; write uint8 .*/ 2",
        ),
        (PIXELS.astype(np.int32) - 1, "no range of pixels"),
        (PIXELS.astype(np.float32) * 2, "no range of pixels"),
        (PIXELS.astype(np.uint16) * 257, "no range of pixels"),
        (np.where(PIXELS > 9, np.nan, 0.5), "no range of pixels"),
        (np.where(PIXELS > 9, np.inf, 0.5), "no range of pixels"),
        (PIXELS / 100, "neither all in \\[0, 1\\] nor surely in \\[0, 255\\]"),
        (np.stack([PIXELS / 255, PIXELS * 1.0]), "neither all in"),
        ((PIXELS > 99).astype(np.uint8), "0 and 1 alone"),
        ((PIXELS > 99).astype(np.float32), "0 and 1 alone"),
        (PIXELS > 99, "an array of bool"),
        (PIXELS.astype(complex), "an array of complex"),
        (PIXELS.astype(str), "an array of <U"),
        (np.zeros((3, 24, 24)), r"\[3, 24, 24\] is not read as images.*moveaxis"),
        (np.zeros((24, 24, 2)), "is not read as images"),
        (np.zeros((3, 3, 24, 3)), "is not read as images"),
        (np.zeros(5), "is not read as images"),
        (np.zeros((1, 1, 24, 24, 3)), "is not read as images"),
        (7, "images: found int; an image is a path, a PIL image"),
        ([PIXELS, None], "image 1: found NoneType"),
        ([PIXELS, b"x"], "image 1: found bytes"),
        ([np.stack([PIXELS, PIXELS])], "an array of 2 images in a list"),
        ([[0, 1], [2, 3]], "image 0: found list"),
        (Image.fromarray((PIXELS[..., 0] / 255).astype(np.float32)), "32 bits a colour"),
        (Image.fromarray(PIXELS[..., 0].astype(np.int32)), "32 bits a colour"),
    ],
)
def test_what_has_more_than_one_meaning_is_refused(image: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        all_of(image)


def test_all_that_cannot_be_read_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        all_of([tmp_path / "absent.jpg", PIXELS, PIXELS / 100, tmp_path])
    lines = str(error.value).splitlines()
    assert lines[0] == "3 of 4 pictures cannot be read:"
    assert "absent.jpg: empty" in lines[1] and "image 2: float64" in lines[2]
    assert "is a folder; give a picture" in lines[3]


def test_an_image_may_be_in_a_list_twice(tmp_path: Path) -> None:
    path = upright_file(tmp_path / "a.jpg")
    with Image.open(path) as image:
        found = all_of([image] * 40)
    np.testing.assert_array_equal(found, np.stack([decode_image(path, 16)] * 40))


SHAPES = array_shapes(min_dims=1, max_dims=5, max_side=5)


@given(array=st.one_of(
    arrays(np.uint8, SHAPES), arrays(np.float32, SHAPES), arrays(np.int16, SHAPES),
))  # fmt: skip
def test_an_array_gives_pixels_or_one_message(array: np.ndarray) -> None:
    try:
        found = all_of(array, 8)
    except InputError as error:
        assert str(error).startswith("images: ")
    else:
        assert found.dtype == np.uint8 and found.shape[1:] == (8, 8, 3)
