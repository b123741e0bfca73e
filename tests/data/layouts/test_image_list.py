from pathlib import Path

import pytest
from faces_on_disk import image_list, people, picture, split_folders

from facesearch.data.layouts import read_layout, scan_layout
from facesearch.data.layouts.account import account_of
from facesearch.data.layouts.folder import only
from facesearch.errors import InputError


def test_a_list_that_cannot_be_read_has_one_fault(tmp_path: Path) -> None:
    (tmp_path / "faces.csv").write_text("path;identity\n")
    assert scan_layout(tmp_path)[1] == [
        "faces.csv: has no column 'path'; found path;identity; write commas between the values"
    ]


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


def listed(root: Path, columns: str, rows: list[str]) -> Path:
    (root / "faces.csv").write_text("\n".join([columns, *rows]))
    return root


def test_a_split_column_parts_a_list_as_folders_are_parted(tmp_path: Path) -> None:
    root = split_folders(tmp_path)
    by_folder = read_layout(root)
    rows = []
    for path in sorted(root.rglob("*.jpg")):
        place = path.relative_to(root)
        split = {"val": "Validation", "train": "train", "test": "test"}[place.parts[0]]
        rows.append(f"{place},{place.parts[1]},{split}")
    folder = read_layout(listed(root, "path,identity,split", rows))
    assert folder.layout == "image-list"
    for part in ("train", "dev", "test", "known", "unknown_dev", "known_test", "unknown_test"):
        assert getattr(folder, part) == getattr(by_folder, part), part


def test_a_role_says_who_is_in_the_gallery(tmp_path: Path) -> None:
    root = split_folders(tmp_path)
    rows = [f"train/{n}/{n}_000{i}.jpg,{n},train,train" for n in "abcd" for i in (1, 2, 3)]
    rows += ["val/v2/1.jpg,v2,val,gallery", "val/v2/0.jpg,v2,val,gallery"]
    rows += ["val/v2/2.jpg,v2,val,probe", "val/v3/1.jpg,v3,val,non-mated probe"]
    rows += ["val/a/val.jpg,a,val,closed set"]
    folder = read_layout(listed(root, "path,identity,split,role", rows))
    assert [path.name for path in folder.known.paths] == ["1.jpg", "0.jpg"]
    assert folder.unknown_dev.identities == ("v2", "v3") and folder.dev.identities == ("a",)
    rows[-1] = "val/a/val.jpg,a,val,searched"
    with pytest.raises(InputError, match=r"line 18: role is 'searched'; write one of gallery, pro"):
        read_layout(listed(root, "path,identity,split,role", rows))


def test_another_split_is_one_clear_fault(tmp_path: Path) -> None:
    root = people(tmp_path)
    rows = [f"{n}/{n}_0001.jpg,{n},{'holdout' if n == 'f' else 'train'}" for n in "abcdef"]
    told = (
        r"faces\.csv: line 7: split is 'holdout'; write one of train, val, validation, valid, dev"
    )
    with pytest.raises(InputError, match=told):
        read_layout(listed(root, "path,identity,split", rows))


def test_a_list_may_be_of_test_only_but_not_of_two_people_to_train(tmp_path: Path) -> None:
    root = people(tmp_path)
    rows = [f"{n}/{n}_000{i}.jpg,{n},test" for n in "abcdef" for i in (1, 2)]
    folder = read_layout(listed(root, "path,identity,split", rows))
    assert not len(folder.train) and len(folder.known_test) >= 2
    rows[0] = "a/a_0001.jpg,a,train"
    with pytest.raises(InputError, match=r"\(split train\): 1 identity with pictures"):
        read_layout(listed(root, "path,identity,split", rows))


def test_a_further_column_is_noted_with_what_it_is_taken_for(tmp_path: Path) -> None:
    root = people(tmp_path)
    rows = [f"{n}/{n}_0001.jpg,{n},1,2,3,4" for n in "abcdef"]
    folder = read_layout(listed(root, "path,identity,pose,light,fold,source", rows))
    assert list(folder.reading) == [
        "faces.csv: columns taken for what is known of each image, by which figures are broken "
        "down: 'pose', 'light', 'source'",
        "faces.csv: columns that are not known, and ignored: 'fold'",
    ]
    assert account_of(folder).lines()[-2:] == list(folder.reading), "every command tells it"


@pytest.mark.parametrize(
    ("column", "meant"),
    [("Group", "group"), ("groups", "group"), ("group_id", "group"), ("Splits", "split"),
     ("spilt", "split"), ("ROLE", "role")],
)  # fmt: skip
def test_a_column_that_looks_like_a_known_one_is_refused(
    tmp_path: Path, column: str, meant: str
) -> None:
    rows = [f"{n}/{n}_0001.jpg,{n},x" for n in "abcdef"]
    with pytest.raises(InputError, match=f"'{column}' is not known; did you mean '{meant}'"):
        read_layout(listed(people(tmp_path), f"path,identity,{column}", rows))


DECOMPOSED, COMPOSED = "Jose\u0301", "Jos\xe9"


@pytest.mark.parametrize("other", ["p001 ", " p001", "p001\u00a0"])
def test_blanks_around_a_name_do_not_make_another_identity(tmp_path: Path, other: str) -> None:
    root = people(tmp_path)
    rows = [f"{n}/{n}_000{i}.jpg,{n}" for n in "abcd" for i in (1, 2)]
    rows += ["e/e_0001.jpg,p001", f"e/e_0002.jpg,{other}"]
    folder = read_layout(listed(root, "path, identity", rows))
    assert folder.train.identities.count("p001") == 2
    told = "column 'identity': names that differ in blanks around them or in their Unicode form are"
    assert any(told in note for note in folder.reading)


def test_an_identity_in_two_unicode_forms_is_one_in_all_parts(tmp_path: Path) -> None:
    root = people(tmp_path)
    rows = [f"{n}/{n}_000{i}.jpg,{n},train" for n in "abcd" for i in (1, 2)]
    rows += [f"e/e_0001.jpg,{DECOMPOSED},train", f"e/e_0002.jpg,{COMPOSED},val"]
    folder = read_layout(listed(root, "path,identity,split", rows))
    assert folder.dev.identities == (COMPOSED,), "nobody who is trained on is held out"
    assert not len(folder.known) and not len(folder.unknown_dev)


@pytest.mark.parametrize(
    ("column", "said"),
    [("identity", "identities 'P001' and 'p001'"), ("group", "groups 'P001' an")],
)
def test_names_that_differ_in_case_only_are_refused(tmp_path: Path, column: str, said: str) -> None:
    root = people(tmp_path)
    own = {"identity": "{name},x", "group": "{first},{name}"}[column]
    rows = [f"{n}/{n}_0001.jpg,{own.format(first=n, name=n)}" for n in "abcd"]
    rows += [
        f"{n}/{n}_0001.jpg,{own.format(first=n, name=p)}" for n, p in (("e", "P001"), ("f", "p001"))
    ]
    with pytest.raises(
        InputError, match=f"{said}.*differ in upper and lower case only: write them al"
    ):
        read_layout(listed(root, "path,identity,group", rows))


def test_values_that_differ_in_case_only_are_told(tmp_path: Path) -> None:
    rows = [f"{n}/{n}_0001.jpg,{n},{'Frontal' if n == 'a' else 'frontal '}" for n in "abcdef"]
    folder = read_layout(listed(people(tmp_path), "path,identity,pose", rows))
    assert folder.train.columns["pose"][1] == "frontal"
    assert any("'pose': values 'Frontal' and 'frontal' differ" in note for note in folder.reading)


def test_further_columns_say_what_is_known_of_each_image(tmp_path: Path) -> None:
    root = image_list(tmp_path)
    lines = (root / "faces.csv").read_text().splitlines()
    told = [
        f"{lines[0]},pose,split",
        *(f"{line},{n % 2},train" for n, line in enumerate(lines[1:])),
    ]
    (root / "faces.csv").write_text("\n".join(told))
    folder = read_layout(root)
    assert set(folder.train.columns) == {"pose"}
    assert folder.train.columns["pose"][:3] == ("0", "1", "0")
    assert only(folder.train, [3, 1]).columns == {"pose": ("1", "1")}
