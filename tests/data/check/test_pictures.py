import pickle
from pathlib import Path

import pytest
from faces_on_disk import hw2p2, insightface, jpeg, lfw, people

from facesearch.data.check import check_folder
from facesearch.errors import InputError


def faults_of(root: Path) -> str:
    with pytest.raises(InputError) as caught:
        list(check_folder(root, 16, 0))
    return str(caught.value)


def test_unreadable_pictures_that_are_allowed_are_notes(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    (root / "classification/train/n000000/7.jpg").write_bytes(b"")
    lines = list(check_folder(root, 16, 1))
    assert any("note" in line and "7.jpg" in line for line in lines)
    assert lines[-1] == "  every other picture can be read; training leaves out 1"


def test_only_pictures_of_training_may_be_unreadable(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    (root / "verification/unknown_test/0.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"unknown_test/0\.jpg: empty"):
        list(check_folder(root, 16, 5))


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("classification/train/n000001/0.jpg", "classification/dev/n000001/9.jpg",
         "dev would be scored on train"),
        ("classification/dev/n000001/9.jpg", "classification/test/000000.jpg",
         "the same picture is in dev and test"),
        ("verification/known/n100001/0.jpg", "verification/unknown_dev/1.jpg",
         "the same picture is in known and unknown_dev"),
    ],
)  # fmt: skip
def test_a_picture_in_two_parts_is_a_fault(tmp_path: Path, one: str, other: str, told: str) -> None:
    root = hw2p2(tmp_path)
    (root / other).write_bytes((root / one).read_bytes())
    message = faults_of(root)
    assert told in message and other in message and one in message


def test_a_picture_twice_is_a_note_of_one_person_and_a_fault_of_two(tmp_path: Path) -> None:
    root = people(tmp_path)
    (root / "a/more.jpg").write_bytes((root / "a/a_0001.jpg").read_bytes())
    assert any("more.jpg: the same picture as" in line for line in check_folder(root, 16, 0))
    (root / "b/more.jpg").write_bytes((root / "a/a_0001.jpg").read_bytes())
    assert "but of another identity; one of them is wrong" in faults_of(root)


def test_pairs_may_repeat_a_picture(tmp_path: Path) -> None:
    root = insightface(tmp_path / "records")
    twice = [jpeg(100), jpeg(101), jpeg(100), jpeg(102)]
    (root / "lfw.bin").write_bytes(pickle.dumps((twice, [True, False])))
    assert not any("note" in line for line in check_folder(root, 16, 0))
    assert not any("note" in line for line in check_folder(lfw(tmp_path / "lfw"), 16, 0))


def test_pairs_of_pictures_that_are_trained_on_are_a_fault(tmp_path: Path) -> None:
    assert "pairs would be scored on train" in faults_of(insightface(tmp_path))
