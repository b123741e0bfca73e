from pathlib import Path

import pytest
from faces_on_disk import WRITERS, people, picture

from facesearch.config import DataConfig
from facesearch.config.faces import LAYOUTS as CATALOGUE
from facesearch.data.faces import load_faces
from facesearch.data.layouts import LAYOUTS, read_layout, scan_layout
from facesearch.errors import InputError


def test_the_catalogue_names_what_is_read() -> None:
    assert sorted(LAYOUTS) == sorted(CATALOGUE) == sorted(WRITERS)


@pytest.mark.parametrize("name", WRITERS)
def test_every_layout_is_recognised(tmp_path: Path, name: str) -> None:
    folder = read_layout(WRITERS[name](tmp_path / "faces"))
    assert folder.layout == name and len(set(folder.train.identities)) >= 5


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_empty_folder_is_a_fault_of_every_layout(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        read_layout(tmp_path, name)


def test_a_named_layout_is_taken_as_told(tmp_path: Path) -> None:
    root = people(tmp_path)
    (root / "faces.csv").write_text("path,identity\na/a_0001.jpg,a\n")
    assert scan_layout(root)[0].layout == "image-list"
    assert read_layout(root, "identity-folders").layout == "identity-folders"
    with pytest.raises(InputError, match="layout 'identity-folder'; did you mean"):
        read_layout(root, "identity-folder")


def test_a_folder_that_cannot_be_looked_into_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"cannot be read .File name too long"):
        read_layout(tmp_path / ("x" * 5000))

    def refuse(self: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(InputError, match=r"cannot be read .Permission denied"):
        read_layout(people(tmp_path))


def test_a_list_that_cannot_be_read_has_one_fault(tmp_path: Path) -> None:
    (tmp_path / "faces.csv").write_text("path;identity\n")
    assert scan_layout(tmp_path)[1] == ["faces.csv: has no column 'path'; found path;identity"]


def test_a_list_names_paths_identities_and_groups(tmp_path: Path) -> None:
    root = people(tmp_path)
    rows = [f"{n}/{n}_000{i}.jpg,P{n},{'xy'[n < 'd']}" for n in "abcdef" for i in (1, 2)]
    (root / "faces.csv").write_text("\n".join(["path,identity,group", *rows]))
    faces = read_layout(root).train
    assert len(faces) == 12 and faces.identities[:3] == ("Pa", "Pa", "Pb")
    assert faces.groups == ("y",) * 6 + ("x",) * 6 and faces.paths[0].name == "a_0001.jpg"


def test_a_list_must_stay_inside_and_name_what_is_there(tmp_path: Path) -> None:
    root = people(tmp_path / "root")
    picture(tmp_path / "outside.jpg", 1)
    rows = ["../outside.jpg,a", "a/none.jpg,a", "a/a_0001.jpg,"]
    (root / "faces.csv").write_text("\n".join(["path,identity", *rows]))
    with pytest.raises(InputError) as caught:
        read_layout(root)
    for named in ("line 2: '../outside.jpg' leaves", "line 3: no such picture", "line 4: no ident"):
        assert named in str(caught.value)


def test_a_picture_stands_once_in_a_list_and_a_person_in_one_group(tmp_path: Path) -> None:
    root = people(tmp_path)
    rows = ["a/a_0001.jpg,a,g", "a/a_0001.jpg,b,h", "a/a_0001.jpg,a,g", "a/a_0002.jpg,a,h"]
    (root / "faces.csv").write_text("\n".join(["path,identity,group", *rows]))
    with pytest.raises(InputError) as caught:
        read_layout(root)
    for named in (
        "line 3: a/a_0001.jpg is listed as 'a' and as 'b'",
        "line 4: a/a_0001.jpg is listed already",
        "line 5: 'a' is in group g and in h",
    ):
        assert named in str(caught.value)


@pytest.mark.parametrize("name", ["a/\0.jpg", "x" * 5000 + ".jpg", "a/loop.jpg"])
def test_a_path_that_cannot_be_one_is_a_fault(tmp_path: Path, name: str) -> None:
    root = people(tmp_path)
    (root / "a/loop.jpg").symlink_to(root / "a/loop.jpg")
    (root / "faces.csv").write_text(f"path,identity\n{name},a\n")
    with pytest.raises(InputError, match=r"line 2: no (path of a|such) picture") as caught:
        read_layout(root)
    assert len(str(caught.value)) < 1500


def test_people_of_a_group_are_held_out_together(tmp_path: Path) -> None:
    root = people(tmp_path, "abcdefgh")
    group = {name: name if name > "f" else "ab cd ef".split()["abcdef".index(name) // 2]
             for name in "abcdefgh"}  # fmt: skip
    rows = [f"{name},{of}" for name, of in group.items()]
    (root / "groups.csv").write_text("\n".join(["identity,group", *rows]))
    for seed in range(6):
        faces = load_faces(
            DataConfig(root=str(root), image_px=16, split_seed=seed, held_out_identities=0.3)
        )
        inside = {group[name] for name in faces.identities}
        outside = {group[name] for name in set(group) - set(faces.identities)}
        assert not inside & outside and outside
        assert len(faces.strangers) == 3 * (8 - len(faces.identities))


def test_pairs_of_a_csv(tmp_path: Path) -> None:
    root = people(tmp_path)
    rows = ["a/a_0001.jpg,a/a_0002.jpg,1", "a/a_0001.jpg,b/b_0001.jpg,False"]
    (root / "pairs.csv").write_text("\n".join(["path_a,path_b,same", *rows]))
    pairs = read_layout(root).pairs
    assert pairs.is_same == (True, False) and pairs.second[1].name == "b_0001.jpg"
    (root / "pairs.csv").write_text("path_a,path_b,same\na/a_0001.jpg,a/a_0002.jpg,perhaps")
    with pytest.raises(InputError, match="line 2: same is 'perhaps'; write 0 or 1"):
        read_layout(root)
    (root / "pairs.csv").write_text("path_a,path_b,same\na/a_0001.jpg,a/a_0002.jpg")
    with pytest.raises(InputError, match="line 2: 2 values, but the header has 3"):
        read_layout(root)


@pytest.mark.parametrize("inner", ["", "lfw", "lfw_funneled"])
def test_lfw_has_people_and_folds_of_pairs(tmp_path: Path, inner: str) -> None:
    people(tmp_path / inner)
    lines = ["2\t1", "a\t1\t2", "a\t1\tb\t3", "c\t2\t3", "c\t1\td\t1"]
    (tmp_path / "pairs.txt").write_text("\n".join(lines))
    folder = read_layout(tmp_path)
    assert folder.layout == "lfw" and len(set(folder.train.identities)) == 6
    assert folder.pairs.is_same == (True, False, True, False)
    assert folder.pairs.folds == (0, 0, 1, 1) and folder.pairs.second[1].name == "b_0003.jpg"


def test_lfw_of_one_fold_has_a_count_alone(tmp_path: Path) -> None:
    people(tmp_path)
    (tmp_path / "pairsDevTest.txt").write_text("1\na\t1\t2\na\t1\tb\t1\n")
    assert read_layout(tmp_path).pairs.folds == (0, 0)


def test_what_is_wrong_with_pairs_is_told_by_line(tmp_path: Path) -> None:
    people(tmp_path)
    (tmp_path / "pairs.txt").write_text("1\t2\na\t1\t9\na one two\n../x\t1\t2\n")
    with pytest.raises(InputError) as caught:
        read_layout(tmp_path)
    for named in ("3 pairs, but line 1 promises", "line 2: no such", "line 3: must be", "leaves"):
        assert named in str(caught.value)
    (tmp_path / "pairs.txt").write_bytes(b"1\n\xe9\xff 1 2\n")
    with pytest.raises(InputError, match=r"pairs\.txt: not a file of pairs in UTF-8"):
        read_layout(tmp_path)
    (tmp_path / "pairs.txt").write_text(f"1\t1\na\t{'9' * 5000}\t1\na 1 b 1\n")
    with pytest.raises(InputError, match="line 2: must be"):
        read_layout(tmp_path)
