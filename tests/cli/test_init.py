import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import run
from faces_on_disk import people

from facesearch.cli import cli
from facesearch.errors import InputError
from facesearch.space import load_space


def test_a_folder_gives_a_space_that_runs_and_the_commands_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = people(tmp_path / "My faces")
    monkeypatch.chdir(tmp_path)
    output = run("init", "My faces")
    assert "6 people with 18 faces" in output
    assert "facesearch tune space.yaml --data 'My faces'" in output
    assert load_space(Path("space.yaml")).settings.name == "my-faces"
    first = Path("space.yaml").read_text().splitlines()[0]
    schema = tmp_path / first.partition("$schema=")[2]
    assert schema.read_text() == run("schema")
    assert faces.is_dir() and run("validate", "space.yaml")


def test_without_a_folder_the_faces_are_generated(tmp_path: Path) -> None:
    output = run("init", "--out", str(tmp_path / "new" / "first.yaml"))
    assert "generated faces: 96 people" in output
    assert load_space(tmp_path / "new" / "first.yaml").settings.name == "first"


def test_what_it_writes_is_right_by_the_schema_beside_it(tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    yaml = pytest.importorskip("yaml")
    run("init", "--out", str(tmp_path / "a.yaml"))
    schema = json.loads((tmp_path / ".facesearch-schema.json").read_text())
    jsonschema.validate(yaml.safe_load((tmp_path / "a.yaml").read_text()), schema)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "space.yaml"
    out.write_text("mine")
    with pytest.raises(InputError, match="is there already"):
        CliRunner().invoke(cli, ["init", "--out", str(out)], catch_exceptions=False)
    assert out.read_text() == "mine" and list(tmp_path.iterdir()) == [out]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        CliRunner().invoke(
            cli, ["init", "--out", str(tmp_path / "file" / "a.yaml")], catch_exceptions=False
        )


def test_the_spaces_that_come_with_it_are_listed_with_what_they_ask() -> None:
    lines = run("init", "--list").splitlines()
    assert any(line.startswith("quickstart  ") and "?" in line for line in lines)
    assert "facesearch init --from NAME" in lines[-1]


def test_a_space_that_comes_with_it_is_copied_to_be_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = run("init", "--from", "heads", "--out", "my heads.yaml")
    assert "next:  facesearch tune 'my heads.yaml'" in output
    mine, theirs = load_space(Path("my heads.yaml")), load_space(Path("heads"))
    assert mine.document.value == theirs.document.value
    head = Path("my heads.yaml").read_text().splitlines()
    assert (tmp_path / head[0].partition("$schema=")[2]).read_text() == run("schema")
    assert "#   facesearch tune 'my heads.yaml' --data FACES" in head
    with pytest.raises(InputError, match="is there already"):
        run("init", "--from", "heads", "--out", "my heads.yaml")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--from", "haeds"], "no space 'haeds' comes with facesearch; did you mean 'heads'?"),
        (["faces", "--from", "heads"], "give a folder of faces, or --from NAME, not both"),
    ],
)
def test_what_cannot_be_copied_is_told(words: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        CliRunner().invoke(cli, ["init", *words], catch_exceptions=False)
