from pathlib import Path

import pytest
from faces_on_disk import lfw, people, split_folders

from facesearch.data.layouts import read_layout
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.pair_files import read_pair_file
from facesearch.errors import InputError


def test_a_file_of_lfw_tells_who_is_on_its_pairs(tmp_path: Path) -> None:
    root = lfw(tmp_path / "lfw")
    faults = Faults()
    here = read_pair_file(root / "pairs.txt", None, faults)
    assert here.pairs == read_layout(root).pairs and len(here.train) == 18 and not faults
    far = (root / "pairs.txt").rename(tmp_path / "my pairs.txt")
    assert read_pair_file(far, root, faults).pairs == here.pairs and not faults
    assert read_pair_file(far, None, faults).pairs == here.pairs, "its people lie a folder deeper"
    (tmp_path / "empty").mkdir()
    read_pair_file(far.rename(tmp_path / "empty/pairs.txt"), None, faults)
    assert len(faults) == 8


def test_the_names_of_a_split_folder_are_of_one_list(tmp_path: Path) -> None:
    root = split_folders(tmp_path / "faces")
    (tmp_path / "some.csv").write_text(
        "path_a,path_b,same,fold\nval/v2/0.jpg,test/t2/0.jpg,0,2\nval/a/val.jpg,test/a/test.jpg,1,1"
    )
    folder = read_pair_file(tmp_path / "some.csv", root, Faults())
    assert folder.pairs.folds == (1, 0) and not len(folder.known)
    assert len(folder.train) == len(list(root.rglob("*.jpg")))


def test_a_folder_of_anything_is_a_place_for_paths(tmp_path: Path) -> None:
    people(tmp_path / "faces", "ab")
    (tmp_path / "some.csv").write_text("path_a,path_b,same\na/a_0001.jpg,b/b_0001.jpg,0\n")
    folder = read_pair_file(tmp_path / "some.csv", tmp_path / "faces", Faults())
    assert len(folder.pairs) == 1 and not len(folder.train)
    with pytest.raises(InputError, match="no such file; give a list of pairs with --pairs"):
        read_pair_file(tmp_path / "none.csv", None, Faults())
