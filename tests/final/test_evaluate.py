import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_faces import drawn_faces, write_faces
from faces_on_disk import hw2p2, hw2p2_s23, lfw, people, picture
from models import untrained
from PIL import Image

from facesearch.data.box import Box
from facesearch.data.geometry import mean_of_images
from facesearch.data.layouts import read_layout
from facesearch.errors import InputError
from facesearch.final.asked_faces import Question
from facesearch.final.bundle import load_bundle, save_bundle
from facesearch.final.evaluate import evaluate
from facesearch.final.leaks import DIGESTS, training_digests
from facesearch.final.matching import Gallery, verify
from facesearch.final.model import Threshold
from facesearch.final.predict import predict_root

PLANTED = Box(0.12, 0.02, 0.92, 0.82)
OTHERS = tuple(f"m{number}" for number in range(8))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = hw2p2_s23(tmp_path / "s23")
    # as in the course: each query but the stranger's is another picture of a known person
    for query, known in ((0, 0), (2, 2)):
        shutil.copy(
            root / f"verification/known/n10000{known}/0.jpg",
            root / f"verification/unknown_dev/{query}.jpg",
        )
    return root


def test_thresholds_are_fitted_frozen_and_used(root: Path, tmp_path: Path) -> None:
    save_bundle(tmp_path / "model", untrained(identities=OTHERS))
    out = tmp_path / "frozen"
    report = evaluate(tmp_path / "model", str(root), out)
    assert report.figures["unknown_dev/rank1"].value == 1.0
    assert report.figures["unknown_dev/accuracy_with_rejection"].value == 1.0
    frozen = load_bundle(out)
    assert frozen.thresholds["rejection"].fitted_on == "unknown_dev of s23"
    assert (out / "README.md").read_text().startswith("#")
    again = evaluate(out, str(root))
    assert again.figures["unknown_dev/accuracy_with_rejection"].value == 1.0
    written = predict_root(frozen, root, tmp_path / "out")
    assert written.verification is not None and written.num_queries == 1
    with pytest.raises(InputError, match="not empty"):
        evaluate(tmp_path / "model", str(root), out)


def test_faces_without_strangers_give_what_identify_needs(tmp_path: Path) -> None:
    root = hw2p2(tmp_path / "f22")
    old = {"accuracy": Threshold(0.9, "accuracy", "pairs of lfw")}
    save_bundle(tmp_path / "model", untrained(identities=OTHERS, thresholds=old))
    (root / "classification/train/n000000/1.heic").write_bytes(b"x")
    report = evaluate(tmp_path / "model", str(root), tmp_path / "frozen")
    frozen = load_bundle(tmp_path / "frozen")
    assert frozen.thresholds["rejection"].rule == "rejection, mates left out"
    assert {one.fitted_on for one in frozen.thresholds.values()} == {"unknown_dev of f22"}
    assert "unknown_dev/accuracy_with_rejection" not in report.figures
    for named in (
        "thresholds that the model had, and has no more: accuracy (pairs of lfw).",
        "no threshold fpir_0.1: it needs 10 searches, and unknown_dev of f22 has 3.",
        "f22: passed over: 1 file, and 0 folders of which no image is read",
    ):
        assert any(named in note for note in report.notes), named
    (left_out,) = report.left_out
    assert "left out: 1 of a kind that is not read (classification/train/n" in left_out.lines()[0]
    searched = Gallery(frozen, root / "verification/known").identify(
        [root / "verification/unknown_dev/0.jpg"]
    )
    assert searched[0].decision in ("identified", "unknown")


def test_pairs_alone_leave_identify_undecided_and_say_so(tmp_path: Path) -> None:
    root = lfw(tmp_path / "lfw")
    save_bundle(tmp_path / "model", untrained(identities=OTHERS))
    question = Question(root=str(root / "lfw"), pairs=root / "pairs.txt")
    report = evaluate(tmp_path / "model", question, tmp_path / "frozen")
    frozen = load_bundle(tmp_path / "frozen")
    assert {"accuracy", "eer"} <= set(frozen.thresholds) and "rejection" not in frozen.thresholds
    assert any("identify cannot decide with this model" in note for note in report.notes)
    query = root / "lfw/a/a_0001.jpg"
    assert Gallery(frozen, root / "lfw").identify([query])[0].decision == "undecided"
    assert verify(frozen, query, query).decision == "same"


def test_a_model_knows_what_it_was_trained_on(tmp_path: Path) -> None:
    root = hw2p2_s23(tmp_path / "s23")
    digests = training_digests(read_layout(root).unknown_dev)
    save_bundle(tmp_path / "model", untrained(identities=OTHERS), {DIGESTS: digests})
    with pytest.raises(InputError, match="no labelled set"):
        evaluate(tmp_path / "model", str(root))
    picture(root / "verification/unknown_dev/0.jpg", 77)
    report = evaluate(tmp_path / "model", str(root))
    assert "rejection" not in load_bundle(tmp_path / "model").thresholds
    assert "2 pictures of unknown_dev also in training" in report.notes[0]
    assert report.figures["unknown_dev/rank1"].num_faces == 1


def test_faces_without_a_labelled_set_are_refused(tmp_path: Path) -> None:
    root = people(tmp_path / "people")
    model = untrained(identities=OTHERS)
    data = model.config.data.model_copy(update={"root": str(root)})
    own = replace(model, config=model.config.model_copy(update={"data": data}))
    save_bundle(tmp_path / "model", own)
    # its own faces, all of them trained on: no gallery is made of these
    with pytest.raises(InputError, match="people: no labelled set that this model can be asked"):
        evaluate(tmp_path / "model", str(root))


def test_a_folder_of_identities_gives_figures_and_every_threshold(tmp_path: Path) -> None:
    save_bundle(tmp_path / "model", untrained(identities=OTHERS))
    root = people(tmp_path / "others", [f"p{number:02d}" for number in range(30)])
    report = evaluate(tmp_path / "model", str(root), tmp_path / "frozen")
    assert "unknown_dev: gallery and probes of all identities of others" in report.notes[0]
    assert 0 <= report.figures["unknown_dev/rank1"].value <= 1
    frozen = load_bundle(tmp_path / "frozen").thresholds
    assert {"eer", "rejection", "fpir_0.1"} <= set(frozen)
    assert frozen["rejection"].fitted_on == "unknown_dev of others"
    assert "gallery and probes of all identities" in (tmp_path / "frozen/README.md").read_text()


def test_a_list_of_pairs_gives_its_threshold(tmp_path: Path) -> None:
    save_bundle(tmp_path / "model", untrained(identities=OTHERS))
    root = lfw(tmp_path / "lfw")
    report = evaluate(tmp_path / "model", Question(pairs=root / "pairs.txt"), tmp_path / "frozen")
    assert set(report.figures) >= {"pairs/accuracy", "pairs/auc"}
    frozen = load_bundle(tmp_path / "frozen").thresholds["accuracy"]
    assert frozen.fitted_on == "pairs of pairs.txt"


def test_people_of_training_are_told(root: Path, tmp_path: Path) -> None:
    names = ("n100001", *OTHERS[:7])
    save_bundle(tmp_path / "model", untrained(identities=names))
    report = evaluate(tmp_path / "model", str(root))
    assert "1 names of known are names of training too (n100001)" in report.notes[0]
    assert any("copies cannot be found" in note for note in report.notes)
    assert np.isfinite(report.figures["unknown_dev/rank1"].value)


@pytest.fixture(scope="module")
def otherwise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of S23 whose known people and queries are cropped otherwise; a model beside it."""
    top = tmp_path_factory.mktemp("otherwise")
    verification = top / "faces" / "verification"
    write_faces(verification / "known", 40, PLANTED, seed=1)
    for name, seed, count in (("unknown_dev", 5, 40), ("unknown_test", 2, 3)):
        (verification / name).mkdir(exist_ok=True)
        for row, pixels in enumerate(drawn_faces(count, PLANTED, seed)):
            Image.fromarray(pixels).save(verification / name / f"{row:03d}.png")
    names = ["n000000", *(f"p{row:04d}" for row in range(1, 40))]
    (verification / "verification_dev.csv").write_text("\n".join(["label", *names, ""]))
    mean = mean_of_images(drawn_faces(60, seed=8), [str(row) for row in range(60)])
    save_bundle(top / "model", untrained(identities=OTHERS, mean_face=mean))
    return top


def test_faces_that_are_cropped_otherwise_are_told(otherwise: Path) -> None:
    report = evaluate(otherwise / "model", str(otherwise / "faces"))
    told = [note for note in report.notes if "cropped otherwise than the training" in note]
    assert [note.partition(":")[0] for note in told] == ["known", "unknown_dev"]


def test_recropped_they_are_scored_in_the_box(otherwise: Path, tmp_path: Path) -> None:
    model, root = otherwise / "model", str(otherwise / "faces")
    plain = evaluate(model, root)
    cut = evaluate(model, root, tmp_path / "frozen", recrop="auto")
    assert any("unknown_test: too few images to tell (3); recropped" in n for n in cut.notes)
    same = [name for name in plain.figures if plain.figures[name] == cut.figures.get(name)]
    assert len(same) < len(plain.figures)
    frozen = load_bundle(tmp_path / "frozen")
    assert frozen.mean_face is not None
    assert "known " in frozen.provenance["thresholds_recropped"]
    # unasked, the figures are those of the faces as they are
    assert evaluate(model, root).figures == plain.figures


def test_what_is_kept_names_no_file_that_is_passed_over(root: Path, tmp_path: Path) -> None:
    for name in ("secretive person/scan.heic", "n100000/holiday.gif"):
        path = root / "verification/known" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    save_bundle(tmp_path / "model", untrained(identities=OTHERS))
    report = evaluate(tmp_path / "model", str(root), tmp_path / "frozen")
    (screen,) = report.left_out[0].lines()
    assert "holiday.gif" in screen and "secretive person" in screen
    kept = (tmp_path / "frozen/README.md").read_text()
    assert "passed over: 2 files, and 1 folder" in kept
    for told in (kept, report.as_json(), "".join(report.notes)):
        assert "holiday" not in told and "secretive" not in told and "scan.heic" not in told
