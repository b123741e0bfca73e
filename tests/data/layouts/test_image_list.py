from pathlib import Path

import pytest
from faces_on_disk import people, picture

from facesearch.data.layouts import read_layout, scan_layout
from facesearch.errors import InputError


def test_a_list_that_cannot_be_read_has_one_fault(tmp_path: Path) -> None:
    (tmp_path / "faces.csv").write_text("path;identity\n")
    assert scan_layout(tmp_path)[1] == ["faces.csv: has no column 'path'; found path;identity"]


def test_a_list_names_paths_identities_and_groups(tmp_path: Path) -> None:
    root = people(tmp_path)
    rows = [f"{n}/{n}_000{i}.jpg,P{n},{'xy'[n < 'd']}" for n in "abcdef" for i in (1, 2)]
    (root / "faces.csv").write_text("\n".join(["path,identity,group", *rows]))
    faces = read_layout(root).train
    assert len(faces) == 12 and faces.identities[:3] == ("Pa", "Pa", "Pb")
    assert faces.groups == ("y",) * 6 + ("x",) * 6 and faces.paths[0].name == "a_0001.jpg"


def test_a_list_must_stay_inside_and_name_what_is_there(tmp_path: Path) -> None:
    root = people(tmp_path / "root")
    picture(tmp_path / "outside.jpg", 1)
    rows = ["../outside.jpg,a", "a/none.jpg,a", "a/a_0001.jpg,"]
    (root / "faces.csv").write_text("\n".join(["path,identity", *rows]))
    with pytest.raises(InputError) as caught:
        read_layout(root)
    for named in ("line 2: '../outside.jpg' leaves", "line 3: no such picture", "line 4: no ident"):
        assert named in str(caught.value)


def test_a_picture_stands_once_in_a_list_and_a_person_in_one_group(tmp_path: Path) -> None:
    root = people(tmp_path)
    rows = ["a/a_0001.jpg,a,g", "a/a_0001.jpg,b,h", "a/a_0001.jpg,a,g", "a/a_0002.jpg,a,h"]
    (root / "faces.csv").write_text("\n".join(["path,identity,group", *rows]))
    with pytest.raises(InputError) as caught:
        read_layout(root)
    for named in (
        "line 3: a/a_0001.jpg is listed as 'a' and as 'b'",
        "line 4: a/a_0001.jpg is listed already",
        "line 5: 'a' is in group g and in h",
    ):
        assert named in str(caught.value)


@pytest.mark.parametrize("name", ["a/\0.jpg", "x" * 5000 + ".jpg", "a/loop.jpg"])
def test_a_path_that_cannot_be_one_is_a_fault(tmp_path: Path, name: str) -> None:
    root = people(tmp_path)
    (root / "a/loop.jpg").symlink_to(root / "a/loop.jpg")
    (root / "faces.csv").write_text(f"path,identity\n{name},a\n")
    with pytest.raises(InputError, match=r"line 2: no (path of a|such) picture") as caught:
        read_layout(root)
    assert len(str(caught.value)) < 1500
