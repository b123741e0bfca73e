import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facesearch.data.box import WHOLE, Box
from facesearch.data.decode import decode_bytes, decode_image
from facesearch.errors import InputError


def half_image() -> Image.Image:
    """Left half red, right half blue."""
    image = Image.new("RGB", (40, 40), (200, 0, 0))
    image.paste((0, 0, 200), (20, 0, 40, 40))
    return image


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L", "P", "RGBA", "LA"])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str, suffix: str) -> None:
    if (suffix == "jpg") == (mode in ("P", "RGBA", "LA")) and mode != "RGB" and mode != "L":
        pytest.skip(f"{suffix} cannot hold {mode}")
    path = tmp_path / f"a.{suffix}"
    half_image().convert(mode).save(path)
    pixels = decode_image(path, 16)
    assert pixels.shape == (16, 16, 3) and pixels.dtype == np.uint8
    if mode not in ("L", "LA"):
        assert pixels[8, 2, 0] > 150 and pixels[8, 13, 2] > 150


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    pixels = decode_image(tmp_path / "a.png", 64)
    assert abs(int(pixels[32, 0, 0]) - 128) <= 2


def test_the_exif_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned clockwise: the red left half comes to the top
    half_image().save(tmp_path / "a.jpg", exif=exif, quality=95)
    pixels = decode_image(tmp_path / "a.jpg", 16)
    assert pixels[2, 8, 0] > 150 and pixels[13, 8, 2] > 150


def test_a_wide_picture_is_cropped_not_squeezed(tmp_path: Path) -> None:
    image = Image.new("RGB", (120, 40), (0, 200, 0))
    image.paste((200, 0, 0), (40, 0, 80, 40))
    image.save(tmp_path / "a.png")
    assert (decode_image(tmp_path / "a.png", 8)[:, :, 0] > 150).all()


@pytest.mark.parametrize("suffix", ["webp", "bmp", "tif", "avif"])
def test_further_formats_are_read_as_a_png_of_the_same_pixels(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    half_image().save(path, **({"lossless": True} if suffix == "webp" else {"quality": 100}))
    half_image().save(tmp_path / "a.png")
    gap = np.abs(decode_image(path, 16).astype(int) - decode_image(tmp_path / "a.png", 16))
    assert gap.max() <= (12 if suffix == "avif" else 0), "AVIF blurs colours at an edge"
    # the content decides, not the name
    path.rename(tmp_path / "a.jpg")
    assert decode_image(tmp_path / "a.jpg", 16)[8, 2, 0] > 150


@pytest.mark.parametrize("suffix", ["webp", "tif", "avif"])
def test_the_exif_orientation_of_further_formats_is_applied(tmp_path: Path, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    half_image().save(tmp_path / f"a.{suffix}", exif=exif)
    pixels = decode_image(tmp_path / f"a.{suffix}", 16)
    assert pixels[2, 8, 0] > 150 and pixels[13, 8, 2] > 150


@pytest.mark.parametrize("suffix", ["webp", "tif", "png", "avif"])
def test_of_several_frames_or_pages_the_first_is_taken(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    green = Image.new("RGB", (40, 40), (0, 200, 0))
    half_image().save(path, save_all=True, append_images=[green, green])
    with Image.open(path) as image:
        assert image.n_frames > 1
    pixels = decode_image(path, 16)
    assert pixels[8, 2, 0] > 150 and pixels[8, 13, 2] > 150


@pytest.mark.parametrize("values", [np.float32(0.5), np.int32(70_000)])
def test_colours_of_32_bits_are_refused(tmp_path: Path, values: np.generic) -> None:
    Image.fromarray(np.full((20, 20), values)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"a\.tif: 32 bits a colour, in a range of its own"):
        decode_image(tmp_path / "a.tif", 16)


def test_sixteen_bits_of_a_tiff_are_scaled(tmp_path: Path) -> None:
    Image.fromarray(np.full((20, 20), 257 * 99, np.uint16)).save(tmp_path / "a.tif")
    assert (decode_image(tmp_path / "a.tif", 16) == 99).all()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("WEBP", {}), ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}),
        ("AVIF", {}), ("PNG", {}), ("JPEG", {}),
    ],
)  # fmt: skip
def test_a_torn_file_gives_pixels_or_one_message(
    tmp_path: Path, kind: str, options: dict[str, str]
) -> None:
    rng, out = np.random.default_rng(0), io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (40, 30, 3), np.uint8)).save(out, kind, **options)
    whole = np.frombuffer(out.getvalue(), np.uint8)
    refused = 0
    for _ in range(60):
        torn = whole[: rng.integers(1, len(whole) + 1)].copy()
        torn[rng.integers(0, len(torn), 4)] = rng.integers(0, 256, 4)
        try:
            assert decode_bytes(torn.tobytes(), 16, "it").shape == (16, 16, 3)
        except InputError as error:
            assert str(error).startswith("it: ")
            refused += 1
    assert refused > 10


def damaged(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "a.jpg"
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, "GIF" if kind == "gif" else "JPEG")
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[:900])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "html":
        path.write_text("<html></html>")
    elif kind == "bomb":
        chunks = ((b"IHDR", struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)),
                  (b"IDAT", zlib.compress(b"")), (b"IEND", b""))  # fmt: skip
        png = b"\x89PNG\r\n\x1a\n"
        for name, body in chunks:
            crc = zlib.crc32(name + body)
            png += struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)
        path.write_bytes(png)
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("empty", "empty or missing"),
        ("truncated", "damaged picture"),
        ("html", "no JPEG, PNG"),
        ("gif", "no JPEG, PNG"),
        ("bomb", "at most 25000000 pixels"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, kind: str, message: str) -> None:
    path = damaged(tmp_path, kind)
    with pytest.raises(InputError, match=rf"{path}.*{message}"):
        decode_image(path, 16)


def pattern(width: int = 60, height: int = 40) -> np.ndarray:
    """A smooth image in which every place has a value of its own."""
    down, across = np.mgrid[:height, :width]
    return np.stack([across * 4, down * 6, across + down], axis=-1).astype(np.uint8)


def written(path: Path, pixels: np.ndarray) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def test_a_box_is_cut_from_the_whole_picture_before_it_is_resized(tmp_path: Path) -> None:
    path = written(tmp_path / "wide.png", pattern())
    # the centre square begins at column 10; half a side to the left of it there are pixels still
    found = decode_image(path, 20, Box(-0.25, 0.25, 0.25, 0.75))
    assert (found == pattern()[10:30, 0:20]).all()


def test_a_box_that_is_the_centre_square_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "wide.png", pattern())
    plain, whole = decode_image(path, 16), decode_image(path, 16, WHOLE)
    assert np.abs(plain.astype(int) - whole).max() <= 1


def test_where_a_box_reaches_out_the_edge_is_repeated(tmp_path: Path) -> None:
    path = written(tmp_path / "square.png", pattern(40, 40))
    found = decode_image(path, 80, Box(-0.5, -0.5, 1.5, 1.5))
    assert (found[20:60, 20:60] == pattern(40, 40)).all()
    assert (found[:20, 20:60] == pattern(40, 40)[0]).all()
    assert (found[20:60, 60:] == pattern(40, 40)[:, -1:]).all()
    assert (found[:20, :20] == pattern(40, 40)[0, 0]).all()


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_box_of_a_large_picture_is_that_of_its_reduction(tmp_path: Path, suffix: str) -> None:
    large = np.repeat(np.repeat(pattern(40, 40), 16, 0), 16, 1)
    path = written(tmp_path / f"large{suffix}", large)
    box = Box(0.2, -0.1, 0.8, 0.5)
    small = written(tmp_path / "small.png", pattern(40, 40))
    difference = decode_image(path, 24, box).astype(int) - decode_image(small, 24, box)
    assert np.abs(difference).max() <= 4
