import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from faces_on_disk import hw2p2, hw2p2_s23, people, picture
from models import untrained

from facesearch.errors import InputError
from facesearch.final.model import FaceModel, Threshold
from facesearch.final.pictures import read_pictures
from facesearch.final.predict import predict_root

TRAINED = tuple(f"n00000{person}" for person in range(5))
KNOWN = [f"n10000{person}" for person in range(5)]


def rejecting(value: float) -> FaceModel:
    threshold = Threshold(value, "rejection", "unknown_dev")
    return untrained(identities=TRAINED, thresholds={"rejection": threshold})


def filled(root: Path, write: Callable[[Path], Path]) -> Path:
    """A folder of the course with 3 test pictures and 4 queries."""
    write(root)
    for number in range(3):
        picture(root / f"classification/test/{number:06d}.jpg", 600 + number)
    for number in range(4):
        picture(root / f"verification/unknown_test/{number:06d}.jpg", 700 + number)
    (root / "verification/unknown_test/0.jpg").unlink()
    return root


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def best_by_hand(model: FaceModel, root: Path) -> list[tuple[str, float]]:
    known = [root / f"verification/known/{name}/0.jpg" for name in KNOWN]
    queries = sorted((root / "verification/unknown_test").iterdir())
    gallery, probes = (model.embed(read_pictures(p, 16)).astype(float) for p in (known, queries))
    scores = [[float(probe @ face) for face in gallery] for probe in probes]
    return [(KNOWN[int(np.argmax(row))], max(row)) for row in scores]


def test_f22_gets_the_likeliest_number_and_the_nearest_name(tmp_path: Path) -> None:
    root, model = filled(tmp_path / "faces", hw2p2), untrained(identities=TRAINED)
    done = predict_root(model, root, tmp_path / "out")
    tests = sorted((root / "classification/test").iterdir())
    labels = model.classify(read_pictures(tests, 16))[0][:, 0]
    assert done.classification == tmp_path / "out/classification.csv"
    assert rows(done.classification) == [
        ["id", "label"], *([f"{n:06d}.jpg", str(label)] for n, label in enumerate(labels))
    ]  # fmt: skip
    assert done.verification == tmp_path / "out/verification.csv"
    assert rows(done.verification) == [
        ["id", "label"],
        *([str(n), name] for n, (name, _) in enumerate(best_by_hand(model, root))),
    ]
    assert done.notes == ()
    assert (done.num_test, done.num_queries, done.num_strangers) == (3, 4, 0)


def test_s23_says_stranger_where_the_best_is_not_above_the_threshold(tmp_path: Path) -> None:
    root = filled(tmp_path / "faces", hw2p2_s23)
    best = best_by_hand(rejecting(0), root)
    scores = sorted(score for _, score in best)
    for bar, num_strangers in ((-1.0, 0), ((scores[1] + scores[2]) / 2, 2), (1.0, 4)):
        done = predict_root(rejecting(bar), root, tmp_path / "out")
        expected = [name if score > bar else "n000000" for name, score in best]
        assert done.verification is not None and done.num_strangers == num_strangers
        assert rows(done.verification)[1:] == [[str(n), name] for n, name in enumerate(expected)]


def test_f22_rejects_nobody(tmp_path: Path) -> None:
    root = filled(tmp_path / "faces", hw2p2)
    done = predict_root(rejecting(1.0), root, tmp_path)
    assert done.verification is not None and "n000000" not in done.verification.read_text()
    # the same folder is of S23 if that is said, as without labels nothing tells
    (root / "verification/dev_identities.csv").unlink()
    done = predict_root(rejecting(1.0), root, tmp_path, "hw2p2-s23")
    assert done.num_strangers == 4


def without_labels(root: Path, write: Callable[[Path], Path]) -> Path:
    filled(root, write)
    for path in (root / "verification").glob("*.csv"):
        path.unlink()
    return root


def test_whether_there_are_strangers_is_not_guessed(tmp_path: Path) -> None:
    root, out = without_labels(tmp_path / "faces", hw2p2_s23), tmp_path / "out"
    with pytest.raises(InputError, match=r"--layout hw2p2-s23 if some .* --layout hw2p2-f22 if"):
        predict_root(rejecting(1.0), root, out)
    assert not out.exists()
    done = predict_root(rejecting(1.0), root, out, is_strict=False)
    assert done.verification is None and done.classification is not None
    assert "nothing here tells" in done.notes[0]
    for layout, num_strangers in (("hw2p2-s23", 4), ("hw2p2-f22", 0)):
        done = predict_root(rejecting(1.0), root, out, layout)
        assert (done.num_queries, done.num_strangers) == (4, num_strangers)
    # without a threshold nobody could be rejected, and nothing is asked
    assert predict_root(untrained(identities=TRAINED), root, out).num_queries == 4
    # nor where there is nobody to name
    shutil.rmtree(root / "verification/unknown_test")
    assert predict_root(rejecting(1.0), root, out).num_test == 3


@pytest.mark.parametrize(
    ("term", "num_strangers"), [("f22", 0), ("s22", 0), ("S23", 4), ("f24", 4)]
)
@pytest.mark.parametrize("inner", ["", "/verification"])
def test_the_archives_of_the_course_tell_the_term(
    tmp_path: Path, term: str, num_strangers: int, inner: str
) -> None:
    root = without_labels(tmp_path / "faces", hw2p2)
    target = root / f"11-785-{term}-hw2p2-verification{inner}"
    target.parent.mkdir(exist_ok=True)
    (root / "verification").rename(tmp_path / "aside")
    (tmp_path / "aside").rename(target)
    done = predict_root(rejecting(1.0), root, tmp_path / "out")
    assert (done.num_queries, done.num_strangers) == (4, num_strangers)


def test_strangers_need_a_threshold_and_nothing_is_written_without(tmp_path: Path) -> None:
    root, model = filled(tmp_path / "faces", hw2p2_s23), untrained(identities=TRAINED)
    out = tmp_path / "out"
    with pytest.raises(InputError, match=rf"evaluate BUNDLE --data {root} --freeze"):
        predict_root(model, root, out)
    assert not out.exists()
    done = predict_root(model, root, out, is_strict=False)
    assert done.verification is None and "no threshold 'rejection'" in done.notes[0]
    assert [path.name for path in out.iterdir()] == ["classification.csv"]


@pytest.mark.parametrize(
    ("identities", "how"),
    [
        ((*TRAINED[:4], "n999999"), "2 of them differ"),
        (TRAINED[::-1], "in another order"),
        (TRAINED[:4], "1 of them differ"),
    ],
)
def test_the_numbers_of_other_people_are_left_out(
    tmp_path: Path, identities: tuple[str, ...], how: str
) -> None:
    done = predict_root(untrained(identities=identities), filled(tmp_path / "a", hw2p2), tmp_path)
    assert done.classification is None and not (tmp_path / "classification.csv").exists()
    assert "classification.csv is left out: the 5 identities" in done.notes[0]
    assert how in done.notes[0] and done.num_queries == 4


@pytest.mark.parametrize("absent", [("train",), ("train", "dev")])
def test_without_training_folders_the_order_of_the_model_is_taken(
    tmp_path: Path, absent: tuple[str, ...]
) -> None:
    root = filled(tmp_path / "faces", hw2p2)
    whole = predict_root(untrained(identities=TRAINED), root, tmp_path / "whole")
    for name in absent:
        shutil.rmtree(root / "classification" / name)
    shutil.rmtree(root / "verification/unknown_dev")
    (root / "verification/dev_identities.csv").unlink()
    done = predict_root(untrained(identities=TRAINED), root, tmp_path / "out")
    for before, after in (
        (whole.classification, done.classification), (whole.verification, done.verification),
    ):  # fmt: skip
        assert before is not None and after is not None
        assert before.read_bytes() == after.read_bytes()
    shutil.rmtree(root / "verification")
    alone = predict_root(untrained(identities=TRAINED), root, tmp_path / "alone")
    assert alone.num_test == 3 and alone.verification is None
    assert "verification.csv is left out" in alone.notes[0]


def test_what_is_no_folder_of_the_course_is_refused(tmp_path: Path) -> None:
    model = untrained(identities=TRAINED)
    with pytest.raises(InputError, match="layout identity-folders; predict writes"):
        predict_root(model, people(tmp_path / "people"), tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        predict_root(model, tmp_path / "absent", tmp_path)
    with pytest.raises(InputError, match="predict reads hw2p2-f22 and hw2p2-s23"):
        predict_root(model, tmp_path, tmp_path, "lfw")
    root = filled(tmp_path / "faces", hw2p2)
    (root / "verification/dev_identities.csv").write_text("label\nn5\nn6\nn7\n")
    with pytest.raises(InputError, match="label 'n5' is nobody"):
        predict_root(model, root, tmp_path)


def test_a_test_picture_that_cannot_be_read_is_no_row_that_is_missing(tmp_path: Path) -> None:
    root = filled(tmp_path / "faces", hw2p2)
    (root / "classification/test/000001.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"(?s)1 of 3 pictures cannot be read.*000001\.jpg"):
        predict_root(untrained(identities=TRAINED), root, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_other_views_are_other_answers_to_the_same_pictures(tmp_path: Path) -> None:
    root, model = filled(tmp_path / "faces", hw2p2), untrained(identities=TRAINED)
    seen = {}
    for views in ("plain", "crops"):
        predict_root(model, root, tmp_path / views, views=views)
        seen[views] = best_by_hand(untrained(identities=TRAINED, views=views), root)
        found = [row[1] for row in rows(tmp_path / views / "verification.csv")[1:]]
        assert found == [name for name, _ in seen[views]]
    assert [score for _, score in seen["plain"]] != [score for _, score in seen["crops"]]
