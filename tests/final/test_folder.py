import shutil
from pathlib import Path

import pytest
from faces_on_disk import hw2p2, people, picture
from filelock import FileLock
from finals import final_folder
from models import untrained

from facesearch.data.layouts import read_layout
from facesearch.errors import InputError
from facesearch.final.bundle import save_bundle
from facesearch.final.folder import (
    final_folders,
    find_final,
    folder_name,
    only_one,
    reporting_digest,
    take_over,
)


def test_a_name_follows_from_the_trial_and_its_options() -> None:
    name = folder_name("3f2b91c0aaaa", {"views": "flip", "members": [["a"]]})
    assert name == folder_name("3f2b91c0aaaa", {"members": [["a"]], "views": "flip"})
    assert name.startswith("final-3f2b91c0-") and len(name) == len("final-3f2b91c0-123456")
    others = {folder_name("3f2b91c0", {"views": word}) for word in ("flip", "plain", "crops")}
    assert len(others) == 3 and name not in others


def test_other_reporting_faces_are_another_digest(tmp_path: Path) -> None:
    root = hw2p2(tmp_path / "here")
    digest = reporting_digest(read_layout(root))
    moved = Path(shutil.move(root, tmp_path / "there"))
    assert reporting_digest(read_layout(moved)) == digest
    # training faces are in the keys of the members
    picture(moved / "classification/train/n000000/99.jpg", 7)
    assert reporting_digest(read_layout(moved)) == digest
    picture(moved / "verification/known/n100000/1.jpg", 8)
    assert reporting_digest(read_layout(moved)) != digest
    assert reporting_digest(read_layout(people(tmp_path / "x"))) == reporting_digest(
        read_layout(people(tmp_path / "y", "ghijkl"))
    )


def finals(runs: Path, *names: str) -> list[Path]:
    for name in names:
        save_bundle(runs / name / "model", untrained())
    return [runs / name for name in names]


def test_a_final_is_found_by_how_its_name_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = Path("runs")
    old, one, other, alone = finals(
        runs, "final-3f2b91c0", "final-3f2b91c0-aaaaaa", "final-3f2b91c0-abbbbb", "final-99999999-c"
    )
    (runs / "final-3f2b91c0-empty").mkdir()
    assert final_folders(runs) == [old, one, other, alone]
    for word in ("final-3f2b91c0-aa", "runs/final-3f2b91c0-aaa", "runs/final-3f2b91c0-aaa/model"):
        assert find_final(word, runs) == one
    # a whole name is that one
    assert find_final("final-3f2b91c0", runs) == find_final(str(old), runs) == old
    assert find_final("final-999", runs) == alone
    with pytest.raises(InputError, match=r"2 final models begin with .*: runs.*aaaaaa, runs.*abb"):
        find_final("final-3f2b91c0-a", runs)
    for word in ("final-", "final-7777", "arcface-0001", "x" * 5000, "a\0b", ".", ""):
        assert find_final(word, runs) is None


@pytest.fixture
def sibling(tmp_path: Path) -> Path:
    """A member of two epochs, one stage whole, in the folder of another final model."""
    folder = final_folder(tmp_path)
    member = folder / "members" / "00.1"
    save_bundle(member / "stage0" / "model", untrained())
    (member / "stage1" / "checkpoints").mkdir(parents=True)
    (member / "stage1" / "checkpoints" / "attempt").write_text("1")
    (member / "stage1" / "ray").mkdir()
    return member


def test_what_a_sibling_has_trained_is_taken_over_whole(sibling: Path, tmp_path: Path) -> None:
    member = tmp_path / "final-12345678-aaaaaa" / "members" / sibling.name
    other = tmp_path / "final-99999999" / "members" / sibling.name
    (other / "stage0").mkdir(parents=True)  # one that has just begun is not preferred
    assert take_over(member, 2) == sibling.parents[1]
    before = (sibling / "curve.jsonl").read_text()
    weights = "stage0/model/model.safetensors"
    assert (member / weights).read_bytes() == (sibling / weights).read_bytes()
    assert (member / "stage1/checkpoints/attempt").read_text() == "1"
    assert not (member / "stage1/ray").exists()
    # what is trained here, or removed there, is no matter of the other
    with (member / "curve.jsonl").open("a") as curve:
        curve.write("more")
    assert (sibling / "curve.jsonl").read_text() == before
    shutil.rmtree(sibling.parents[1])
    assert (member / weights).stat().st_size > 0
    assert take_over(member, 2) is None
    assert {path.name for path in member.parents[1].iterdir()} == {"members"}
    assert take_over(member.with_name("unknown"), 2) is None


def test_a_network_is_not_trained_in_two_places_at_once(sibling: Path, tmp_path: Path) -> None:
    member = tmp_path / "final-12345678-aaaaaa" / "members" / sibling.name
    with FileLock(sibling.parents[1] / ".lock"):
        with pytest.raises(InputError, match="another finalize trains the same network here"):
            take_over(member, 2)
        assert not member.exists()
        # what is trained to its end may be had while the rest is at work
        assert take_over(member, 1) == sibling.parents[1]


def test_two_at_once_in_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        FileLock(tmp_path / ".lock"),
        pytest.raises(InputError, match="another finalize"),
        only_one(tmp_path),
    ):
        pass
    (tmp_path / "file").touch()
    with (
        pytest.raises(InputError, match="cannot be written"),
        only_one(tmp_path / "file" / "final"),
    ):
        pass
