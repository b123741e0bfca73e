from pathlib import Path

import pytest
from faces_on_disk import hw2p2, image_list, insightface, lfw, people, split_folders

from facesearch.data.layouts import read_layout

GROUPS = "identity,group\na,x\nb,x\n"


@pytest.mark.parametrize(
    ("make", "name", "told"),
    [
        (
            image_list,
            "groups.csv",
            "groups.csv: not read, as groups stand in faces.csv; write them",
        ),
        (image_list, "Pairs.csv", "Pairs.csv: not read; rename it to pairs.csv if it is meant"),
        (lfw, "groups.csv", "groups.csv: not read in layout lfw"),
        (insightface, "groups.csv", "groups.csv: not read in layout insightface"),
        (people, "Groups.csv", "Groups.csv: not read; rename it to groups.csv if it is meant"),
        (people, "group.CSV", "group.CSV: not read; rename it to groups.csv if it is meant"),
        (people, "FACES.csv", "FACES.csv: not read; rename it to faces.csv if it is meant"),
        (split_folders, "faces.CSV", "faces.CSV: not read; rename it"),
        (hw2p2, "groups.csv", "groups.csv: not read in layout hw2p2-f22"),
    ],
)
def test_a_list_that_is_not_read_is_told(
    tmp_path: Path, make: object, name: str, told: str
) -> None:
    assert callable(make)
    root = make(tmp_path / "faces")
    assert read_layout(root).reading == ()
    (root / name).write_text(GROUPS)
    (note,) = read_layout(root).reading
    assert note.startswith(told)


@pytest.mark.parametrize("make", [people, split_folders])
def test_of_a_list_that_is_read_nothing_is_told(tmp_path: Path, make: object) -> None:
    assert callable(make)
    root = make(tmp_path / "faces")
    (root / "groups.csv").write_text(GROUPS)
    assert read_layout(root).reading == ()
    (root / "Groups.csv").write_text(GROUPS)
    assert read_layout(root).reading == (
        f"Groups.csv: not read in layout {read_layout(root).layout}",
    )


def test_a_folder_with_the_name_of_a_list_is_an_identity(tmp_path: Path) -> None:
    root = people(tmp_path, ["a", "b", "c", "d", "Groups.csv"])
    assert read_layout(root).reading == ()


def test_what_is_to_be_known_of_the_groups_of_hw2p2_is_told(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    text = "identity,group,camera\nn100000,x,1\nn100001,x ,2\n"
    (root / "verification/groups.csv").write_text(text)
    first, second = sorted(read_layout(root).reading)
    assert first.startswith("verification/groups.csv: column 'group': names that differ in blanks")
    assert second == "verification/groups.csv: columns that are not known, and ignored: 'camera'"
    inside = root / "verification"
    assert len(read_layout(inside).reading) == 2, "it is read there"
