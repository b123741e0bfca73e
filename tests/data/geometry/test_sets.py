from pathlib import Path

import numpy as np
import pytest
from drawn_faces import drawn_faces, true_box, write_faces
from faces_on_disk import hw2p2, lfw
from PIL import Image

from facesearch.data.box import Box
from facesearch.data.geometry import (
    compare,
    disagreements,
    faces_of_folder,
    mean_of_faces,
    parts_of,
)
from facesearch.data.layouts import FaceFolder, FaceList, read_layout
from facesearch.errors import InputError

PLANTED = Box(0.12, 0.02, 0.92, 0.82)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> FaceFolder:
    root = tmp_path_factory.mktemp("sets")
    lists = {
        "train": read_layout(write_faces(root / "train", 60, seed=1)).train,
        "dev": read_layout(write_faces(root / "dev", 60, seed=2)).train,
        "known": read_layout(write_faces(root / "known", 60, PLANTED, seed=3)).train,
        "unknown_dev": read_layout(write_faces(root / "unknown", 10, PLANTED, seed=4)).train,
    }
    return FaceFolder(root, "hw2p2-f22", **lists)


def test_a_part_that_is_cropped_otherwise_is_told_with_its_box(folder: FaceFolder) -> None:
    (line,) = disagreements(folder)
    assert line.startswith("known is cropped otherwise than train: its faces are 1.25 times as")
    mean = mean_of_faces(folder.train)
    assert mean is not None
    found = compare(mean, parts_of(folder))
    assert sorted(found) == ["dev", "known"]  # unknown_dev has too few images
    assert found["known"].box.furthest_from(true_box(PLANTED)) < 0.03


def test_without_training_faces_the_known_are_the_measure(folder: FaceFolder) -> None:
    rest = FaceFolder(folder.root, "hw2p2-s23", known=folder.known, dev=folder.dev)
    (line,) = disagreements(rest)
    assert line.startswith("dev is cropped otherwise than known")
    assert list(disagreements(FaceFolder(folder.root, "hw2p2-s23"))) == []


def test_the_images_of_pairs_are_a_part_unless_they_are_trained_on(tmp_path: Path) -> None:
    shared = read_layout(lfw(tmp_path))
    assert "pairs" not in parts_of(shared)
    apart = FaceFolder(shared.root, "lfw", pairs=shared.pairs)
    pairs = parts_of(apart)["pairs"]
    assert set(pairs.paths) == {*shared.pairs.first, *shared.pairs.second}


def test_a_folder_is_its_training_faces_else_everything(tmp_path: Path) -> None:
    root = hw2p2(tmp_path / "course")
    assert len(faces_of_folder(root)) == 15
    lone = tmp_path / "lone"
    lone.mkdir()
    for row, pixels in enumerate(drawn_faces(3)):
        Image.fromarray(pixels).save(lone / f"{row}.png")
    assert faces_of_folder(lone).identities == ("0", "1", "2")


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no images in it"):
        faces_of_folder(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        faces_of_folder(tmp_path / "no")


def test_an_unreadable_part_is_passed_over(folder: FaceFolder, tmp_path: Path) -> None:
    paths = []
    for number in range(20):
        (tmp_path / f"{number}.png").write_bytes(b"nothing")
        paths.append(tmp_path / f"{number}.png")
    broken = FaceList(tuple(paths), tuple(np.arange(20).astype(str).tolist()))
    mean = mean_of_faces(folder.train)
    assert mean is not None and compare(mean, {"broken": broken}) == {}
