import shutil
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


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("classification/dev", "classification: no dev/ in it"),
        ("classification/train", "classification: no train/ in it"),
        ("verification/known", "verification: no known/ in it"),
        ("verification/unknown_dev", "verification: no unknown_dev/ in it"),
    ],
)
def test_half_a_part_is_a_fault_and_not_passed_over(
    tmp_path: Path, lost: str, message: str
) -> None:
    shutil.rmtree(hw2p2(tmp_path) / lost)
    with pytest.raises(InputError, match=message):
        read_layout(tmp_path)


def test_dev_holds_nobody_who_is_not_in_train(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    shutil.rmtree(root / "classification/dev/n000001")
    assert len(read_layout(root).dev) == 4  # some may have no picture there
    (root / "classification/dev/n000003").rename(root / "classification/dev/n000009")
    with pytest.raises(InputError) as caught:
        read_layout(root)
    assert "in dev/ and not in train/: n000009 (1 in all)" in str(caught.value)


@pytest.mark.parametrize("header", ["path,label", "label,name"])
def test_labels_go_to_the_pictures_that_a_column_names(tmp_path: Path, header: str) -> None:
    root = hw2p2(tmp_path)
    rows = [("2.jpg", "n100002"), ("0.jpg", "n100000"), ("1.jpg", "n100001")]
    lines = [",".join(row if header.startswith("path") else row[::-1]) for row in rows]
    (root / "verification/dev_identities.csv").write_text("\n".join([header, *lines]))
    assert read_layout(root).unknown_dev.identities == ("n100000", "n100001", "n100002")


def labelled(root: Path, lines: list[str], files: tuple[str, ...] = ("0", "1", "2")) -> Path:
    """Write the labels, and call the pictures that they are of so."""
    home = root / "verification"
    for path in sorted((home / "unknown_dev").iterdir()):
        path.unlink()
    for number, name in enumerate(files):
        picture(home / f"unknown_dev/{name}.jpg", 400 + number)
    (home / "dev_identities.csv").write_text("\n".join(lines))
    return root


NUMBERED = ("000000", "000001", "000002")


@pytest.mark.parametrize("files", [("0", "1", "2"), NUMBERED])
@pytest.mark.parametrize(
    "spelling",
    ["{}", "{:06d}", "{:06d}.jpg", "unknown_dev/{}.png", "unknown_dev\\{:04d}.JPG", "{}.0"],
)
def test_labels_are_matched_by_id_in_every_spelling(
    tmp_path: Path, spelling: str, files: tuple[str, ...]
) -> None:
    rows = [f"{spelling.format(number)},n10000{number}" for number in (2, 0, 1)]
    folder = read_layout(labelled(hw2p2(tmp_path), ["id,label", *rows], files))
    assert folder.unknown_dev.identities == ("n100000", "n100001", "n100002")
    assert "labels go to the pictures that column 'id' names" in " ".join(folder.reading)


def test_names_without_their_suffix_are_ids_too(tmp_path: Path) -> None:
    rows = ["img_b,n100001", "img_c,n100002", "img_a,n100000"]
    root = labelled(hw2p2(tmp_path), ["image,label", *rows], ("img_a", "img_b", "img_c"))
    assert read_layout(root).unknown_dev.identities == ("n100000", "n100001", "n100002")


def test_pictures_whose_numbers_are_alike_are_told_apart_by_their_names(tmp_path: Path) -> None:
    rows = ["01.jpg,n100001", "2.jpg,n100002", "1.jpg,n100000"]
    root = labelled(hw2p2(tmp_path), ["file,label", *rows], ("1", "01", "2"))
    faces = read_layout(root).unknown_dev
    of = dict(zip((path.name for path in faces.paths), faces.identities, strict=True))
    assert of == {"01.jpg": "n100001", "1.jpg": "n100000", "2.jpg": "n100002"}


def test_ids_that_are_missing_or_there_twice_are_named(tmp_path: Path) -> None:
    root = labelled(hw2p2(tmp_path), ["id,label", "0,n100000", "000000,n100001", "7,n100002"])
    with pytest.raises(InputError) as caught:
        read_layout(root)
    for named in (
        "line 3: '000000' has a label already", "line 4: no picture '7' in unknown_dev/",
        "none for 1.jpg, 2.jpg (2 in all)",
    ):  # fmt: skip
        assert named in str(caught.value), named


def test_a_column_of_few_values_names_no_pictures(tmp_path: Path) -> None:
    lines = ["class,label", "1,n100000", "0,n100001", "1,n100002", "1,n100000", "0,n100000"]
    root = labelled(hw2p2(tmp_path), lines, ("0", "1", "2", "3", "4"))
    assert read_layout(root).unknown_dev.identities[:3] == ("n100000", "n100001", "n100002")


def test_numbers_of_rows_are_only_good_in_order(tmp_path: Path) -> None:
    files = ("a", "b", "c")
    lines = ["id,label", "10,n100000", "11,n100001", "12,n100002"]
    root = labelled(hw2p2(tmp_path / "in order"), lines, files)
    folder = read_layout(root)
    assert folder.unknown_dev.identities == ("n100000", "n100001", "n100002")
    assert any("columns that are not known, and ignored: 'id'" in note for note in folder.reading)
    root = labelled(hw2p2(tmp_path / "in another"), [lines[0], *lines[:0:-1]], files)
    with pytest.raises(InputError, match="column 'id' numbers the rows, but not in order"):
        read_layout(root)


FOUR = ("000001", "000002", "000003", "000004")


@pytest.mark.parametrize(
    ("files", "spelling"),
    [(FOUR, "img_{}"), (FOUR, "dev/img_{:05d}.png"), (("x1", "x2", "x3", "x4"), "query-{:03d}"),
     (("a_01", "a_02", "a_03", "a_04"), "{}")],
)  # fmt: skip
@pytest.mark.parametrize("order", [(1, 2, 3, 4), (4, 3, 2, 1), (2, 4, 1, 3)])
def test_names_that_end_in_the_number_of_a_picture_are_ids_too(
    tmp_path: Path, files: tuple[str, ...], spelling: str, order: tuple[int, ...]
) -> None:
    rows = [f"{spelling.format(number)},n10000{number}" for number in order]
    root = labelled(hw2p2(tmp_path), ["name,label", *rows], files)
    wanted = ("n100001", "n100002", "n100003", "n100004")
    assert read_layout(root).unknown_dev.identities == wanted


@pytest.mark.parametrize("files", [("a", "b", "c"), ("a_1", "b_1", "c_1")])
@pytest.mark.parametrize(
    ("names", "is_in_order"),
    [(("img_8", "img_9", "img_10"), True), (("p", "q", "r"), True), (("q", "p", "r"), False),
     (("img_10", "img_9", "img_8"), False), (("r", "q", "q"), True)],
)  # fmt: skip
def test_a_column_that_names_no_pictures_is_refused_if_it_tells_of_another_order(
    tmp_path: Path, files: tuple[str, ...], names: tuple[str, ...], is_in_order: bool
) -> None:
    rows = [f"{name},n10000{number}" for number, name in enumerate(names)]
    root = labelled(hw2p2(tmp_path), ["name,label", *rows], files)
    if is_in_order:
        assert read_layout(root).unknown_dev.identities == ("n100000", "n100001", "n100002")
        return
    with pytest.raises(InputError, match="column 'name' numbers the rows, but not in order"):
        read_layout(root)


def test_a_part_behind_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    root = hw2p2(tmp_path / "course")
    (root / "classification").rename(tmp_path / "elsewhere")
    (root / "classification").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError) as caught:
        read_layout(root)
    assert "classification/train: behind a link out of" in str(caught.value)
    assert "give the folder that it leads to, or copy it" in str(caught.value)


def test_labels_of_pictures_that_are_not_there_are_faults(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    lines = ["path,label", "7.jpg,n100002", "1.jpg,n100001", "1.jpg,n100000"]
    (root / "verification/dev_identities.csv").write_text("\n".join(lines))
    with pytest.raises(InputError) as caught:
        read_layout(root)
    assert "line 2: no picture '7.jpg' in unknown_dev/" in str(caught.value)
    assert "line 4: '1.jpg' has a label already" in str(caught.value)


def test_the_labels_of_two_terms_are_a_fault(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    shutil.copy(
        root / "verification/dev_identities.csv", root / "verification/verification_dev.csv"
    )
    with pytest.raises(InputError, match="the labels of two terms"):
        read_layout(root)


def test_the_labels_of_another_term_than_the_one_told_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="belongs to hw2p2-f22, not to hw2p2-s23; write layout"):
        read_layout(hw2p2(tmp_path), "hw2p2-s23")


def test_the_label_of_strangers_is_nobody_known(tmp_path: Path) -> None:
    root = hw2p2(tmp_path / "f", ["n100000", "n000000", "n100001"])
    picture(root / "verification/known/n000000/0.jpg", 9)
    with pytest.raises(InputError, match="'n000000' is nobody in known/: it means a stranger"):
        read_layout(root)
    root = hw2p2_s23(tmp_path / "s")
    picture(root / "verification/known/n000000/0.jpg", 9)
    with pytest.raises(InputError, match="known/n000000: the label of strangers"):
        read_layout(root)


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
