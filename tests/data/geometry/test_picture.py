from pathlib import Path

import numpy as np
import pytest
from drawn_faces import write_faces
from PIL import Image

from facesearch.data.box import Box
from facesearch.data.geometry import mean_of_faces
from facesearch.data.geometry.picture import write_picture
from facesearch.data.layouts import FaceList, read_layout
from facesearch.errors import InputError


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> FaceList:
    return read_layout(write_faces(tmp_path_factory.mktemp("faces"), 24)).train


def test_three_mean_faces_stand_side_by_side(faces: FaceList, tmp_path: Path) -> None:
    mean, box = mean_of_faces(faces), Box(0.2, 0.2, 0.8, 0.8)
    assert mean is not None
    write_picture(tmp_path / "three.png", mean, faces, box)
    with Image.open(tmp_path / "three.png") as image:
        pixels = np.asarray(image).astype(int)
    first, second, third = pixels[:, :192], pixels[:, 198:390], pixels[:, 396:]
    assert third.shape == (192, 192)
    assert np.abs(first - second).max() <= 1 and np.abs(second - third).mean() > 20


def test_few_identities_are_not_drawn(faces: FaceList, tmp_path: Path) -> None:
    mean = mean_of_faces(faces)
    assert mean is not None
    few = FaceList(faces.paths, ("",) * len(faces))
    with pytest.raises(InputError, match="0 labelled identities; the mean face of fewer than 20"):
        write_picture(tmp_path / "a.png", mean, few, Box(0, 0, 1, 1))
    assert not list(tmp_path.iterdir())


def test_another_name_and_a_missing_folder_are_refused(faces: FaceList, tmp_path: Path) -> None:
    mean = mean_of_faces(faces)
    assert mean is not None
    with pytest.raises(InputError, match=r"must end in \.png"):
        write_picture(tmp_path / "a.gif", mean, faces, Box(0, 0, 1, 1))
    with pytest.raises(InputError, match="cannot be written"):
        write_picture(tmp_path / "no" / "a.png", mean, faces, Box(0, 0, 1, 1))
