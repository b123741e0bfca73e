from pathlib import Path

import pytest
from faces_on_disk import hw2p2, people, picture

from facesearch.config import DataConfig
from facesearch.final.dataset import GENERATED, registry_name


def named(root: Path) -> str:
    return registry_name(DataConfig(root=str(root)))


def test_each_data_set_has_a_name_of_its_own(tmp_path: Path) -> None:
    staff = named(people(tmp_path / "a" / "Our Staff (2026)"))
    assert staff.startswith("facesearch-our-staff-2026-") and len(staff.split("-")[-1]) == 6
    # moved, or with more images of the same identities, it is the same data set
    assert named(people(tmp_path / "b" / "our-staff-2026", each=5)) == staff
    assert named(people(tmp_path / "c" / "our-staff-2026", "abcdefg")) != staff
    assert registry_name(DataConfig()) == GENERATED


def test_who_is_reported_on_belongs_to_the_data_set(tmp_path: Path) -> None:
    root = hw2p2(tmp_path / "course")
    before = named(root)
    picture(root / "verification/known/n100009/0.jpg", 1)
    assert named(root) != before


@pytest.mark.parametrize("name", ["\u9854", "---", "!"])
def test_a_folder_whose_name_has_no_letters_is_called_faces(tmp_path: Path, name: str) -> None:
    assert named(people(tmp_path / name)).startswith("facesearch-faces-")
