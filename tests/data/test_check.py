import os
from pathlib import Path

import pytest
from faces_on_disk import hw2p2, picture
from PIL import Image

from facesearch.data.check import check_folder
from facesearch.errors import InputError


def faults_of(root: Path) -> tuple[list[str], str]:
    lines: list[str] = []
    with pytest.raises(InputError) as caught:
        for line in check_folder(root, 16, 0):
            lines.append(line)
    return lines, str(caught.value)


def test_a_clean_folder_has_no_faults(tmp_path: Path) -> None:
    lines = list(check_folder(hw2p2(tmp_path), 16, 0))
    assert "layout hw2p2-f22" in lines[0] and "15 pictures of 5 identities, 3 to 3 each" in lines[1]
    assert lines[-1] == "  every picture can be read"
    assert not any("note" in line for line in lines)


def test_twelve_planted_faults_are_all_named_in_one_run(tmp_path: Path) -> None:
    root = hw2p2(tmp_path / "faces")
    train = root / "classification/train"
    (train / "n000000/empty.jpg").write_bytes(b"")
    whole = picture(train / "n000000/torn.jpg", 1).read_bytes()
    (train / "n000000/torn.jpg").write_bytes(whole[: len(whole) // 2])
    (train / "n000001/page.jpg").write_text("<html>not found</html>")
    Image.new("RGB", (24, 24), "red").save(train / "n000001/moving.jpg", "GIF")
    Image.new("1", (10_000, 10_000)).save(train / "n000002/bomb.png")
    (train / "n000009").mkdir()
    (train / "n000003/twin.jpg").write_bytes((train / "n000004/0.jpg").read_bytes())
    leaked = (train / "n000002/0.jpg").read_bytes()
    (root / "verification/known/n100004/leak.jpg").write_bytes(leaked)
    outside = picture(tmp_path / "outside.jpg", 999)
    (train / "n000003/link.jpg").symlink_to(outside)
    os.mkfifo(train / "n000004/pipe.jpg")
    (root / "verification/dev_identities.csv").write_text("label\nn100000\nn999999\n")
    picture(train / "N000004/0.jpg", 777)

    _, message = faults_of(root)
    for named in [
        "empty.jpg: empty", "torn.jpg: damaged", "page.jpg: neither JPEG nor PNG",
        "moving.jpg: neither JPEG nor PNG", "bomb.png: 10000 x 10000", "n000009: empty folder",
        "but of another identity", "known would be scored on train", "link.jpg: a link out of",
        "pipe.jpg: neither file nor link", "2 labels for 3 pictures", "'n999999' is nobody",
        "N000004 and n000004 differ in upper and lower case",
    ]:  # fmt: skip
        assert named in message, named
    assert message.startswith(f"{root}: 13 faults")


def test_a_stranger_has_no_place_in_a_closed_term(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    labels = "label\nn100000\nn000000\nn100002\n"
    (root / "verification/dev_identities.csv").write_text(labels)
    assert "row 1: label 'n000000' is nobody in known/" in faults_of(root)[1]


def test_a_file_that_is_no_csv_is_a_fault_and_a_mark_of_order_is_not(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    path = root / "verification/dev_identities.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert list(check_folder(root, 16, 0))[-1] == "  every picture can be read"
    path.write_bytes("label\nn100000\n".encode("utf-16"))
    assert "not a CSV file in UTF-8" in faults_of(root)[1]


def test_unreadable_pictures_that_are_allowed_are_notes(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    (root / "classification/train/n000000/7.jpg").write_bytes(b"")
    assert any("note" in line and "7.jpg" in line for line in check_folder(root, 16, 1))


def test_one_picture_of_a_person_and_a_repeated_one_are_notes(tmp_path: Path) -> None:
    for person in range(5):
        for number in range(2):
            picture(tmp_path / f"p{person}/{number}.png", 10 * person + number)
    (tmp_path / "p0/1.png").unlink()
    (tmp_path / "p1/2.png").write_bytes((tmp_path / "p1/0.png").read_bytes())
    lines = list(check_folder(tmp_path, 16, 0))
    assert any("1 identities with one picture cannot be matched: p0" in line for line in lines)
    assert any("2.png: the same picture as" in line for line in lines)
    assert lines[-1] == "  every picture can be read"
