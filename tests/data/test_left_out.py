from pathlib import Path

import pytest
from faces_on_disk import people

from facesearch.config import DataConfig
from facesearch.data.faces import load_faces_to_search
from facesearch.data.left_out import passed_over, passed_over_of

NAMES = [f"p{i:02d}" for i in range(40)]


def test_where_all_is_read_nothing_is_told(tmp_path: Path) -> None:
    found = passed_over(people(tmp_path))
    assert found.lines() == found.lines(is_whole=True) == found.counts() == []
    assert passed_over_of(DataConfig(), ("train",)) == []


def test_all_is_told_in_one_line_with_where_to_read_more(tmp_path: Path) -> None:
    root = people(tmp_path / "my faces")
    (root / "a/1.heic").write_bytes(b"x")
    (root / "zoe").mkdir()
    (root / "zoe/1.heic").write_bytes(b"x")
    (line,) = passed_over(root).lines()
    assert line == (
        f"{root}: no image is read of 1 folder: zoe; left out: 2 of a kind that is not read "
        "(a/1.heic, zoe/1.heic); write them as JPEG or PNG, such as with ImageMagick: mogrify "
        f"-format jpg (more: facesearch data check '{root}')"
    )
    whole = passed_over(root).lines(is_whole=True)
    assert len(whole) == 2 and all(one.startswith(f"{root}: ") for one in whole)
    assert [("data check" in one) for one in whole] == [False, True]
    (counts,) = passed_over(root).counts()
    assert counts.startswith("my faces: passed over: 2 files, and 1 folder of which no image")
    assert "zoe" not in counts and str(tmp_path) not in counts


def test_pairs_that_are_not_scored_are_counted_where_no_name_may_go(tmp_path: Path) -> None:
    root = people(tmp_path / "faces", ["a", "b"], 3)
    rows = ["a/a_0001.jpg,a/a_0001.jpg,1", "a/a_0001.jpg,a/a_0002.jpg,1",
            "a/a_0002.jpg,a/a_0001.jpg,1", "a/a_0001.jpg,b/b_0001.jpg,0"]  # fmt: skip
    (root / "pairs.csv").write_text("\n".join(["path_a,path_b,same", *rows, ""]))
    (counts,) = passed_over(root).counts()
    assert "pairs that are not scored: 2 (" in counts and "a_0001" not in counts


@pytest.mark.parametrize("part", ["train", "unknown_test"])
def test_an_unreadable_image_that_is_allowed_is_told(tmp_path: Path, part: str) -> None:
    root = people(tmp_path, NAMES, 4)
    data = DataConfig(root=str(root), image_px=16, allow_corrupt=1)
    reserve = load_faces_to_search(data).reserve
    assert reserve is not None
    broken = getattr(reserve.folder, part).paths[1]
    broken.write_bytes(b"no image")
    load_faces_to_search(data)
    parts = ("train", *reserve.parts)
    (found,) = passed_over_of(data, parts)
    assert found.unreadable == (broken,)
    (line,) = found.lines()
    assert f"left out: 1 that cannot be read ({broken.relative_to(root)})" in line
    assert "1 file" in found.counts()[0]


def test_an_image_of_two_identities_is_told_and_one_that_is_there_twice_is_not(
    tmp_path: Path,
) -> None:
    root = people(tmp_path)
    for source, copy in (("a/a_0001", "b/copy"), ("a/a_0002", "a/copy"), ("b/b_0001", "c/copy")):
        (root / f"{copy}.jpg").write_bytes((root / f"{source}.jpg").read_bytes())
    data = DataConfig(root=str(root), image_px=16)
    for _ in range(2):  # decoded, and from the cache
        (found,) = passed_over_of(data, ("train",))
        names = [tuple(str(path.relative_to(root)) for path in two) for two in found.contradictions]
        assert names == [("a/a_0001.jpg", "b/copy.jpg"), ("b/b_0001.jpg", "c/copy.jpg")]
    (line,) = found.lines()
    assert "2 images are there twice, as two identities: a/a_0001.jpg = b/copy.jpg, " in line
    assert "as two identities: 2" in found.counts()[0] and "copy" not in found.counts()[0]
