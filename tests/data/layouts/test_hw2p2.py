from pathlib import Path

import pytest
from faces_on_disk import hw2p2, hw2p2_s23, picture

from facesearch.data.layouts import read_layout
from facesearch.errors import InputError


def test_f22_is_read_with_all_its_parts(tmp_path: Path) -> None:
    folder = read_layout(hw2p2(tmp_path))
    assert folder.layout == "hw2p2-f22"
    sizes = [len(p) for p in (folder.train, folder.dev, folder.test, folder.known)]
    assert sizes == [15, 5, 1, 5]
    assert folder.unknown_dev.identities == ("n100000", "n100001", "n100002")
    assert folder.unknown_test.identities == ("",)


@pytest.mark.parametrize(
    "name", ["11-785-f22-hw2p2-classification", "11-785-f22-hw2p2-classification/classification"]
)
def test_the_folders_may_keep_the_names_of_the_archives(tmp_path: Path, name: str) -> None:
    whole = hw2p2(tmp_path / "whole")
    target = tmp_path / "course" / name
    target.parent.mkdir(parents=True)
    (whole / "classification").rename(target)
    (whole / "verification").rename(tmp_path / "course" / "11-785-f22-hw2p2-verification")
    folder = read_layout(tmp_path / "course")
    assert (len(folder.train), len(folder.known), folder.layout) == (15, 5, "hw2p2-f22")


def test_s23_knows_strangers_and_f22_does_not(tmp_path: Path) -> None:
    folder = read_layout(hw2p2_s23(tmp_path / "s"))
    assert folder.layout == "hw2p2-s23" and folder.unknown_dev.identities[1] == "n000000"
    with pytest.raises(InputError, match="row 1: label 'n000000' is nobody in known"):
        read_layout(hw2p2(tmp_path / "f", ["n100000", "n000000", "n100001"]))


def test_all_faults_of_the_labels_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_layout(hw2p2(tmp_path, ["n100000", "n9"]))
    assert "2 labels for 3 pictures" in str(caught.value)
    assert "label 'n9' is nobody" in str(caught.value)


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
    with pytest.raises(InputError, match="is a file"):
        read_layout(tmp_path / "one" / "a.jpg")


def test_the_real_f22_folder(faces_f22: Path) -> None:
    folder = read_layout(faces_f22)
    assert (len(folder.train), len(folder.dev), len(folder.test)) == (6029, 1258, 1000)
    assert len(set(folder.train.identities)) == 1000
    assert (len(folder.known), len(folder.unknown_dev), len(folder.unknown_test)) == (
        1000,
        200,
        800,
    )


def test_the_real_s23_folder(faces_s23: Path) -> None:
    folder = read_layout(faces_s23)
    assert folder.layout == "hw2p2-s23" and len(folder.train) == 0
    assert (len(folder.known), len(folder.unknown_dev), len(folder.unknown_test)) == (960, 360, 720)
    assert folder.unknown_dev.identities.count("n000000") == 40
