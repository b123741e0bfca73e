import csv
from pathlib import Path

import pytest
from PIL import Image

from facesearch.data.layouts import read_layout
from facesearch.errors import InputError


def add_face(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), (90, 40, 10)).save(path)


def make_hw2p2(root: Path, labels: list[str], name: str = "dev_identities.csv") -> Path:
    slug = "11-785-f22-hw2p2-classification/classification"
    for i in range(5):
        add_face(root / slug / "train" / f"n{i:06d}" / "a.jpg")
        add_face(root / slug / "dev" / f"n{i:06d}" / "b.jpg")
        add_face(root / "verification" / "known" / f"n{i + 10:06d}" / "k.jpg")
    add_face(root / slug / "test" / "000000.jpg")
    for i in range(2):
        add_face(root / "verification" / "unknown_dev" / f"{i:06d}.jpg")
        add_face(root / "verification" / "unknown_test" / f"{i:06d}.jpg")
    with (root / "verification" / name).open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([["label"], *[[label] for label in labels]])
    return root


def test_f22_is_read_with_all_its_parts(tmp_path: Path) -> None:
    folder = read_layout(make_hw2p2(tmp_path, ["n000010", "n000012"]))
    assert folder.layout == "hw2p2-f22"
    sizes = [len(p) for p in (folder.train, folder.dev, folder.test, folder.known)]
    assert sizes == [5, 5, 1, 5]
    assert folder.unknown_dev.identities == ("n000010", "n000012")
    assert folder.unknown_test.identities == ("", "")


def test_s23_knows_strangers_and_f22_does_not(tmp_path: Path) -> None:
    labels = ["n000010", "n000000"]
    folder = read_layout(make_hw2p2(tmp_path / "s", labels, "verification_dev.csv"))
    assert folder.layout == "hw2p2-s23"
    with pytest.raises(InputError, match="row 1: label 'n000000' is nobody in known"):
        read_layout(make_hw2p2(tmp_path / "f", labels))


def test_all_faults_of_the_labels_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_layout(make_hw2p2(tmp_path, ["n000010", "n9", "n000011"]))
    assert "3 labels for 2 pictures" in str(caught.value)
    assert "label 'n9' is nobody" in str(caught.value)


def test_identity_folders_are_read_in_order_without_rubbish(tmp_path: Path) -> None:
    for name in ("d", "a", "c", "b"):
        add_face(tmp_path / name / "1.JPG")
        (tmp_path / name / ".DS_Store").write_bytes(b"x")
        (tmp_path / name / "Thumbs.db").write_bytes(b"x")
    outside = tmp_path.parent / "outside.jpg"
    add_face(outside)
    (tmp_path / "a" / "2.jpg").symlink_to(outside)
    folder = read_layout(tmp_path)
    assert folder.layout == "identity-folders"
    assert folder.train.identities == ("a", "b", "c", "d")


def test_what_is_no_folder_of_faces_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_layout(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"no faces\. Expected"):
        read_layout(tmp_path)
    add_face(tmp_path / "one" / "a.jpg")
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
