from pathlib import Path

import pytest
from faces_on_disk import people
from PIL import Image

from facesearch.config import DataConfig
from facesearch.data.faces import load_faces
from facesearch.data.survey import median_side_px, survey
from facesearch.errors import InputError


def test_people_faces_and_sizes_are_counted(tmp_path: Path) -> None:
    people(tmp_path, "abcd", each=3)
    people(tmp_path, "efg", each=8)
    (tmp_path / "a" / "a_0001.jpg").write_bytes(b"no picture")
    found, reserve = survey(str(tmp_path))
    assert (found.num_identities, found.num_faces, found.side_px) == (7, 33, 24)
    assert (found.each_least, found.each_median, found.each_most) == (3, 3, 7)
    assert "7 people with 33 faces (3 to 7 each" in str(found)
    assert reserve is not None and len(reserve.folder.dev) == 3, "an image of each who has 8"


def test_generated_faces_are_those_that_a_sweep_gets() -> None:
    (found, reserve), faces = survey(None), load_faces(DataConfig(image_px=16))
    assert reserve is None
    total = len(faces.train) + len(faces.strangers) + len(faces.closed)
    assert found.num_faces == total


def test_a_folder_without_faces_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        survey(str(tmp_path))


def test_the_size_is_the_shorter_side_of_pictures_spread_over_the_list(tmp_path: Path) -> None:
    paths = []
    for number in range(40):
        paths.append(tmp_path / f"{number}.png")
        Image.new("RGB", (50 + number, 200)).save(paths[-1])
    assert 66 <= median_side_px(paths, opened=10) <= 72
    assert median_side_px([tmp_path / "none.png"]) == 0
