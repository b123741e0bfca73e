import shutil
from pathlib import Path

import pytest
from faces_on_disk import cfp, image_list, lfw, people, picture, split_folders

from facesearch.data.layouts import FaceFolder, read_layout
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.pair_files import read_pair_file
from facesearch.errors import InputError

SOUND = ["a/a_0001.jpg,a/a_0002.jpg,1", "b/b_0001.jpg,c/c_0001.jpg,0"]
# What is left out, and why.
UNSOUND = {
    "an image with itself": (["a/a_0003.jpg,a/a_0003.jpg,1"], "of an image with itself"),
    "itself, written in another way": (["a/a_0003.jpg,a/../a/a_0003.jpg,1"], "with itself"),
    "itself, said to be two": (["a/a_0003.jpg,a/a_0003.jpg,0"], "of an image with itself"),
    "a copy": (["a/a_0003.jpg,a/copy.jpg,1"], "or with a copy of it"),
    "again": ([SOUND[0]], "which are in the list before"),
    "again, mirrored": (["c/c_0001.jpg,b/b_0001.jpg,0"], "if only the other way round"),
    "against the folders": (
        ["d/d_0001.jpg,e/e_0001.jpg,1"],
        "whose truth is not that of the ident",
    ),
    "one said to be two": (["d/d_0001.jpg,d/d_0002.jpg,0"], "whose truth is not that of the ident"),
    "both truths": (
        ["d/d_0001.jpg,e/e_0001.jpg,0", "e/e_0001.jpg,d/d_0001.jpg,1"],
        "which are said to be of one identity and of two",
    ),
}


def listed(root: Path, rows: list[str]) -> Path:
    people(root)
    shutil.copy(root / "a/a_0003.jpg", root / "a/copy.jpg")
    (root / "pairs.csv").write_text("\n".join(["path_a,path_b,same", *rows]))
    return root


def names(folder: FaceFolder) -> list[tuple[str, str, bool]]:
    pairs = folder.pairs
    rows = zip(pairs.first, pairs.second, pairs.is_same, strict=True)
    return [(one.name, other.name, same) for one, other, same in rows]


@pytest.mark.parametrize("kind", UNSOUND)
def test_pairs_that_cannot_be_scored_are_left_out_and_told(tmp_path: Path, kind: str) -> None:
    rows, why = UNSOUND[kind]
    sound = names(read_layout(listed(tmp_path / "sound", SOUND)))
    folder = read_layout(listed(tmp_path / "faces", [*SOUND, *rows]))
    assert names(folder) == sound
    (note,) = folder.reading
    assert note.startswith(f"pairs: {len(rows)} of {2 + len(rows)} are left out, ") and why in note
    assert rows[0].split(",")[0] in note, "an example is named"


@pytest.mark.parametrize("kind", UNSOUND)
def test_a_file_of_pairs_is_looked_at_alike(tmp_path: Path, kind: str) -> None:
    rows, why = UNSOUND[kind]
    root = listed(tmp_path / "faces", [*SOUND, *rows])
    path = (root / "pairs.csv").rename(tmp_path / "other.csv")
    faults = Faults()
    folder = read_pair_file(path, root, faults)
    assert not faults and len(folder.pairs) == 2 and why in folder.reading[0]


def test_who_is_on_them_is_known_from_a_list_and_a_split_folder_too(tmp_path: Path) -> None:
    root = image_list(tmp_path / "list")
    against = ["a/a_0001.jpg,b/b_0002.jpg,1"]
    (root / "pairs.csv").write_text("\n".join(["path_a,path_b,same", *SOUND, *against]))
    assert len(read_layout(root).pairs) == 2
    split = split_folders(tmp_path / "split")
    rows = ["train/a/a_0001.jpg,val/a/val.jpg,1", "train/b/b_0001.jpg,test/t2/0.jpg,0",
            "val/v2/0.jpg,val/v3/0.jpg,1"]  # fmt: skip
    (split / "pairs.csv").write_text("\n".join(["path_a,path_b,same", *rows]))
    assert names(read_layout(split)) == [
        ("a_0001.jpg", "val.jpg", True), ("b_0001.jpg", "0.jpg", False)
    ]  # fmt: skip


def test_truths_the_other_way_round_are_a_fault(tmp_path: Path) -> None:
    rows = [
        "a/a_0001.jpg,a/a_0002.jpg,0",
        "b/b_0001.jpg,c/c_0001.jpg,1",
        SOUND[0].replace("2", "3"),
    ]
    with pytest.raises(InputError, match="2 of 3 pairs contradict the identities of their images"):
        read_layout(listed(tmp_path, rows))


def test_a_list_of_which_nothing_is_left_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of 1 can be scored; pairs: 1 of 1 are left out"):
        read_layout(listed(tmp_path, ["a/a_0001.jpg,a/a_0001.jpg,1"]))


def test_pairs_of_lfw_and_cfp_count_once_in_each_list(tmp_path: Path) -> None:
    root = lfw(tmp_path / "lfw")
    lines = (root / "pairs.txt").read_text().splitlines()
    (root / "pairs.txt").write_text("\n".join([*lines[:3], "a\t2\t1", lines[4]]))
    folder = read_layout(root)
    assert len(folder.pairs) == 3 and folder.pairs.folds == (0, 0, 1)
    assert "if only the other way round: lfw/a/a_0002.jpg and lfw/a/a_0001.jpg" in folder.reading[0]
    root = cfp(tmp_path / "cfp")
    (root / "Protocol/Split/FF/02/same.txt").write_text("1,2\n1,1\n")
    folder = read_layout(root)
    assert folder.pairs.lists.count("FF") == 3 and folder.pairs.lists.count("FP") == 4
    assert len(folder.reading) == 2


def test_what_is_wrong_with_many_is_told_with_a_few(tmp_path: Path) -> None:
    root = people(tmp_path, each=9)
    picture(root / "a/x.jpg", 1)
    rows = [f"a/a_000{i}.jpg,a/a_000{i}.jpg,1" for i in range(1, 10)]
    (root / "pairs.csv").write_text("\n".join(["path_a,path_b,same", *SOUND, *rows]))
    (note,) = read_layout(root).reading
    assert note.count("a_000") == 6 and note.endswith(", ...") and "9 of 11" in note
