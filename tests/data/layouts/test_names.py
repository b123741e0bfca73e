import unicodedata
from pathlib import Path

import pytest
from faces_on_disk import hw2p2, lfw, people, picture, split_folders

from facesearch.config import DataConfig
from facesearch.data.faces import load_faces
from facesearch.data.layouts import read_layout
from facesearch.data.layouts.account import account_of
from facesearch.data.layouts.names import case_twins, plain, spelling_notes
from facesearch.errors import InputError

COMPOSED, DECOMPOSED = "Jos\xe9", "Jose\u0301"


def test_a_name_has_one_spelling() -> None:
    assert plain(f" {DECOMPOSED}\t") == plain(COMPOSED) == COMPOSED
    assert plain("Anna Maria") == "Anna Maria" and plain("P001") != plain("p001")


def test_what_is_told_of_spellings_is_what_is_not_seen() -> None:
    assert spelling_notes("x", ["a", "b", COMPOSED, "a"]) == []
    assert spelling_notes("x", [DECOMPOSED, "a"]) == [], "one form alone says nothing"
    (note,) = spelling_notes("x", [DECOMPOSED, COMPOSED, "a"])
    assert "are one: 'Jose\\u0301' and 'Jos\\xe9' (1 in all)" in note
    assert "'p '" in spelling_notes("x", ["p ", "q"])[0]


def test_names_of_one_case_are_no_twins() -> None:
    assert case_twins(["a", "b", "A1"]) == []
    assert case_twins(["Weiß", "Weiss", "\ufb01n", "fin"]) == [], "they differ in their letters"
    assert len(case_twins(["WEIß", "Weiß", "Ärzte", "ärzte"])) == 2
    assert "'P1' and 'p1' differ in upper and lower case only" in case_twins(["p1", "x", "P1"])[0]


@pytest.mark.parametrize("other", [DECOMPOSED, f"{COMPOSED} ", f" {DECOMPOSED}"])
def test_folders_whose_names_are_one_are_one_identity(tmp_path: Path, other: str) -> None:
    root = people(tmp_path / "faces", ["a", "b", "c", "d", COMPOSED])
    for number in range(2):
        picture(root / other / f"{number}.jpg", 900 + number)
    folder = read_layout(root)
    assert folder.train.identities.count(COMPOSED) == 5
    assert len(set(folder.train.identities)) == 5
    assert any("are one: " in note for note in folder.reading)
    assert account_of(folder).num_nested == 0, "they lie where they belong"


def test_nobody_is_held_out_who_is_trained_on_under_another_spelling(tmp_path: Path) -> None:
    names = [f"Zoe\u0308 {number}" for number in range(8)]
    root = people(tmp_path / "faces", names, 2)
    for row, name in enumerate(names):
        for number in range(2):
            picture(
                root / unicodedata.normalize("NFC", name) / f"{number}.jpg", 5000 + 2 * row + number
            )
    faces = load_faces(DataConfig(root=str(root), image_px=16, held_out_identities=0.3))
    assert len(faces.identities) == 8 - len(set(faces.strangers.labels_M.tolist()))


def test_groups_and_labels_are_spelled_as_folders_are(tmp_path: Path) -> None:
    root = people(tmp_path / "faces", [*"abcd", DECOMPOSED])
    (root / "groups.csv").write_text(f"identity,group\n{COMPOSED},x \na,x\n")
    train = read_layout(root).train
    of = dict(zip(train.identities, train.groups, strict=True))
    assert of[COMPOSED] == of["a"] == "x"
    course = hw2p2(tmp_path / "course", ["n100000 ", "n100001", f"{COMPOSED}"])
    (course / "verification/known/n100002").rename(course / f"verification/known/{DECOMPOSED}")
    assert read_layout(course).unknown_dev.identities == ("n100000", "n100001", COMPOSED)


def test_names_of_lfw_find_folders_in_another_form(tmp_path: Path) -> None:
    root = lfw(tmp_path, [DECOMPOSED, *"bcdef"])
    text = (root / "pairs.txt").read_text()
    (root / "pairs.txt").write_text(unicodedata.normalize("NFC", text))
    for path in (root / "lfw" / DECOMPOSED).iterdir():
        path.rename(path.with_name(unicodedata.normalize("NFD", path.name)))
    assert len(read_layout(root).pairs) == 4


@pytest.mark.parametrize("part", ["val", "test"])
def test_names_that_differ_in_case_are_refused_in_all_parts_together(
    tmp_path: Path, part: str
) -> None:
    root = split_folders(tmp_path)
    picture(root / part / "A" / "1.jpg", 9)
    with pytest.raises(InputError, match="identities 'A' and 'a' differ in upper and lower case"):
        read_layout(root)


def test_a_name_in_bytes_of_an_old_system_is_refused_with_what_helps(tmp_path: Path) -> None:
    root = people(tmp_path)
    picture(tmp_path / "Jos\udce9" / "1.jpg", 3)
    with pytest.raises(InputError, match="is a name that is not in UTF-8; rename it") as caught:
        read_layout(root)
    str(caught.value).encode()


def test_files_may_have_names_of_an_old_system(tmp_path: Path) -> None:
    root = people(tmp_path / "faces")
    picture(root / "a" / "caf\udce9.jpg", 3)
    assert len(load_faces(DataConfig(root=str(root), image_px=16)).train.images_NHWC) == 19
