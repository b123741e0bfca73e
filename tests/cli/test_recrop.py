from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from drawn_faces import drawn_faces, write_faces
from models import untrained
from PIL import Image

from facesearch.cli import cli
from facesearch.data.box import Box
from facesearch.data.geometry import mean_of_images
from facesearch.errors import InputError
from facesearch.final.bundle import save_bundle

PLANTED = Box(0.12, 0.02, 0.92, 0.82)
TOLD = "cropped otherwise than the training faces"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("recrop")
    write_faces(top / "gallery", 40, PLANTED, seed=1)
    write_faces(top / "queries", 3, PLANTED, seed=2)
    write_faces(top / "alike", 30, seed=3)
    mean = mean_of_images(drawn_faces(60, seed=4), [str(row) for row in range(60)])
    save_bundle(top / "model", untrained(mean_face=mean))
    save_bundle(top / "bare", untrained())
    return top


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def run(*words: str) -> Result:
    result = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert result.exit_code in (0, 5)  # 5: no threshold
    return result


def embeddings(out: Path, *words: str) -> np.ndarray:
    run("embed", *words, "--out", str(out))
    with np.load(out) as file:
        found: np.ndarray = file["embeddings"]
    return found


def test_identify_warns_of_the_gallery_and_recrops_both_when_asked() -> None:
    words = ("identify", "model", "queries", "--gallery", "gallery")
    plain, cut = run(*words), run(*words, "--recrop", "auto")
    assert f"note: gallery: {TOLD}" in plain.stderr and "write --recrop auto" in plain.stderr
    assert "pictures: too few images to tell (3); recropped as gallery is" in cut.stderr
    assert plain.stdout != cut.stdout
    assert run(*words, "-q").stderr == ""


def test_embed_takes_the_box_that_is_given(tmp_path: Path) -> None:
    box = "0.1,0.2,0.9,1"
    plain = embeddings(tmp_path / "a.npz", "model", "gallery")
    cut = embeddings(tmp_path / "b.npz", "model", "gallery", "--recrop", box)
    auto = embeddings(tmp_path / "c.npz", "model", "gallery", "--recrop", "auto")
    off = embeddings(tmp_path / "d.npz", "model", "gallery", "--recrop", "off")
    assert (off == plain).all()
    assert np.abs(cut - plain).max() > 1e-3 and np.abs(auto - plain).max() > 1e-3


def test_what_is_cropped_alike_is_left_alone(tmp_path: Path) -> None:
    plain = embeddings(tmp_path / "a.npz", "model", "alike")
    auto = embeddings(tmp_path / "b.npz", "model", "alike", "--recrop", "auto")
    assert (plain == auto).all()
    assert TOLD not in run("classify", "model", "alike").stderr


@pytest.mark.parametrize("command", ["verify", "classify"])
def test_a_box_is_told_and_changes_the_answer(command: str, folder: Path) -> None:
    files = [str(path) for path in sorted((folder / "queries").rglob("*.png"))[:2]]
    plain = run(command, "model", *files)
    cut = run(command, "model", *files, "--recrop", "0.2,0.2,0.7,0.7")
    assert "pictures: recropped to 0.2,0.2,0.7,0.7, as asked" in cut.stderr
    assert plain.stdout != cut.stdout


def test_two_pictures_are_too_few_and_nothing_is_said(folder: Path) -> None:
    files = [str(path) for path in sorted((folder / "queries").rglob("*.png"))[:2]]
    assert run("verify", "model", *files).stderr == ""
    assert "too few to tell" in run("verify", "model", *files, "-v").stderr


@pytest.mark.parametrize(
    ("model", "word", "message"),
    [("model", "0,0,1", "write auto, off, or a box"), ("bare", "auto", "data geometry")],
)
def test_bad_input_is_one_message(model: str, word: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run("embed", model, "queries", "--recrop", word)


def test_predict_recrops_the_parts_of_a_term(tmp_path: Path) -> None:
    verification = tmp_path / "verification"
    write_faces(verification / "known", 40, PLANTED, seed=5)
    for name, seed in (("unknown_dev", 6), ("unknown_test", 7)):
        (verification / name).mkdir()
        for row, pixels in enumerate(drawn_faces(30, PLANTED, seed)):
            Image.fromarray(pixels).save(verification / name / f"{row:03d}.png")
    labels = ["label", *(f"p{row:04d}" for row in range(30)), ""]
    (verification / "dev_identities.csv").write_text("\n".join(labels))
    words = ("predict", "model", "--data", str(tmp_path), "--out")
    plain = run(*words, str(tmp_path / "plain"))
    cut = run(*words, str(tmp_path / "cut"), "--recrop", "auto")
    assert f"unknown_test: {TOLD}" in plain.stderr and "Recropped." in cut.stderr
    written = [(tmp_path / name / "verification.csv").read_text() for name in ("plain", "cut")]
    assert written[0] != written[1]
