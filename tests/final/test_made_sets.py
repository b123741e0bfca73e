import shutil
from pathlib import Path

import pytest
from faces_on_disk import people, picture, split_folders

from facesearch.data.layouts import FaceFolder, FaceList, read_layout
from facesearch.errors import InputError
from facesearch.final.leaks import training_digests
from facesearch.final.made_sets import made_sets, two_folders

NAMES = [f"p{number:02d}" for number in range(20)]


def paths_of(folder: FaceFolder) -> set[Path]:
    return {*folder.known.paths, *folder.unknown_dev.paths}


def test_all_labelled_faces_of_a_folder_are_used_once(tmp_path: Path) -> None:
    root = people(tmp_path / "faces", NAMES)
    made, (note,) = made_sets(read_layout(root), [b""], 0)
    assert paths_of(made) == set(root.rglob("*.jpg"))
    strange = set(NAMES) - set(made.known.identities)
    assert len(made.known) == 20 - len(strange) and 1 <= len(strange) < 10
    for told in (
        f"{len(made.known)} gallery images of {len(made.known)} identities",
        f"{2 * len(made.known)} mated probes", f"{3 * len(strange)} non-mated probes",
        f"of {len(strange)} further identities", "of all identities of faces", "(seed 0)",
    ):  # fmt: skip
        assert told in note, told


def test_closed_sets_of_others_are_labelled_faces_too(tmp_path: Path) -> None:
    root = split_folders(tmp_path)
    for part in ("val", "test"):
        for name in "abcde":
            assert (root / part / name).is_dir()
    made, _ = made_sets(read_layout(root), [], 0)
    assert len(paths_of(made)) == 15 + 5 + 5 and set(made.unknown_dev.identities) == set("abcde")


def test_what_was_trained_on_is_left_out_before_a_gallery_is_chosen(tmp_path: Path) -> None:
    root = people(tmp_path, NAMES)
    faces = read_layout(root).train
    trained = [
        training_digests(FaceList((path,), ("",)))
        for path in faces.paths
        if path.name.endswith("_0001.jpg") or path.parent.name == "p00"
    ]
    shutil.copy(root / "p01/p01_0002.jpg", root / "p01/p01_0004.jpg")
    made, notes = made_sets(read_layout(root), [b"".join(trained[:5]), b"".join(trained[5:])], 0)
    left = {path for path in faces.paths if path.name[-8:] != "0001.jpg"}
    assert paths_of(made) == {path for path in left if path.parent.name != "p00"}
    assert notes[0].startswith("LEAK: 22 of 61 images are also in training")
    assert notes[1] == "images that are there twice count once: 1 left out."


def test_nothing_to_measure_is_said(tmp_path: Path) -> None:
    folder = read_layout(people(tmp_path / "seen"))
    with pytest.raises(InputError, match="all 18 labelled images of it were trained on"):
        made_sets(folder, [training_digests(folder.train)], 0)
    single = read_layout(people(tmp_path / "single", each=1))
    with pytest.raises(InputError, match="0 of 6 identities have 2 images or more; a gallery"):
        made_sets(single, [], 0)


def test_two_folders_are_matched_by_name(tmp_path: Path) -> None:
    known = people(tmp_path / "known", "abc", each=2)
    asked = tmp_path / "asked"
    for seed, name in enumerate(["a.jpg", *(f"{who}/{i}.jpg" for who in "xy" for i in range(3))]):
        picture(asked / name, 5000 + seed)
    shutil.copy(known / "b/b_0001.jpg", asked / "b.jpg")
    folder, notes = two_folders(known, asked)
    assert len(folder.known) == 6
    assert sorted(folder.unknown_dev.identities) == ["a", *"xxxyyy"]
    assert notes[0].startswith("1 of 8 probes are images of the gallery")
    assert "1 mated probes, 6 non-mated probes of 2 further identities" in notes[1]


def test_two_folders_without_a_common_name_are_refused(tmp_path: Path) -> None:
    known, asked = people(tmp_path / "known", "abc"), tmp_path / "asked"
    for seed, name in enumerate("xyz"):
        picture(asked / f"{name}.jpg", 5000 + seed)
    with pytest.raises(InputError, match=r"found x, y, z; the gallery has a, b, c\. A folder"):
        two_folders(known, asked)


def test_names_of_two_folders_are_one_in_any_spelling_but_case(tmp_path: Path) -> None:
    known, asked = people(tmp_path / "known", ["Jose\u0301", "b"]), tmp_path / "asked"
    picture(asked / "Jos\xe9.jpg", 5000)
    folder, _ = two_folders(known, asked)
    assert set(folder.unknown_dev.identities) <= set(folder.known.identities)
    picture(asked / "B.jpg", 5001)
    with pytest.raises(InputError, match="'B' and 'b' differ in upper and lower case only"):
        two_folders(known, asked)
