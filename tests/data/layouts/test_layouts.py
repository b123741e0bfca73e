from pathlib import Path

import pytest
from faces_on_disk import WRITERS, people

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
