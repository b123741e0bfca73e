import shutil
from pathlib import Path

import numpy as np
import pytest
from faces_on_disk import hw2p2, picture
from pydantic import ValidationError

from facesearch.config import DataConfig, SearchConfig
from facesearch.data.faces import load_faces
from facesearch.data.layouts import read_layout
from facesearch.final.figures import Report
from facesearch.final.leaks import find_leaks, training_digests
from facesearch.final.targets import read_targets

PEOPLE = tuple(f"n00000{n}" for n in range(5))


def test_a_clean_folder_has_no_leak(tmp_path: Path) -> None:
    folder = read_layout(hw2p2(tmp_path))
    leaks = find_leaks(training_digests(folder.train), PEOPLE, folder)
    assert not leaks and leaks.lines() == []


def test_copies_are_named_and_left_out_of_the_figures(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    verification, train = root / "verification", root / "classification/train"
    shutil.copy(train / "n000002/1.jpg", root / "classification/dev/n000002/9.jpg")
    shutil.copy(train / "n000003/0.jpg", verification / "unknown_dev/1.jpg")
    shutil.copy(train / "n000003/1.jpg", verification / "unknown_test/0.jpg")
    folder = read_layout(root)
    leaks = find_leaks(training_digests(folder.train), PEOPLE, folder)
    assert {part: rows.tolist() for part, rows in leaks.copies.items() if len(rows)} == {
        "dev": [2], "unknown_dev": [1], "unknown_test": [0],
    }  # fmt: skip
    targets = read_targets(DataConfig(root=str(root), image_px=16), PEOPLE)
    cleaned = leaks.without_copies(targets)
    assert cleaned.dev is not None and cleaned.dev.labels_M.tolist() == [0, 1, 3, 4]
    assert cleaned.unknown_dev is not None and cleaned.unknown_dev.labels_M.tolist() == [0, 2]
    # a submission needs every picture
    assert cleaned.unknown_test is not None and len(cleaned.unknown_test) == 1
    report = Report(notes=["another"])
    leaks.tell(report)
    assert [note.partition(":")[0] for note in report.notes] == ["LEAK"] * 3 + ["another"]


def test_a_search_never_sees_a_reporting_set(tmp_path: Path) -> None:
    root = hw2p2(tmp_path, each=6)
    data = DataConfig(root=str(root), image_px=16)
    before = load_faces(data)
    for number, path in enumerate(sorted(root.rglob("*.jpg"))):
        if "train" not in path.parts:
            picture(path, 9000 + number)
    after = load_faces(data)
    assert before.fingerprint == after.fingerprint
    for name in ("train", "strangers", "closed"):
        one, other = getattr(before, name), getattr(after, name)
        assert len(one)
        np.testing.assert_array_equal(
            one.images_NHWC[one.index_M], other.images_NHWC[other.index_M]
        )


@pytest.mark.parametrize("part", ["dev/top1", "unknown_dev/rank1", "final/dev/top1", "pairs/auc"])
def test_a_reporting_set_is_no_objective(part: str) -> None:
    with pytest.raises(ValidationError, match="is of a set that finalize reports on"):
        SearchConfig(objective=part)
    with pytest.raises(ValidationError, match="would make every report too good"):
        SearchConfig(objective={"val/rank1": 1.0, part: 1.0})


def test_people_of_training_who_play_strangers_are_told(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    for name in ("n000001", "n000004"):
        (root / f"verification/known/n10000{name[-1]}").rename(root / f"verification/known/{name}")
    labels = root / "verification/dev_identities.csv"
    labels.write_text("label\nn100000\nn000001\nn100002\n")
    folder = read_layout(root)
    leaks = find_leaks(training_digests(folder.train), PEOPLE, folder)
    assert leaks.shared_names == {"known": ("n000001", "n000004"), "unknown_dev": ("n000001",)}
    assert "2 names of known are names of training too (n000001, n000004)" in leaks.lines()[0]


def test_the_digests_do_not_depend_on_names_and_order(tmp_path: Path) -> None:
    one = read_layout(hw2p2(tmp_path / "one"))
    (tmp_path / "two").mkdir()
    for number, path in enumerate(reversed(one.train.paths)):
        shutil.copy(path, tmp_path / "two" / f"{number:03d}.jpg")
    paths = tuple(sorted((tmp_path / "two").iterdir()))
    other = type(one.train)(paths, ("",) * len(paths))
    digests = training_digests(one.train)
    assert digests == training_digests(other) and len(digests) == 8 * len(paths)
    assert len(np.unique(np.frombuffer(digests, "V8"))) == len(paths)
