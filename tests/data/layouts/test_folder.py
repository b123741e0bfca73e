from pathlib import Path
from typing import Any

import pytest
from faces_on_disk import people, picture

from facesearch.data.layouts import read_layout
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


@pytest.mark.parametrize("suffix", [".JPG", ".jpeg", ".jpe", ".jfif", ".Png"])
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
