from pathlib import Path
from typing import Any

import pytest
from faces_on_disk import hw2p2, people, picture

from facesearch.data.layouts import FaceList, read_layout
from facesearch.data.layouts.folder import folder_of_identities
from facesearch.errors import InputError


def test_links_are_followed_inside_the_folder_and_nowhere_else(tmp_path: Path) -> None:
    root = people(tmp_path / "faces")
    outside = people(tmp_path / "outside", "x")
    (root / "a/out.jpg").symlink_to(outside / "x/x_0001.jpg")
    (root / "x").symlink_to(outside / "x")
    (root / "a/loop.jpg").symlink_to(root / "a/loop.jpg")
    (root / "a/gone.jpg").symlink_to(root / "a/nothing.jpg")
    (root / "loop").symlink_to(root / "loop")
    (root / "g").mkdir()
    (root / "g/in.jpg").symlink_to(root / "f/f_0001.jpg")
    (root / "h").symlink_to(root / "f")
    faces = read_layout(root).train
    assert sorted(set(faces.identities)) == list("abcdefgh")
    names = [path.name for path in faces.paths]
    assert "in.jpg" in names and not {"out.jpg", "loop.jpg", "gone.jpg", "x_0001.jpg"} & {*names}


def test_a_folder_that_is_itself_a_link_is_read(tmp_path: Path) -> None:
    people(tmp_path / "faces")
    (tmp_path / "link").symlink_to(tmp_path / "faces")
    assert len(read_layout(tmp_path / "link").train) == 18


@pytest.mark.parametrize(
    "suffix", [".JPG", ".jpeg", ".jpe", ".jfif", ".Png", ".webp", ".BMP", ".tif", ".tiff"]
)
def test_pictures_are_known_by_their_suffix(tmp_path: Path, suffix: str) -> None:
    root = people(tmp_path)
    picture(root / "a/new.jpg", 5).rename(root / f"a/new{suffix}")
    assert root / f"a/new{suffix}" in read_layout(root).train.paths


def test_a_folder_that_cannot_be_listed_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = people(tmp_path)
    listed = Path.iterdir

    def refuse(self: Path) -> Any:
        if self.name == "c":
            raise PermissionError(13, "Permission denied")
        return listed(self)

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match=r"c: cannot be listed \(Permission denied\)"):
        read_layout(root)


def test_folders_below_an_identity_are_its_own(tmp_path: Path) -> None:
    root = people(tmp_path / "faces")
    for name in ("a/2019/may/1.webp", "a/2018/1.jpg", "a/.hidden/1.jpg", "g/video/1.bmp"):
        picture(root / name, 7)
    (root / "a/link").symlink_to(root / "b")
    (root / "all").symlink_to(root)
    faces = read_layout(root).train
    whose = zip(faces.paths, faces.identities, strict=True)
    of_a = [str(path.relative_to(root)) for path, name in whose if name == "a"]
    assert of_a == [
        "a/a_0001.jpg", "a/a_0002.jpg", "a/a_0003.jpg", "a/2018/1.jpg", "a/2019/may/1.webp",
    ]  # fmt: skip
    assert faces.identities.count("g") == 1 and "all" not in faces.identities
    assert len(faces) == 18 + 3


def test_folders_below_an_identity_of_hw2p2_are_its_own_and_its_labels_stay(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    before = read_layout(root)
    picture(root / "classification/train/n000001/more/x.jpg", 7)
    picture(root / "verification/known/n100000/more/x.jpg", 8)
    picture(root / "verification/unknown_dev/more/x.jpg", 9)
    folder = read_layout(root)
    assert len(folder.train) == len(before.train) + 1
    assert folder.train.identities.count("n000001") == 4
    assert folder.known.identities.count("n100000") == 2
    assert folder.unknown_dev == before.unknown_dev, "its rows are those of a file of labels"


def test_the_folder_of_identities_is_found_however_deep_images_lie(tmp_path: Path) -> None:
    deep = [tmp_path / "known" / name / "more/1.jpg" for name in ("a", "b")]
    assert folder_of_identities(FaceList(tuple(deep), ("a", "b"))) == tmp_path / "known"
    assert folder_of_identities(FaceList((deep[0],), ("a",))) == tmp_path / "known"
    own = tmp_path / "known/a/1.jpg"
    assert folder_of_identities(FaceList((own, deep[0]), ("a", "a"))) == tmp_path / "known"
