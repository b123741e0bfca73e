from pathlib import Path

import pytest
from faces_on_disk import noise
from PIL import Image

from facesearch.data.decode import decode_image
from facesearch.data.formats import FORMATS, FORMATS_IN_WORDS, SUFFIXES, UNREAD


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_suffix_is_that_of_a_format_that_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    kinds = {".jpe": "JPEG", ".jfif": "JPEG"}
    noise(1).save(path, kinds.get(suffix))
    assert decode_image(path, 16).shape == (16, 16, 3)
    with Image.open(path) as image:
        assert image.format in FORMATS and image.format.lower() in FORMATS_IN_WORDS.lower()


def test_no_suffix_is_both_read_and_not() -> None:
    assert not set(SUFFIXES) & set(UNREAD)
    assert {".heic", ".heif", ".gif"} <= set(UNREAD)
    assert (".avif" in SUFFIXES) != (".avif" in UNREAD)
