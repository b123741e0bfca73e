from pathlib import Path

import pytest
from faces_on_disk import people, picture

from facesearch.data.layouts import read_layout
from facesearch.data.layouts.account import account_of
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.lookup import Lookup
from facesearch.errors import InputError, count_of


def looked_up(root: Path, names: list[str]) -> tuple[list[Path | None], Faults]:
    faults = Faults()
    with Lookup(root, "list.csv", faults) as images:
        found = [images.find(name, f"list.csv: line {n}") for n, name in enumerate(names, 2)]
    return found, faults


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a\\a_0001.jpg", "are written with backslashes and read with slashes"),
        (".\\a\\a_0001.jpg", "backslashes"),
        ("a/a_0001.jpg ", "without the blanks around them, or in another Unicode form"),
        ("a /a_0001.jpg", "without the blanks"),
        ("a/a_0001.png", "have another suffix than the image that is there"),
        ("a/a_0001.JPG", "have another suffix"),
        ("a\\a_0001.png", "have another suffix"),
    ],
)
def test_a_path_is_read_as_others_write_it(tmp_path: Path, name: str, told: str) -> None:
    root = people(tmp_path, "a")
    found, faults = looked_up(root, ["a/a_0002.jpg", name])
    assert found == [root / "a/a_0002.jpg", root / "a/a_0001.jpg"] and not faults
    (note,) = faults.notes
    assert note.startswith("list.csv: 1 of 2 paths ") and told in note


@pytest.mark.parametrize(
    "written", ["a/a_0001.jpg", "a/../a/a_0001.jpg", "./a//a_0001.jpg", "b/../a/./a_0001.jpg",
                "../faces/a/a_0001.jpg", "{root}/a/a_0001.jpg", "{root}/b/../a/a_0001.jpg",
                "{link}/a/a_0001.jpg"],
)  # fmt: skip
@pytest.mark.parametrize("given", ["faces", "link", "faces/../link"])
def test_a_file_has_one_spelling_however_it_is_written(
    tmp_path: Path, written: str, given: str
) -> None:
    people(tmp_path / "faces", "ab")
    (tmp_path / "link").symlink_to(tmp_path / "faces")
    root = tmp_path / given
    found, faults = looked_up(root, [written.format(root=root, link=tmp_path / "link")])
    assert list(map(str, found)) == [f"{root}/a/a_0001.jpg"] and not faults


def test_a_link_in_a_folder_stays_and_what_only_passes_through_one_does_not(tmp_path: Path) -> None:
    root = people(tmp_path / "faces", "ab")
    (root / "deep/er").mkdir(parents=True)
    (root / "a2").symlink_to(root / "a")
    (root / "er").symlink_to(root / "deep/er")
    found, _ = looked_up(root, ["a2/a_0001.jpg", "er/../../a/a_0001.jpg"])
    assert found == [root / "a2/a_0001.jpg", root / "a/a_0001.jpg"]


def test_absolute_paths_and_detours_are_no_other_images(tmp_path: Path) -> None:
    root = people(tmp_path / "faces")
    rows = [f"{root}/{n}/{n}_000{i}.jpg,{n}" for n in "abcdef" for i in (1, 2)]
    rows += [f"a/../{n}/{n}_0003.jpg,{n}" for n in "abcdef"]
    (root / "faces.csv").write_text("\n".join(["path,identity", *rows]))
    folder = read_layout(root)
    assert len(folder.train) == 18 and account_of(folder).lines() == []
    (root / "faces.csv").write_text("\n".join(["path,identity", *rows, "a/../b/b_0001.jpg,a"]))
    with pytest.raises(InputError, match="is listed as 'b' and as 'a'; one of them is wrong"):
        read_layout(root)


def test_another_unicode_form_is_the_same_file(tmp_path: Path) -> None:
    path = picture(tmp_path / "Jose\u0301" / "e\u0301.jpg", 1)
    assert looked_up(tmp_path, ["Jos\xe9/\xe9.jpg"])[0] == [path]


def test_what_is_there_as_it_is_written_goes_before_all_else(tmp_path: Path) -> None:
    exact = picture(tmp_path / "a\\1.jpg", 1)
    picture(tmp_path / "a/1.jpg", 2)
    found, faults = looked_up(tmp_path, ["a\\1.jpg"])
    assert found == [exact] and not faults.notes


def test_nothing_is_guessed_where_two_files_could_be_meant(tmp_path: Path) -> None:
    for suffix in ("png", "jpeg"):
        picture(tmp_path / f"a/1.{suffix}", 1)
    found, faults = looked_up(tmp_path, ["a/1.jpg", "a/1.txt"])
    assert found == [None, None] and len(faults) == 2 and not faults.notes


@pytest.mark.parametrize(
    ("written", "cause"),
    [
        ("C:\\Users\\me\\faces\\{}\\{}_0001.jpg", "as they begin in another place"),
        ("/home/me/faces/{}/{}_0001.jpg", "as they begin in another place"),
        ("faces/{}/{}_0001.jpg", "as they begin above the folder that is read"),
        ("../faces/{}/{}_0001.jpg", "as they begin above the folder that is read"),
        ("{}/{}_0001.Jpg/../X", ""),
    ],
)
def test_the_cause_that_lines_have_in_common_is_told_once(
    tmp_path: Path, written: str, cause: str
) -> None:
    root = people(tmp_path)
    _, faults = looked_up(root, [written.format(n, n) for n in "abcdef"])
    if not cause:
        assert len(faults) == 6
        return
    (fault,) = faults
    assert count_of(fault) == 6 and cause in fault
    assert "6 of 6 paths name no image" in fault and "write 'a/a_0001.jpg'" in fault


def test_another_case_is_told_and_not_read(tmp_path: Path) -> None:
    root = people(tmp_path)
    found, faults = looked_up(root, ["A/A_0001.jpg"])
    assert found == [None]
    assert faults == [
        "list.csv: line 2: no such picture: 'A/A_0001.jpg'; did you mean 'a/a_0001.jpg'?"
    ]


def test_nothing_leaves_the_folder_however_it_is_written(tmp_path: Path) -> None:
    root = people(tmp_path / "faces")
    picture(tmp_path / "outside.jpg", 1)
    (root / "out").symlink_to(tmp_path)
    names = ["..\\outside.jpg", "../outside.png", "out/outside.jpg", "out\\outside.jpg"]
    found, faults = looked_up(root, names)
    assert found == [None] * 4 and len(faults) == 4
    assert sum("leaves" in fault for fault in faults) >= 2


def test_a_list_of_thousands_from_windows_is_read_or_told_in_a_few_lines(tmp_path: Path) -> None:
    root = people(tmp_path)
    rows = [f"{n}\\{n}_000{i}.jpg,{n}\r\n" for n in "abcdef" for i in (1, 2, 3)]
    content = "".join(["path,identity\r\n", *rows])
    (root / "faces.csv").write_bytes(b"\xef\xbb\xbf" + content.encode())
    folder = read_layout(root)
    assert len(folder.train) == 18
    assert any("18 of 18 paths are written with backslashes" in note for note in folder.reading)
    lost = [f"D:\\data\\{n}\\{n}_{i:04d}.jpg,{n}\n" for n in "abcdef" for i in range(1, 2001)]
    (root / "faces.csv").write_text("".join(["path,identity\n", *lost]))
    with pytest.raises(InputError) as caught:
        read_layout(root)
    lines = str(caught.value).splitlines()
    assert len(lines) == 1 and "12,000 of 12,000 paths name no image, as they begin in" in lines[0]
    assert "line 2 has 'D:\\data\\a\\a_0001.jpg'; write 'a/a_0001.jpg', and the" in lines[0]
