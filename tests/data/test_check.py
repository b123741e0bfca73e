from pathlib import Path

import pytest
from PIL import Image

from facesearch.data.check import check_folder
from facesearch.errors import InputError


def test_a_folder_is_described_and_its_faults_are_named(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / name).mkdir()
        Image.new("RGB", (20, 20)).save(tmp_path / name / "1.png")
    lines = list(check_folder(tmp_path, 16, 0))
    assert "4 pictures of 4 identities" in lines[1] and "can be read" in lines[-1]
    (tmp_path / "a" / "2.jpg").write_bytes(b"")
    with pytest.raises(InputError, match="1 of 5 pictures cannot be read"):
        list(check_folder(tmp_path, 16, 0))
