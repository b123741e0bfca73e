from pathlib import Path

import pytest
from faces_on_disk import hw2p2, people, picture, split_folders

from facesearch.data.layouts import FaceFolder, read_layout
from facesearch.errors import InputError


def names(folder: FaceFolder) -> dict[str, set[str]]:
    parts = ("train", "dev", "test", "known", "unknown_dev", "known_test", "unknown_test")
    return {part: set(getattr(folder, part).identities) for part in parts}


def test_the_known_are_the_closed_set_and_the_others_are_searched_for(tmp_path: Path) -> None:
    folder = read_layout(split_folders(tmp_path))
    assert folder.layout == "split-folders"
    for part, note in zip(("val", "test"), folder.notes, strict=True):
        assert note.startswith(f"{part}: 3 identities are not in train: of 2 one image each is a")
        assert note.endswith("1 are in no gallery")
    assert names(folder) == {
        "train": set("abcde"), "dev": set("abcde"), "test": set("abcde"),
        "known": {"v2", "v3"}, "unknown_dev": {"v1", "v2", "v3"},
        "known_test": {"t2", "t3"}, "unknown_test": {"t1", "t2", "t3"},
    }  # fmt: skip
    assert len(folder.train) == 15 and len(folder.known) == 2 and len(folder.unknown_dev) == 5
    parts = [folder.known, folder.unknown_dev, folder.known_test, folder.unknown_test]
    paths = [
        path for part in [*parts, folder.train, folder.dev, folder.test] for path in part.paths
    ]
    assert len(paths) == len(set(paths)) == len(list(tmp_path.rglob("*.jpg")))


@pytest.mark.parametrize("name", ["val", "validation", "valid", "dev", "Val"])
def test_the_middle_part_has_many_names(tmp_path: Path, name: str) -> None:
    split_folders(tmp_path)
    (tmp_path / "val").rename(tmp_path / name)
    folder = read_layout(tmp_path)
    assert folder.layout == "split-folders" and names(folder)["known"] == {"v2", "v3"}


def test_two_middle_parts_are_one_too_many(tmp_path: Path) -> None:
    picture(split_folders(tmp_path) / "dev/a/1.jpg", 9)
    with pytest.raises(InputError, match="val/ and dev/ in it, which mean the same"):
        read_layout(tmp_path)


def test_the_split_may_be_the_only_folder_and_train_may_be_alone(tmp_path: Path) -> None:
    split_folders(tmp_path / "archive/faces-v1")
    inner = read_layout(tmp_path / "archive")
    assert inner.layout == "split-folders" and len(inner.known_test) == 2
    alone = read_layout(people(tmp_path / "alone/train").parent)
    assert alone.layout == "split-folders" and len(alone.train) == 18 and not len(alone.known)


def test_parts_without_train_are_of_held_out_identities(tmp_path: Path) -> None:
    people(tmp_path / "test")
    people(tmp_path / "val", "ghijkl")
    folder = read_layout(tmp_path)
    assert not len(folder.train) and len(folder.known) and len(folder.known_test)
    assert names(folder)["unknown_dev"] == set("ghijkl")


def test_a_test_part_without_folders_has_no_labels(tmp_path: Path) -> None:
    people(tmp_path / "train")
    picture(tmp_path / "test/1.jpg", 91)
    picture(tmp_path / "test/2.jpg", 92)
    folder = read_layout(tmp_path)
    assert folder.layout == "split-folders"
    assert folder.test.identities == ("", "") and not len(folder.unknown_test)
    picture(tmp_path / "test/a/1.jpg", 93)
    with pytest.raises(InputError, match="2 images beside folders of identities"):
        read_layout(tmp_path)


def test_who_is_in_val_and_test_but_not_in_train_is_told(tmp_path: Path) -> None:
    root = split_folders(tmp_path)
    picture(root / "test/v2/9.jpg", 95)
    note = read_layout(root).notes[0]
    assert "1 identity is in val and in test, but not in train (v2)" in note


def test_groups_and_pairs_lie_beside_train(tmp_path: Path) -> None:
    root = split_folders(tmp_path / "x/faces").parent
    (root / "faces/groups.csv").write_text("identity,group\na,red\nv2,red\nt2,blue\n")
    rows = "train/a/a_0001.jpg,val/a/val.jpg,1\ntrain/a/a_0001.jpg,val/b/val.jpg,0"
    (root / "faces/pairs.csv").write_text(f"path_a,path_b,same\n{rows}\n")
    folder = read_layout(root)
    assert len(folder.pairs) == 2
    assert dict(zip(folder.known.identities, folder.known.groups, strict=True)) == {
        "v2": "red", "v3": "v3",
    }  # fmt: skip
    assert folder.train.groups[:4] == ("red", "red", "red", "b")


def test_somebody_may_be_called_train_or_test(tmp_path: Path) -> None:
    root = people(tmp_path, ["train", "test", "val", "d"])
    assert read_layout(root).layout == "identity-folders"
    picture(root / "e/1.jpg", 5)
    assert read_layout(root).layout == "identity-folders"


def test_too_few_to_learn_are_a_fault(tmp_path: Path) -> None:
    people(tmp_path / "train", "ab")
    people(tmp_path / "val", "abcd")
    with pytest.raises(InputError, match="2 identities with pictures; a search needs 4"):
        read_layout(tmp_path)


def test_train_and_dev_of_the_course_stay_the_course(tmp_path: Path) -> None:
    course = hw2p2(tmp_path / "whole") / "classification"
    closed = course.rename(tmp_path / "unpacked")
    assert read_layout(closed).layout == "hw2p2-s23"
    picture(closed / "dev/n000009/1.jpg", 5)
    folder = read_layout(closed)
    assert folder.layout == "split-folders" and names(folder)["unknown_dev"] == {"n000009"}
    assert folder.test.identities == ("",)
    closed.rename(tmp_path / "classification")
    with pytest.raises(InputError, match=r"in dev/ and not in train/: n000009"):
        read_layout(tmp_path / "classification")


def test_train_and_dev_of_other_names_are_a_split(tmp_path: Path) -> None:
    people(tmp_path / "train")
    people(tmp_path / "dev")
    assert read_layout(tmp_path).layout == "split-folders"
