import os
from pathlib import Path

import numpy as np
import pytest
from faces_on_disk import noise, people, picture

from facesearch.data.box import Box
from facesearch.data.decode import decode_image
from facesearch.errors import InputError
from facesearch.final import images_in
from facesearch.final.pictures import (
    accounts_of,
    list_gallery,
    list_pictures,
    picture_batches,
    read_pictures,
    without_images,
)
from facesearch.progress import heard_by


def test_pictures_are_those_of_the_decoder_in_order(tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{n}.{'png' if n % 2 else 'jpg'}", n) for n in range(7)]
    images = read_pictures(paths, 16)
    assert images.shape == (7, 16, 16, 3) and images.dtype == np.uint8
    for path, image in zip(paths, images, strict=True):
        assert np.array_equal(image, decode_image(path, 16))
    assert read_pictures([], 16).shape == (0, 16, 16, 3)


def test_no_more_than_a_batch_is_decoded_before_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def decode(path: Path, image_px: int, box: Box | None) -> np.ndarray:
        seen.append(path)
        return decode_image(path, image_px, box)

    monkeypatch.setattr(images_in, "decode_image", decode)
    paths = [picture(tmp_path / f"{n}.jpg", n) for n in range(7)]
    sizes = []
    for batch in picture_batches(paths, 16, batch_size=3):
        sizes.append(len(batch))
        assert len(seen) <= sum(sizes)
    assert sizes == [3, 3, 1]


def test_a_long_list_is_told_of_while_it_is_read(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    paths = [picture(tmp_path / f"{n}.jpg", n) for n in range(5)]
    with heard_by(lambda *one: told.append(one)):
        list(picture_batches(paths, 16, batch_size=2))
    assert told == [("reading pictures", done, 3) for done in range(4)]


def test_all_bad_pictures_are_told_at_once(tmp_path: Path) -> None:
    good = [picture(tmp_path / f"{n}.jpg", n) for n in range(3)]
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.png").write_text("<html>")
    (tmp_path / "cut.jpg").write_bytes(good[0].read_bytes()[:200])
    os.mkfifo(tmp_path / "pipe.jpg")
    bad = [tmp_path / name for name in ("empty.jpg", "text.png", "cut.jpg", "pipe.jpg", "absent")]
    with pytest.raises(InputError) as error:
        list(picture_batches([*bad[:2], *good, *bad[2:], tmp_path], 16, batch_size=2))
    lines = str(error.value).splitlines()
    assert lines[0] == "6 of 9 pictures cannot be read:"
    told = ["empty or missing", "no JPEG", "damaged", "empty or missing", "empty or missing"]
    for line, path, reason in zip(lines[1:], [*bad, tmp_path], [*told, "a folder"], strict=True):
        assert str(path) in line and reason in line


def test_a_single_bad_picture_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_pictures([tmp_path / "absent.jpg"], 16)
    assert str(error.value) == f"{tmp_path / 'absent.jpg'}: empty or missing file."
    for name in ("a\0b", "a" * 5000):
        with pytest.raises(InputError, match=r"empty or missing|File name too long"):
            read_pictures(list_pictures([Path(name)]), 16)


def test_of_many_bad_pictures_ten_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"(?s)^25 of 25 pictures.*\n  \.\.\. and 15 more$"):
        read_pictures([tmp_path / f"{n}.jpg" for n in range(25)], 16)


def test_a_folder_is_all_its_pictures_and_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    people(tmp_path / "faces", "ab", 2)
    picture(tmp_path / "faces/own.PNG", 1)
    picture(tmp_path / "faces/.hidden.jpg", 2)
    picture(tmp_path / "faces/.git/x.jpg", 3)
    picture(tmp_path / "faces/a/deep/x.jpg", 4)
    (tmp_path / "faces/notes.txt").touch()
    noise(5).save(tmp_path / "odd.name", "PNG")
    found = list_pictures([tmp_path / "odd.name", tmp_path / "faces"])
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        "odd.name", "faces/own.PNG", "faces/a/a_0001.jpg", "faces/a/a_0002.jpg",
        "faces/a/deep/x.jpg", "faces/b/b_0001.jpg", "faces/b/b_0002.jpg",
    ]  # fmt: skip
    assert list_pictures([tmp_path / "absent"]) == [tmp_path / "absent"]


def test_a_gallery_has_people_in_folders_and_beside_them(tmp_path: Path) -> None:
    root = people(tmp_path / "known", ["anna", "bo"], 2)
    picture(root / "anna.jpg", 7)
    picture(root / "Zoë.png", 8)
    (root / "nobody").mkdir()
    picture(tmp_path / "elsewhere/c.jpg", 9)
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "link.jpg").symlink_to(tmp_path / "elsewhere/c.jpg")
    faces = list_gallery(root)
    assert faces.identities == ("Zoë", "anna", "anna", "anna", "bo", "bo")
    of_anna = {path.relative_to(root).as_posix() for path in faces.paths[1:4]}
    assert of_anna == {"anna.jpg", "anna/anna_0001.jpg", "anna/anna_0002.jpg"}


def test_what_a_gallery_leaves_out_is_told(tmp_path: Path) -> None:
    root = people(tmp_path / "known", ["anna", "bo"], 2)
    picture(root / "bo/2019/1.webp", 8)
    (root / "zoe").mkdir()
    (root / "zoe/1.heic").write_bytes(b"x")
    picture(tmp_path / "elsewhere/c.jpg", 9)
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    assert list_gallery(root).identities == ("anna", "anna", "bo", "bo", "bo")
    (account,) = accounts_of([root, tmp_path / "elsewhere/c.jpg"])
    assert account.silent == (root / "zoe",) and account.num_nested == 1
    assert [(one.path.name, one.why) for one in account.left_out] == [
        ("linked", "links out of the folder"), ("1.heic", "of a kind that is not read"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "no such folder"),
        ("file.jpg", "is a file; give the folder"),
        ("empty", r"no pictures\. Expected empty/<identity>/<picture>\.jpg or empty/<name>\.jpg"),
    ],
)
def test_what_is_no_gallery_is_refused(tmp_path: Path, name: str, message: str) -> None:
    picture(tmp_path / "file.jpg", 1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        list_gallery(tmp_path / name)


def test_a_folder_that_cannot_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "known").mkdir()
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match=r"known: cannot be listed \(Permission denied\)"):
        list_gallery(tmp_path / "known")


def test_names_of_a_gallery_are_spelled_in_one_way(tmp_path: Path) -> None:
    picture(tmp_path / "Jose\u0301.jpg", 1)
    picture(tmp_path / "Jos\xe9" / "1.jpg", 2)
    picture(tmp_path / "bo " / "1.jpg", 3)
    assert list_gallery(tmp_path).identities == ("Jos\xe9", "Jos\xe9", "bo")
    assert "blanks around a name do not count: 'bo '" in accounts_of([tmp_path])[0].line()


@pytest.mark.parametrize("other", ["Anna.jpg", "ANNA/1.jpg"])
def test_names_of_a_gallery_that_differ_in_case_only_are_refused(
    tmp_path: Path, other: str
) -> None:
    picture(tmp_path / "anna" / "1.jpg", 1)
    picture(tmp_path / other, 2)
    with pytest.raises(InputError, match="differ in upper and lower case only: write them alike"):
        list_gallery(tmp_path)


def test_probes_may_have_any_names(tmp_path: Path) -> None:
    for number, name in enumerate(
        ("IMG_1.jpg", "img_1.jpg", "caf\udce9.jpg", "P/1.jpg", "p/1.jpg")
    ):
        picture(tmp_path / name, number)
    assert len(list_pictures([tmp_path])) == 5
    (account,) = accounts_of([tmp_path])
    assert account.num_read == 5 and not account.left_out
    with pytest.raises(InputError, match="'IMG_1' and 'img_1' differ") as caught:
        list_gallery(tmp_path)
    assert "'P' and 'p' differ" in str(caught.value) and "not in UTF-8" in str(caught.value)


def test_who_has_no_image_in_a_gallery_is_known_by_name_however_it_came(tmp_path: Path) -> None:
    root = people(tmp_path / "known", ["anna", "bo"], 1)
    elsewhere = people(tmp_path / "elsewhere", ["cy", "dan"], 1)
    picture(root / "eve.jpg", 1)
    for name in ("zoe/1.heic", "zoe/old/2.heic", "anna/2.heic", "yan.heic", "eve.gif", "x.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    (root / "empty").mkdir()
    (root / "cy").symlink_to(elsewhere / "cy")
    (root / "dan.jpg").symlink_to(elsewhere / "dan/dan_0001.jpg")
    (root / "gone.png").symlink_to(root / "nowhere.png")
    (root / "deep/below").mkdir(parents=True)
    found = without_images(list_gallery(root), accounts_of([root])[0])
    assert found == ("cy", "dan", "deep", "empty", "gone", "yan", "zoe")


@pytest.mark.parametrize("written", ["Jose\u0301", "Jos\xe9 "])
def test_nobody_is_without_an_image_whose_name_is_spelled_in_two_ways(
    tmp_path: Path, written: str
) -> None:
    picture(tmp_path / "Jos\xe9" / "1.jpg", 1)
    for name in (f"{written}/old.heic", f"{written}.gif", "Zoe\u0308.heic"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert without_images(list_gallery(tmp_path), accounts_of([tmp_path])[0]) == ("Zo\xeb",)
