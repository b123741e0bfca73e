from pathlib import Path

import pytest
from drawn_faces import write_faces
from PIL import Image

from facesearch.config import DataConfig
from facesearch.data.box import Box
from facesearch.final.candidates import reporting_sets


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of the course; who is known is cropped otherwise."""
    write_faces(tmp_path / "classification" / "train", 90, seed=1, each=3)
    write_faces(tmp_path / "classification" / "dev", 30, seed=2)
    known = write_faces(tmp_path / "verification" / "known", 40, Box(0.1, 0, 0.9, 0.8), first=100)
    for name in ("unknown_dev", "unknown_test"):
        (tmp_path / "verification" / name).mkdir()
        with Image.open(known / "p0100" / "0.png") as image:
            image.rotate(5).save(tmp_path / "verification" / name / "0.png")
    (tmp_path / "verification" / "dev_identities.csv").write_text("label\np0100\n")
    return tmp_path


def test_reporting_sets_know_the_mean_face_and_what_is_cropped_otherwise(root: Path) -> None:
    found = reporting_sets(DataConfig(root=str(root), image_px=32))
    assert found.mean_face is not None
    assert (found.mean_face.num_images, found.mean_face.num_identities) == (90, 30)
    (line,) = found.differing_crops
    assert line.startswith("known: cropped otherwise than the training faces")


def test_generated_faces_have_a_mean_face_too() -> None:
    config = {"image_px": 16, "synthetic": {"num_identities": 30, "faces_per_identity": 4}}
    found = reporting_sets(DataConfig.model_validate(config))
    assert found.mean_face is not None and found.mean_face.num_identities == 30
    assert found.differing_crops == ()
