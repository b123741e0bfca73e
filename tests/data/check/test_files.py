from pathlib import Path

import pytest
from faces_on_disk import hw2p2, image_list, people, picture

from facesearch.data.check import check_folder
from facesearch.errors import InputError


def faults_of(root: Path) -> str:
    with pytest.raises(InputError) as caught:
        list(check_folder(root, 16, 0))
    return str(caught.value)


def test_every_link_that_is_not_followed_is_a_fault(tmp_path: Path) -> None:
    root = people(tmp_path / "faces")
    outside = people(tmp_path / "outside", "x")
    (root / "a/out.jpg").symlink_to(outside / "x/x_0001.jpg")
    (root / "x").symlink_to(outside / "x")
    (root / "a/loop.jpg").symlink_to(root / "a/loop.jpg")
    (root / "b/gone.jpg").symlink_to(root / "b/nothing.jpg")
    (root / "y").symlink_to(root / "nobody")
    message = faults_of(root)
    for named in (
        "5 faults", "out.jpg: a link out of the folder", "x: a link out of the folder; its pict",
        "loop.jpg: neither file nor link", "gone.jpg: neither file", "y: neither file nor link",
    ):  # fmt: skip
        assert named in message, named


def test_a_link_inside_the_folder_is_the_picture_it_leads_to(tmp_path: Path) -> None:
    root = people(tmp_path)
    (root / "g").symlink_to(root / "f")
    (root / "a/more.jpg").symlink_to(root / "b/b_0001.jpg")
    message = faults_of(root)
    assert "4 faults" in message and message.count("but of another identity") == 4


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([".DS_Store"], "1 hidden"),
        (["Thumbs.db"], "1 hidden"),
        (["._x.jpg"], "1 hidden"),
        (["1.webp", "2.webp", "3.bmp"], "1 .bmp, 2 .webp"),
    ],
)
def test_a_person_without_a_picture_that_is_read_is_a_fault(
    tmp_path: Path, names: list[str], told: str
) -> None:
    root = people(tmp_path)
    (root / "g").mkdir()
    for name in names:
        (root / "g" / name).write_bytes(b"x")
    assert f"g: no picture that is read, only {told}; write pictures as jpg" in faults_of(root)


def test_other_files_are_counted_in_one_note(tmp_path: Path) -> None:
    root = people(tmp_path)
    for name in ("a/1.webp", "b/1.webp", "b/2.BMP", "b/.DS_Store", "notes.txt"):
        (root / name).write_bytes(b"x")
    lines = list(check_folder(root, 16, 0))
    assert "  note: files that are no pictures to read: 1 .bmp, 2 .webp, 1 hidden" in lines
    assert lines[-1] == "  every picture can be read"


def test_pictures_where_the_layout_has_no_place_are_faults(tmp_path: Path) -> None:
    root = people(tmp_path)
    picture(root / "loose.jpg", 91)
    picture(root / "a/deeper/1.jpg", 92)
    picture(root / "more/x/1.jpg", 93)
    picture(root / "more/y/1.jpg", 94)
    picture(root / ".hidden/1.jpg", 95)
    message = faults_of(root)
    for named in (
        "3 faults", f"{root}: 1 picture is not read: loose.jpg",
        "a/deeper: 1 picture is not read: 1.jpg", "more: 2 pictures are not read: 1.jpg, 1.jpg;",
    ):  # fmt: skip
        assert named in message, named


def test_pictures_that_a_list_leaves_out_and_copies_of_the_course_are_notes(tmp_path: Path) -> None:
    root = image_list(tmp_path / "list")
    picture(root / "a/more.jpg", 91)
    assert any("1 pictures are not in faces.csv" in line for line in check_folder(root, 16, 0))
    root = hw2p2(tmp_path / "course")
    picture(root / "classification/train_subset/n000001/0.jpg", 92)
    assert any(
        "train_subset/n000001: 1 picture" in line or "train_subset: 1 picture" in line
        for line in check_folder(root, 16, 0)
    )
