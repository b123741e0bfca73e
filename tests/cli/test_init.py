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
