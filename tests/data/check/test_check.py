import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from faces_on_disk import hw2p2, people, picture
from PIL import Image

from facesearch.cli import cli
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
    assert "layout hw2p2-f22" in lines[0] and "15 pictures of 5 identities, 3 each" in lines[1]
    assert lines[-1] == "  every picture can be read"
    assert not any("note" in line for line in lines)


def test_fourteen_planted_faults_are_all_named_in_one_run(tmp_path: Path) -> None:
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
    picture(root / "classification/dev/n000077/0.jpg", 778)

    _, message = faults_of(root)
    for named in [
        "empty.jpg: empty", "torn.jpg: damaged", "page.jpg: no JPEG, PNG",
        "moving.jpg: no JPEG, PNG", "bomb.png: 10000 x 10000", "n000009: empty folder",
        "but of another identity", "known would be scored on train", "link.jpg: a link out of",
        "pipe.jpg: neither file nor link", "2 labels for 3 pictures", "'n999999' is nobody",
        "identities 'N000004' and 'n000004' differ in upper and lower case",
        "in dev/ and not in train/: n000077 (1 in all)",
    ]:  # fmt: skip
        assert named in message, named
    assert message.startswith(f"{root}: 14 faults")


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
    path.write_bytes(path.read_text("utf-8-sig").encode("utf-16"))
    assert list(check_folder(root, 16, 0))[-1] == "  every picture can be read"
    path.write_bytes("label\nJos\xe9\n".encode("latin-1"))
    assert "not a CSV file in UTF-8" in faults_of(root)[1]


def test_a_layout_may_be_told(tmp_path: Path) -> None:
    root = people(tmp_path)
    (root / "faces.csv").write_text("path,identity\na/a_0001.jpg,a\n")
    assert "layout identity-folders" in next(iter(check_folder(root, 16, 0, "identity-folders")))
    assert "layout image-list" in faults_of(root)[0][0]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--image-px", "0"], 2, "0 is not in the range 16<=x<=512"),
        (["--allow-corrupt", "-1"], 2, "-1 is not in the range x>=0"),
        (["--image-px", "16", "--layout", "identity-folders"], 0, "layout identity-folders"),
    ],
)
def test_the_command_takes_size_and_layout(
    tmp_path: Path, words: list[str], code: int, told: str
) -> None:
    result = CliRunner().invoke(cli, ["data", "check", str(people(tmp_path)), *words])
    assert result.exit_code == code and told in result.output


def test_the_command_names_the_layout_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="layout 'lfv'; did you mean 'lfw'"):
        words = ["data", "check", str(tmp_path), "--layout", "lfv"]
        CliRunner().invoke(cli, words, catch_exceptions=False)


def test_the_real_f22_folder_has_a_picture_in_two_parts(faces_f22: Path) -> None:
    lines, message = faults_of(faces_f22)
    assert "  train        6,029 pictures of 1,000 identities, 4 to 9 each" in lines
    assert any("train and known have 110 names in common" in line for line in lines)
    told = "\n".join([*lines[1:], message.partition("\n")[2]])
    assert str(faces_f22) not in told and "  note: 11-785-f22-hw2p2-classification/" in told
    assert "2 faults" in message and "dev would be scored on train" in message
    assert "631.jpg: the same picture is in dev and test" in message


def test_places_are_told_from_the_folder_on_whatever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(tmp_path / "faces")
    inner = tmp_path / "faces" / "faces"
    for number in range(2):
        picture(inner / f"{number}.png", 5)
    monkeypatch.chdir(tmp_path)
    told = "faces/1.png: the same picture as faces/0.png"
    assert f"  note: {told}" in list(check_folder(Path("faces"), 16, 0))
    monkeypatch.chdir(tmp_path / "faces")
    (tmp_path / "faces" / "Jr0.").mkdir()
    for number in range(2):
        picture(tmp_path / "faces" / "Jr0." / f"{number}.png", 6)
    told = "Jr0./1.png: the same picture as Jr0./0.png"
    assert f"  note: {told}" in list(check_folder(Path(), 16, 0))
