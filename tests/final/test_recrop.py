from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_faces import drawn_faces, true_box, write_faces
from models import untrained

from facesearch.data.box import Box
from facesearch.data.geometry import mean_of_images
from facesearch.data.layouts import FaceFolder, FaceList, FacePairs, read_layout
from facesearch.errors import InputError
from facesearch.final.matching import Gallery, embed_pictures
from facesearch.final.model import FaceModel
from facesearch.final.recrop import plan_crops, tell_of_training

PLANTED = Box(0.12, 0.02, 0.92, 0.82)


@pytest.fixture(scope="module")
def model() -> FaceModel:
    mean = mean_of_images(drawn_faces(80, seed=9), [str(row) for row in range(80)])
    return untrained(mean_face=mean)


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FaceList]:
    root = tmp_path_factory.mktemp("sets")
    return {
        "alike": read_layout(write_faces(root / "alike", 40, seed=1)).train,
        "gallery": read_layout(write_faces(root / "gallery", 60, PLANTED, seed=2)).train,
        "queries": read_layout(write_faces(root / "queries", 5, PLANTED, seed=3)).train,
    }


def only(sets: dict[str, FaceList], *names: str) -> dict[str, FaceList]:
    return {name: sets[name] for name in names}


def test_by_default_what_differs_is_told_and_nothing_is_cut(
    model: FaceModel, sets: dict[str, FaceList]
) -> None:
    crops = plan_crops(model, sets)
    assert not crops.boxes
    (line,) = crops.lines
    assert line.startswith("gallery: cropped otherwise than the training faces: its faces are 1.2")
    assert line.endswith("write --recrop auto.")
    assert crops.details == (
        "queries: 5 images are too few to tell how they are cropped (20 is the least).",
    )


def test_auto_cuts_what_differs_and_the_few_alike(
    model: FaceModel, sets: dict[str, FaceList]
) -> None:
    crops = plan_crops(model, sets, "auto")
    assert sorted(crops.boxes) == ["gallery", "queries"]
    assert crops.boxes["gallery"].furthest_from(true_box(PLANTED)) < 0.03
    assert crops.boxes["queries"] == crops.boxes["gallery"]
    assert "Recropped." in crops.lines[0]
    assert "too few images to tell (5); recropped as gallery is" in crops.lines[1]


def test_auto_leaves_alone_what_is_cropped_alike(
    model: FaceModel, sets: dict[str, FaceList]
) -> None:
    crops = plan_crops(model, only(sets, "alike", "queries"), "auto")
    assert not crops.boxes
    assert "alike: cropped as the training faces; nothing was recropped" in crops.lines[0]


def test_auto_of_too_few_says_so(model: FaceModel, sets: dict[str, FaceList]) -> None:
    crops = plan_crops(model, only(sets, "queries"), "auto")
    assert not crops.boxes and "too few" in crops.lines[0]


def test_a_box_is_for_all_sets(sets: dict[str, FaceList]) -> None:
    crops = plan_crops(untrained(), sets, "0.1,0.2,0.8,0.9")
    assert set(crops.boxes.values()) == {Box(0.1, 0.2, 0.8, 0.9)} and len(crops.boxes) == 3
    assert crops.lines == ("alike, gallery, queries: recropped to 0.1,0.2,0.8,0.9, as asked.",)


@pytest.mark.parametrize("word", ["yes", "0.1,0.2", ""])
def test_another_word_is_refused(sets: dict[str, FaceList], word: str) -> None:
    with pytest.raises(InputError, match="--recrop: write auto, off, or a box"):
        plan_crops(untrained(), sets, word)


def test_a_model_that_does_not_know_its_faces_says_what_to_do(sets: dict[str, FaceList]) -> None:
    crops = plan_crops(untrained(), sets)
    assert crops.lines == () and "does not say how its training faces" in crops.details[0]
    with pytest.raises(InputError, match="facesearch data geometry"):
        plan_crops(untrained(), sets, "auto")


def test_the_parts_of_a_folder_get_their_boxes(sets: dict[str, FaceList]) -> None:
    pairs = FacePairs(sets["alike"].paths[:1], sets["alike"].paths[1:2], (False,), (0,))
    folder = FaceFolder(Path(), "lfw", train=sets["alike"], known=sets["gallery"], pairs=pairs)
    box = "0.1,0.2,0.8,0.9"
    found = plan_crops(untrained(), {"known": sets["gallery"], "pairs": FaceList()}, box)
    cut = found.of_folder(folder)
    assert cut.known.box == cut.pairs.box == Box(0.1, 0.2, 0.8, 0.9)
    assert cut.train == folder.train and cut.known.paths == folder.known.paths


def test_a_reporting_set_that_differs_from_training_is_told(
    model: FaceModel, sets: dict[str, FaceList]
) -> None:
    folder = FaceFolder(Path(), "hw2p2-f22", dev=sets["alike"], known=sets["gallery"])
    (line,) = tell_of_training(model.mean_face, folder)
    assert line.startswith("known: cropped otherwise than the training faces")
    assert tell_of_training(None, folder) == []


def test_a_model_with_a_box_sees_that_part_of_each_file(
    model: FaceModel, sets: dict[str, FaceList], tmp_path: Path
) -> None:
    box, paths = true_box(PLANTED), sets["gallery"].paths[:3]
    cut = embed_pictures(replace(model, box=box), paths)
    assert np.abs(cut - embed_pictures(model, paths)).max() > 1e-3
    known = Gallery(replace(model, box=box), write_faces(tmp_path, 3, PLANTED, seed=2))
    assert known.unit_ND == pytest.approx(cut, abs=1e-5)
