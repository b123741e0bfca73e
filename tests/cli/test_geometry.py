import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import run
from drawn_faces import drawn_faces, true_box, write_faces
from models import untrained
from PIL import Image

from facesearch.cli import cli
from facesearch.data.box import Box
from facesearch.data.geometry import mean_of_images
from facesearch.errors import InputError
from facesearch.final.bundle import save_bundle

PLANTED = Box(0.12, 0.02, 0.92, 0.82)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("geometry")
    write_faces(top / "ref", 60, seed=1)
    write_faces(top / "alike", 60, seed=2)
    write_faces(top / "other", 60, PLANTED, seed=3)
    write_faces(top / "few", 8, PLANTED, seed=3)
    mean = mean_of_images(drawn_faces(60, seed=4), [str(row) for row in range(60)])
    save_bundle(top / "model", untrained(mean_face=mean))
    save_bundle(top / "bare", untrained())
    return top


def told(folder: Path, reference: str, other: str) -> dict[str, object]:
    words = ["data", "geometry", str(folder / reference), str(folder / other), "--json"]
    found: dict[str, object] = json.loads(CliRunner().invoke(cli, words).stdout)
    return found


@pytest.mark.parametrize("reference", ["ref", "model"])
def test_the_box_of_another_crop_is_told_and_can_be_pasted(folder: Path, reference: str) -> None:
    found = told(folder, reference, "other")
    box = found["box"]
    assert isinstance(box, list) and Box(*box).furthest_from(true_box(PLANTED)) < 0.03
    assert found["is_confident"] and found["differs"] and not found["is_same"]
    assert float(str(found["correlation_after"])) > float(str(found["correlation_before"]))
    printed = run("data", "geometry", str(folder / reference), str(folder / "other"))
    assert "--recrop " + ",".join(f"{round(edge, 3):g}" for edge in box)[:5] in printed


def test_the_same_crop_is_the_same(folder: Path) -> None:
    assert told(folder, "ref", "alike")["is_same"]
    printed = run("data", "geometry", str(folder / "ref"), str(folder / "alike"))
    assert "is cropped as" in printed and "--recrop" not in printed


def test_too_few_images_say_how_many_are_enough(folder: Path) -> None:
    printed = run("data", "geometry", str(folder / "ref"), str(folder / "few"))
    assert "cannot be told from 8 images" in printed and "give 50 or more" in printed


def test_the_picture_is_written_but_not_of_few(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "three.png"
    words = ["data", "geometry", str(folder / "ref")]
    run(*words, str(folder / "other"), "--picture", str(out))
    with Image.open(out) as image:
        assert image.size == (3 * 192 + 2 * 6, 192)
    with pytest.raises(InputError, match="8 labelled identities"):
        run(*words, str(folder / "few"), "--picture", str(out))


def test_a_model_without_its_mean_face_asks_for_the_folder(folder: Path) -> None:
    with pytest.raises(InputError, match="Give the folder of its training faces"):
        run("data", "geometry", str(folder / "bare"), str(folder / "other"))


def test_a_folder_whose_images_cannot_be_read_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"none")
    with pytest.raises(InputError, match="none of its 1 images can be read"):
        run("data", "geometry", str(folder / "ref"), str(tmp_path))
