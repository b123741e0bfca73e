from pathlib import Path

import pytest
from faces_on_disk import cfp

from facesearch.config import DataConfig
from facesearch.data.layouts import read_layout
from facesearch.data.layouts.pair_truth import people_of_pairs
from facesearch.errors import InputError
from facesearch.final.targets import read_targets


def test_both_protocols_are_lists_with_folds_of_their_own(tmp_path: Path) -> None:
    folder = read_layout(cfp(tmp_path))
    pairs = folder.pairs
    assert pairs.lists == ("FF",) * 4 + ("FP",) * 4
    assert pairs.folds == (0, 0, 1, 1) * 2 and pairs.is_same == (True, False) * 4
    poses = [(a.parent.name, b.parent.name) for a, b in zip(pairs.first, pairs.second, strict=True)]
    assert poses == [("frontal", "frontal")] * 4 + [("frontal", "profile")] * 4
    whose = people_of_pairs(folder)
    for first, second, is_same in zip(pairs.first, pairs.second, pairs.is_same, strict=True):
        assert (whose[first] == whose[second]) == is_same
    assert set(folder.train.identities) == {f"{n:03d}" for n in range(1, 6)}
    assert len(folder.train) == len(list(tmp_path.rglob("*.jpg")))


def test_its_pairs_are_measured(tmp_path: Path) -> None:
    targets = read_targets(DataConfig(root=str(cfp(tmp_path)), image_px=16), ())
    assert targets.pairs is not None and set(targets.pairs.lists) == {"FF", "FP"}
    assert (targets.pairs.faces.labels_M >= 0).all()


def test_what_is_wrong_with_the_protocol_is_told_by_line(tmp_path: Path) -> None:
    protocol = cfp(tmp_path) / "Protocol"
    (protocol / "Split/FF/01/same.txt").write_text("1,999\n1;2\n")
    (protocol / "Split/FP/02/diff.txt").unlink()
    with (protocol / "Pair_list_P.txt").open("a") as file:
        file.write("x ../Data/Images/001/profile/01.jpg\n99 ../../outside.jpg\n")
    with pytest.raises(InputError) as caught:
        read_layout(tmp_path)
    for named in (
        "01/same.txt: line 1: must be two numbers of images, found '1,999'",
        "01/same.txt: line 2: must be two", "diff.txt: cannot be read (No such file",
        "Pair_list_P.txt: line 6: must be 'number path'", "line 7: '../outside.jpg' leaves",
    ):  # fmt: skip
        assert named in str(caught.value), named
