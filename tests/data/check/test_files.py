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
        (["1.heic", "2.heic", "3.gif"], "1 .gif, 2 .heic"),
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
    for name in ("a/1.mp4", "b/1.mp4", "b/2.XML", "b/.DS_Store", "notes.txt"):
        (root / name).write_bytes(b"x")
    lines = list(check_folder(root, 16, 0))
    assert "  note: files that are no pictures to read: 2 .mp4, 1 .xml, 1 hidden" in lines
    assert lines[-1] == "  every picture can be read"


def test_images_of_a_kind_that_is_not_read_are_named_with_what_helps(tmp_path: Path) -> None:
    root = people(tmp_path)
    for name in ("a/1.heic", "b/2.GIF"):
        (root / name).write_bytes(b"x")
    note = next(line for line in check_folder(root, 16, 0) if "not read" in line)
    assert "left out: 2 of a kind that is not read: a/1.heic, b/2.GIF; write them as JPEG" in note


def test_pictures_where_the_layout_has_no_place_are_faults(tmp_path: Path) -> None:
    root = people(tmp_path / "flat")
    picture(root / "loose.jpg", 91)
    picture(root / ".hidden/1.jpg", 95)
    message = faults_of(root)
    assert "1 fault\n" in message and f"{root}: 1 picture is not read: loose.jpg" in message
    root = hw2p2(tmp_path / "course")
    picture(root / "classification/test/x/1.jpg", 92)
    picture(root / "classification/more/x/1.jpg", 93)
    picture(root / "classification/more/y/1.jpg", 94)
    message = faults_of(root)
    for named in (
        "2 faults", "test/x: 1 picture is not read: 1.jpg",
        "more: 2 pictures are not read: 1.jpg, 1.jpg;",
    ):  # fmt: skip
        assert named in message, named


def test_images_below_an_identity_are_read_and_told(tmp_path: Path) -> None:
    root = people(tmp_path)
    picture(root / "a/deeper/1.jpg", 92)
    picture(root / "more/x/1.jpg", 93)
    (root / "b/link").symlink_to(root / "c")
    lines = list(check_folder(root, 16, 0))
    assert lines[-1] == "  every picture can be read"
    assert "  note: 2 images lie in folders below an identity's, and count as its" in lines
    assert any("1 links to a folder, which are not followed there: b/link" in x for x in lines)


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
