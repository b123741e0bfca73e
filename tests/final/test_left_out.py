from pathlib import Path

import pytest
from faces_on_disk import hw2p2, people, picture

from facesearch.config import DataConfig
from facesearch.final.asked_faces import Question
from facesearch.final.left_out import passed_over_in


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = people(tmp_path / "faces", [f"p{i:02d}" for i in range(12)], 3)
    (root / "p00/1.heic").write_bytes(b"x")
    (root / "p01/p01_0001.jpg").write_bytes(b"no image")
    return root


@pytest.mark.parametrize("is_named", [False, True])
def test_of_its_own_faces_what_may_be_unreadable_is_told_too(root: Path, is_named: bool) -> None:
    data = DataConfig(root=str(root), image_px=16, allow_corrupt=1)
    question = Question(root=str(root / "../faces") if is_named else None)
    (found,) = passed_over_in(question, data)
    assert {path.name for path in found.unreadable} <= {"p01_0001.jpg"}
    assert "left out: 1 of a kind that is not read (p00/1.heic)" in found.lines()[0]


def test_of_other_faces_the_folders_are_told_and_of_a_list_of_pairs_the_list(root: Path) -> None:
    data = DataConfig()
    assert passed_over_in(Question(), data) == []
    (found,) = passed_over_in(Question(root=str(root)), data)
    assert "p00/1.heic" in found.lines()[0] and not found.unreadable
    both = passed_over_in(Question(gallery=root, probes=root / "p00"), data)
    assert [one.account.root for one in both] == [root, root / "p00"]
    assert all("1.heic" in one.lines()[0] for one in both)
    pairs = root.parent / "some.csv"
    pairs.write_text("path_a,path_b,same\np00/p00_0001.jpg,p01/p01_0001.jpg,0\n")
    (of_list,) = passed_over_in(Question(root=str(root), pairs=pairs), data)
    assert of_list.lines() == of_list.counts() == [], "all its pairs are scored"


def test_the_same_image_as_two_identities_is_told_of_one_folder_and_of_two(root: Path) -> None:
    content = (root / "p03/p03_0001.jpg").read_bytes()
    (root / "p04/again.jpg").write_bytes(content)
    (root / "p03/again.jpg").write_bytes(content)
    (found,) = passed_over_in(Question(root=str(root)), DataConfig())
    assert "1 image is there twice, as two identities: p03/" in found.lines()[0]
    assert "there twice, as two identities: 1 " in found.counts()[0]
    probes = root.parent / "probes"
    for number, name in enumerate(("p05", "p06")):
        picture(probes / name / "1.jpg", 70_000 + number)
    (probes / "p06/copy.jpg").write_bytes((root / "p05/p05_0001.jpg").read_bytes())
    (probes / "p05/same.jpg").write_bytes((root / "p05/p05_0001.jpg").read_bytes())
    gallery, asked = passed_over_in(Question(gallery=root, probes=probes), DataConfig())
    assert gallery.contradictions == ((root / "p03/again.jpg", root / "p04/again.jpg"),)
    (twice,) = asked.contradictions
    assert twice == (root / "p05/p05_0001.jpg", probes / "p06/copy.jpg")
    assert "../faces/p05/p05_0001.jpg = p06/copy.jpg" in asked.lines()[0]


def test_sets_of_a_folder_are_looked_at_one_by_one(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    content = (root / "verification/known/n100000/0.jpg").read_bytes()
    (root / "verification/known/n100001/1.jpg").write_bytes(content)
    (root / "classification/train/n000000/0.jpg").write_bytes(content)
    (found,) = passed_over_in(Question(root=str(root)), DataConfig())
    assert [path.parent.name for path in found.contradictions[0]] == ["n100000", "n100001"]
    assert len(found.contradictions) == 1
