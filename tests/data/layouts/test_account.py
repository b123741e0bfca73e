import os
from pathlib import Path

import pytest
from faces_on_disk import WRITERS, hw2p2, image_list, people, picture

from facesearch.data.layouts.account import account_at
from facesearch.errors import InputError


@pytest.mark.parametrize("layout", WRITERS)
def test_of_a_folder_in_which_all_is_read_there_is_nothing_to_tell(
    tmp_path: Path, layout: str
) -> None:
    account = account_at(WRITERS[layout](tmp_path / "faces"))
    assert account.line() == "" and account.lines() == [] and account.num_read > 0


def spoilt(root: Path) -> Path:
    """A folder of six identities with something of every kind that is passed over."""
    people(root)
    outside = picture(root.parent / "outside/x/1.jpg", 9)
    for name in ("a/1.heic", "b/1.heic", "c/1.gif", "zoe/1.heic", "a/film.mp4", "a/.hidden.jpg"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"x")
    (root / "a/out.jpg").symlink_to(outside)
    (root / "yan").symlink_to(outside.parent)
    (root / "b/gone.jpg").symlink_to(root / "b/nothing.jpg")
    os.mkfifo(root / "b/pipe.jpg")
    (root / "c/to_d").symlink_to(root / "d")
    picture(root / "loose.jpg", 91)
    picture(root / "d/2019/1.tif", 92)
    return root


def test_everything_that_is_passed_over_is_told_with_why(tmp_path: Path) -> None:
    account = account_at(spoilt(tmp_path / "faces"))
    assert account.num_read == 19 and [path.name for path in account.silent] == ["zoe"]
    assert account.lines() == [
        "no image is read of 1 folder: zoe",
        "left out: 2 links out of the folder (yan, a/out.jpg)",
        "left out: 1 where the layout has no place for images (loose.jpg)",
        "left out: 4 of a kind that is not read (a/1.heic, b/1.heic, c/1.gif, zoe/1.heic); "
        "write them as JPEG or PNG, such as with ImageMagick: mogrify -format jpg",
        "left out: 2 neither files nor links to one (b/gone.jpg, b/pipe.jpg)",
        "left out: 1 links to a folder, which are not followed there (c/to_d)",
        "1 image lies in a folder below an identity's, and counts as its",
    ]
    line = account.line()
    assert "\n" not in line and "4 of a kind that is not read (a/1.heic, b/1.heic, ...)" in line


def test_what_a_layout_has_no_place_for_is_told(tmp_path: Path) -> None:
    root = image_list(tmp_path / "list")
    picture(root / "a/more.jpg", 91)
    assert account_at(root).lines() == ["left out: 1 not in faces.csv (a/more.jpg)"]
    root = hw2p2(tmp_path / "course")
    picture(root / "classification/test/x/1.jpg", 92)
    (root / "verification/known/n100009").mkdir()
    assert account_at(root).lines() == [
        "no image is read of 2 folders: classification/test/x, verification/known/n100009",
        "left out: 1 where the layout has no place for images (classification/test/x/1.jpg)",
    ]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        account_at(tmp_path / "nothing")


def test_a_link_that_must_not_be_followed_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = people(tmp_path / "faces")
    link = root / "locked.jpg"
    link.symlink_to(root / "elsewhere.jpg")
    real_stat = os.stat

    def stat(path: object, **how: object) -> os.stat_result:
        if str(path) == str(link) and how.get("follow_symlinks", True):
            raise PermissionError(13, "Permission denied", str(path))
        return real_stat(path, **how)  # type: ignore[arg-type, call-overload, no-any-return]

    monkeypatch.setattr(os, "stat", stat)
    (left_out,) = account_at(root).left_out
    assert left_out.path == link
