from pathlib import Path

import pytest
from faces_on_disk import lfw, people
from PIL import Image

from facesearch.data.layouts import read_layout
from facesearch.errors import InputError


@pytest.mark.parametrize("inner", ["", "lfw", "lfw_funneled"])
def test_lfw_has_people_and_folds_of_pairs(tmp_path: Path, inner: str) -> None:
    people(tmp_path / inner)
    lines = ["2\t1", "a\t1\t2", "a\t1\tb\t3", "c\t2\t3", "c\t1\td\t1"]
    (tmp_path / "pairs.txt").write_text("\n".join(lines))
    folder = read_layout(tmp_path)
    assert folder.layout == "lfw" and len(set(folder.train.identities)) == 6
    assert folder.pairs.is_same == (True, False, True, False)
    assert folder.pairs.folds == (0, 0, 1, 1) and folder.pairs.second[1].name == "b_0003.jpg"


def test_lfw_of_one_fold_has_a_count_alone(tmp_path: Path) -> None:
    people(tmp_path)
    (tmp_path / "pairsDevTest.txt").write_text("1\na\t1\t2\na\t1\tb\t1\n")
    assert read_layout(tmp_path).pairs.folds == (0, 0)


@pytest.mark.parametrize("suffix", ["png", "jpeg", "JPG", "PNG"])
def test_images_of_any_suffix_are_those_that_pairs_mean(tmp_path: Path, suffix: str) -> None:
    root = lfw(tmp_path)
    before = read_layout(root).pairs
    for path in sorted(root.rglob("*.jpg")):
        kind = "JPEG" if suffix in ("jpeg", "JPG") else "PNG"
        Image.open(path).save(path.with_suffix(".new"), kind)
        path.with_suffix(".new").rename(path.with_suffix(f".{suffix}"))
        if path.suffix != f".{suffix}":
            path.unlink()
    pairs = read_layout(root).pairs
    assert [path.stem for path in pairs.first] == [path.stem for path in before.first]
    assert pairs.is_same == before.is_same and pairs.second[0].suffix == f".{suffix}"


def test_names_with_blanks_are_parted_by_tabs(tmp_path: Path) -> None:
    root = lfw(tmp_path, ["Anna Maria", "Bo", "Cy de Wit", "Di"])
    folder = read_layout(root)
    assert folder.pairs.is_same == (True, False, True, False)
    assert folder.pairs.second[1].name == "Bo_0003.jpg"


@pytest.mark.parametrize("inner", ["lfw_mtcnnpy_160", "aligned/lfw", "lfw/lfw"])
def test_people_may_lie_in_a_folder_of_any_name(tmp_path: Path, inner: str) -> None:
    root = lfw(tmp_path / "faces")
    moved = root / inner
    (root / "lfw").rename(tmp_path / "people")
    moved.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "people").rename(moved)
    folder = read_layout(root)
    assert folder.layout == "lfw" and len(folder.pairs) == 4
    assert sorted(set(folder.train.identities)) == list("abcdef")


def test_all_may_lie_one_folder_deeper(tmp_path: Path) -> None:
    lfw(tmp_path / "archive")
    folder = read_layout(tmp_path)
    assert folder.layout == "lfw" and len(folder.pairs) == 4 and len(folder.train) == 18


def test_images_of_a_person_may_not_leave_the_folder(tmp_path: Path) -> None:
    root = lfw(tmp_path / "faces")
    (root / "lfw/a/a_0002.jpg").rename(tmp_path / "a_0002.jpg")
    (root / "lfw/a/a_0002.jpg").symlink_to(tmp_path / "a_0002.jpg")
    with pytest.raises(InputError, match=r"line 2: 'a/a_0002\.jpg' leaves"):
        read_layout(root)
