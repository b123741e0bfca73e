from pathlib import Path

import pytest
from faces_on_disk import hw2p2, people, picture

from facesearch.data.check import check_folder
from facesearch.errors import InputError


def faults_of(root: Path) -> str:
    with pytest.raises(InputError) as caught:
        list(check_folder(root, 16, 0))
    return str(caught.value)


def test_people_who_cannot_be_held_out_are_a_fault(tmp_path: Path) -> None:
    root = people(tmp_path, each=1)
    assert "6 identities, 0 of them with 2 faces or more; a split" in faults_of(root)
    people(root, "a", 2)
    assert "6 identities, 1 of them with 2 faces or more; a split" in faults_of(root)
    people(root, "abc", 2)
    assert "6 identities, 3 of them with 2 faces or more; a split" in faults_of(root)
    people(root, "abcd", 2)
    assert list(check_folder(root, 16, 0))[-1] == "  every picture can be read"


def test_one_group_for_all_cannot_be_held_out(tmp_path: Path) -> None:
    root = people(tmp_path)
    (root / "groups.csv").write_text("identity,group\n" + "".join(f"{n},x\n" for n in "abcdef"))
    assert "1 groups for 6 identities: none can be held out whole" in faults_of(root)


def test_what_is_left_out_does_not_count_for_the_split(tmp_path: Path) -> None:
    root = people(tmp_path, "abcd", 2)
    for name in "abc":
        (root / name / f"{name}_0001.jpg").write_bytes(b"")
    with pytest.raises(InputError, match="4 identities, 1 of them with 2 faces or more"):
        list(check_folder(root, 16, 3))


def test_names_that_are_trained_and_verified_are_noted_once(tmp_path: Path) -> None:
    root = hw2p2(tmp_path, ["n000001", "n100001", "n100002"])
    picture(root / "verification/known/n000001/0.jpg", 91)
    notes = [line for line in check_folder(root, 16, 0) if "names in common" in line]
    assert len(notes) == 1 and "train and known have 1 names in common: n000001;" in notes[0]


def test_one_picture_of_a_person_is_noted_where_people_are_matched(tmp_path: Path) -> None:
    root = people(tmp_path / "a")
    for number in (2, 3):
        (root / f"a/a_000{number}.jpg").unlink()
    lines = list(check_folder(root, 16, 0))
    assert "  note: train: 1 identity with one picture cannot be matched: a" in lines
    root = hw2p2(tmp_path / "b")
    picture(root / "classification/dev/n000001/8.jpg", 92)
    assert not any("matched" in line for line in check_folder(root, 16, 0))
