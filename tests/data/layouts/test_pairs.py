from pathlib import Path

import pytest
from faces_on_disk import people

from facesearch.data.layouts import read_layout
from facesearch.errors import InputError


def test_pairs_of_a_csv(tmp_path: Path) -> None:
    root = people(tmp_path)
    rows = ["a/a_0001.jpg,a/a_0002.jpg,1", "a/a_0001.jpg,b/b_0001.jpg,False"]
    (root / "pairs.csv").write_text("\n".join(["path_a,path_b,same", *rows]))
    pairs = read_layout(root).pairs
    assert pairs.is_same == (True, False) and pairs.second[1].name == "b_0001.jpg"
    (root / "pairs.csv").write_text("path_a,path_b,same\na/a_0001.jpg,a/a_0002.jpg,perhaps")
    with pytest.raises(InputError, match="line 2: same is 'perhaps'; write 0 or 1"):
        read_layout(root)
    (root / "pairs.csv").write_text("path_a,path_b,same\na/a_0001.jpg,a/a_0002.jpg")
    with pytest.raises(InputError, match="line 2: 2 values, but the header has 3"):
        read_layout(root)


def test_what_is_wrong_with_pairs_is_told_by_line(tmp_path: Path) -> None:
    people(tmp_path)
    (tmp_path / "pairs.txt").write_text("1\t2\na\t1\t9\na one two\n../x\t1\t2\n")
    with pytest.raises(InputError) as caught:
        read_layout(tmp_path)
    for named in ("3 pairs, but line 1 promises", "line 2: no such", "line 3: must be", "leaves"):
        assert named in str(caught.value)
    (tmp_path / "pairs.txt").write_bytes(b"1\n\xe9\xff 1 2\n")
    with pytest.raises(InputError, match=r"pairs\.txt: not a file of pairs in UTF-8"):
        read_layout(tmp_path)
    (tmp_path / "pairs.txt").write_text(f"1\t1\na\t{'9' * 5000}\t1\na 1 b 1\n")
    with pytest.raises(InputError, match="line 2: must be"):
        read_layout(tmp_path)


def test_pairs_of_a_csv_may_have_folds(tmp_path: Path) -> None:
    root = people(tmp_path)
    rows = [
        f"a/a_0001.jpg,{other}.jpg,{same},{fold}"
        for other, same, fold in (
            ("b/b_0001", 0, 7),
            ("a/a_0002", 1, 3),
            ("a/a_0003", 1, 3),
        )
    ]
    (root / "pairs.csv").write_text("\n".join(["path_a,path_b,same,fold", *rows]))
    assert read_layout(root).pairs.folds == (1, 0, 0)
    rows[1] = "a/a_0001.jpg,a/a_0002.jpg,1,one"
    (root / "pairs.csv").write_text("\n".join(["path_a,path_b,same,fold", *rows]))
    with pytest.raises(InputError, match="line 3: fold is 'one'; write a whole number from 0"):
        read_layout(root)


@pytest.mark.parametrize(
    ("zeros", "is_right"), [(".0", True), (".000", True), (".", False), (".5", False)]
)
def test_whole_numbers_may_be_written_as_fractions(
    tmp_path: Path, zeros: str, is_right: bool
) -> None:
    root = people(tmp_path)
    rows = [
        f"a/a_0001.jpg,{other}.jpg,{same}{zeros},{fold}{zeros}"
        for other, same, fold in (("b/b_0001", 0, 10), ("a/a_0002", 1, 0), ("a/a_0003", 1, 3))
    ]
    (root / "pairs.csv").write_text("\n".join(["path_a,path_b,same,fold", *rows]))
    if is_right:
        pairs = read_layout(root).pairs
        assert pairs.folds == (2, 0, 1) and pairs.is_same == (False, True, True)
        return
    with pytest.raises(InputError) as caught:
        read_layout(root)
    assert f"line 2: same is '0{zeros}'; write 0 or 1" in str(caught.value)
    assert f"line 2: fold is '10{zeros}'" in str(caught.value)
