from pathlib import Path

import pytest

from facesearch.errors import InputError
from facesearch.space import load_space
from facesearch.space.shipped import find_space, question_of, shipped_space, shipped_spaces

ROOT = Path(__file__).parents[2]


def test_a_checkout_ships_its_own_spaces() -> None:
    files = shipped_spaces()
    assert {path.resolve() for path in files.values()} == set(
        (ROOT / "searchspaces").glob("*.yaml")
    )
    assert all("?" in question_of(path) for path in files.values())


def test_a_name_alone_is_enough_where_no_file_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_space(Path("quickstart")).settings.name == "quickstart"
    (tmp_path / "quickstart").write_text("name: mine")
    assert load_space(Path("quickstart")).settings.name == "mine"


@pytest.mark.parametrize("path", ["searchspaces/quickstart.yaml", "quickstart.yaml", "./a/heads"])
def test_a_path_that_is_not_there_is_no_other_file_but_says_where_one_is(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = Path(path).stem
    with pytest.raises(InputError) as caught:
        load_space(Path(path))
    assert str(caught.value).endswith(
        f"no such file. A space of this name comes with facesearch: write {name} for it, or copy "
        f"it: facesearch init --from {name}"
    )
    assert find_space(Path("other.yaml")) == Path("other.yaml")


def test_a_name_that_is_none_of_them_is_told() -> None:
    with pytest.raises(InputError, match=r"no space 'quikstart' .*did you mean 'quickstart'"):
        shipped_space("quikstart")
