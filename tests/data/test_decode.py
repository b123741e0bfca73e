import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facesearch.data.decode import decode_image
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
