from pathlib import Path

import pytest
from faces_on_disk import people

from facesearch.data.layouts import read_layout


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
