from pathlib import Path

import pytest
from faces_on_disk import people, picture, split_folders

from facesearch.data.layouts import read_layout
from facesearch.errors import InputError


def test_identity_folders_are_read_in_order_without_rubbish(tmp_path: Path) -> None:
    for name in ("d", "a", "c", "b"):
        picture(tmp_path / name / "1.JPG", 1)
        (tmp_path / name / ".DS_Store").write_bytes(b"x")
        (tmp_path / name / "Thumbs.db").write_bytes(b"x")
    outside = tmp_path.parent / "outside.jpg"
    picture(outside, 2)
    (tmp_path / "a" / "2.jpg").symlink_to(outside)
    folder = read_layout(tmp_path)
    assert folder.layout == "identity-folders"
    assert folder.train.identities == ("a", "b", "c", "d")


def test_what_is_no_folder_of_faces_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_layout(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"no faces\. Expected"):
        read_layout(tmp_path)
    picture(tmp_path / "one" / "a.jpg", 1)
    with pytest.raises(InputError, match="1 identity with pictures; a search needs 4"):
        read_layout(tmp_path)
    picture(tmp_path / "high" / "faces" / "anna" / "a.jpg", 1)
    with pytest.raises(
        InputError, match=r"1 identity with .* needs 4 .* give a folder further down"
    ):
        read_layout(tmp_path / "high")
    with pytest.raises(InputError, match="is a file"):
        read_layout(tmp_path / "one" / "a.jpg")


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("cls_data/train/images", "HW2P2 of the terms from F24"),
        ("ver_data", "HW2P2 of the terms from F24"),
        ("train_data/train_data/n1", "HW2P2 of the terms to F21"),
        ("train/n1", "a split whose other parts are not val/, validation/, dev/ or test/"),
    ],
)
def test_the_layout_of_another_task_is_named(tmp_path: Path, folder: str, message: str) -> None:
    picture(tmp_path / folder / "0.jpg", 1)
    picture(tmp_path / "holdout/n1/0.jpg", 2)
    with pytest.raises(InputError, match=rf"{message}.*, a layout that is not read"):
        read_layout(tmp_path)


def test_somebody_may_be_called_train(tmp_path: Path) -> None:
    assert "train" in read_layout(people(tmp_path, ["train", "b", "c", "d"])).train.identities


def test_groups_name_people_who_are_there_once(tmp_path: Path) -> None:
    root = people(tmp_path)
    (root / "groups.csv").write_text("identity,group\na\nnobody,x\nb,\nc,x\nc,y\nd,x\nd,x\n")
    with pytest.raises(InputError) as caught:
        read_layout(root)
    for named in (
        "line 2: 1 values, but the header has 2: identity, group",
        "line 3: 'nobody' has no pictures",
        "line 4: 'b' has no group",
        "line 6: 'c' is in x and in y",
    ):
        assert named in str(caught.value)
    assert "'d'" not in str(caught.value)


def test_a_part_that_is_a_link_out_of_the_folder_is_named(tmp_path: Path) -> None:
    root = split_folders(tmp_path / "faces")
    (root / "train").rename(tmp_path / "elsewhere")
    (root / "train").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="train: behind a link out of"):
        read_layout(root)
    for name in ("val", "test"):
        (root / name).rename(tmp_path / name)
    with pytest.raises(InputError, match=r"no faces\..*not followed: train; copy what they mean"):
        read_layout(root)
