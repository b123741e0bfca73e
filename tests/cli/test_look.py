import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import run
from faces_on_disk import people

from facesearch.cli import cli
from facesearch.config import CATALOGUE, HEAD_CONFIGS
from facesearch.config.catalogue import PARTS
from facesearch.config.sweep import LIMITS, OBJECTIVES, SAMPLERS, SCHEDULERS
from facesearch.data.augment import CHANGES
from facesearch.errors import InputError
from facesearch.heads import HEADS
from facesearch.models import NETWORKS


@pytest.mark.parametrize(
    ("topic", "names"),
    [
        ("models", NETWORKS),
        ("heads", HEADS),
        ("augmentations", [field for _, fields in CHANGES.values() for field in fields]),
        ("layouts", CATALOGUE["layouts"]["data.layout"]),
        ("objectives", [*OBJECTIVES, *LIMITS]),
        (None, [*SAMPLERS, *SCHEDULERS]),  # `list search` prints the settings of the part
    ],
)
def test_every_name_is_listed_with_a_line(topic: str | None, names: list[str]) -> None:
    output = run("list", *([topic] if topic else []))
    lines = dict(line.split(maxsplit=1) for line in output.splitlines() if "  " in line)
    assert all(len(lines[name]) > 10 for name in names)


def test_all_topics_are_listed_without_one() -> None:
    output = run("list")
    assert all(f"{field}:" in output for topic in CATALOGUE.values() for field in topic)


@pytest.mark.parametrize("part", PARTS)
def test_every_setting_of_a_part_is_listed_with_its_default(part: str) -> None:
    output = run("list", part)
    for name, field in PARTS[part].model_fields.items():
        if field.description:
            line = next(line for line in output.splitlines() if line.split()[0] == name)
            assert field.description in line
            assert line.endswith(f"Default: {'none' if field.default is None else field.default}.")


def test_the_parts_are_those_of_a_space_file_and_the_heads() -> None:
    parts = {"data", "augment", "model", "optim", "train", "search", "resources"}
    assert set(PARTS) == parts | set(HEAD_CONFIGS)


def test_an_unknown_topic_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'heads'"):
        CliRunner().invoke(cli, ["list", "head"], catch_exceptions=False)


@pytest.mark.parametrize("topic", [None, "heads", "arcface"])
def test_a_list_as_json_holds_the_same_names(topic: str | None) -> None:
    words = ["list", *([topic] if topic else [])]
    told, lines = json.loads(run(*words, "--json")), run(*words)
    for fields in told.values():
        for names in fields.values():
            assert all(f"  {name} " in lines and line in lines for name, line in names.items())


def test_validate_as_json_tells_right_and_wrong(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.yaml", tmp_path / "wrong.yaml"
    right.write_text("optim: {lr: {uniform: [0.1, 0.2]}}")
    wrong.write_text("optim: {lrr: 1}")
    done = CliRunner().invoke(cli, ["validate", "--json", str(right), str(wrong)])
    first, second = json.loads(done.stdout)
    assert first["is_right"] and first["holes"] == ["optim.lr"]
    assert not second["is_right"] and "did you mean 'lr'" in second["message"]
    assert isinstance(done.exception, InputError)


@pytest.mark.parametrize("command", ["validate", "preview", "tune"])
def test_first_weights_that_are_not_there_are_told_before_anything_starts(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACESEARCH_CACHE", str(tmp_path / "cache"))
    Path("a.yaml").write_text(
        "data: {image_px: 16, synthetic: {num_identities: 8, faces_per_identity: 4}}\n"
        "model: {num_stages: 2, init: {choice: [null, gone.pt]}}\n"
    )
    with pytest.raises(InputError, match=r"line 2   model.init: no such file .*/gone\.pt; write"):
        CliRunner().invoke(cli, [command, "a.yaml"], catch_exceptions=False)


def test_detail_of_a_space_is_its_holes(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("optim: {lr: {uniform: [0.1, 0.2]}}")
    done = CliRunner().invoke(cli, ["validate", "-v", str(tmp_path / "a.yaml")])
    assert "optim.lr" in done.stderr and "optim.lr" not in done.stdout


def test_data_check_as_json_tells_notes_and_faults(tmp_path: Path) -> None:
    people(tmp_path)
    (tmp_path / "a" / "a_0009.jpg").write_bytes((tmp_path / "a" / "a_0001.jpg").read_bytes())
    told = json.loads(run("data", "check", "--json", str(tmp_path)))
    assert "19 pictures of 6 identities" in told["found"][1]
    assert "the same picture" in told["notes"][0] and told["faults"] == []
    (tmp_path / "b" / "b_0009.jpg").write_bytes(b"no picture")
    done = CliRunner().invoke(cli, ["data", "check", "--json", str(tmp_path)])
    assert isinstance(done.exception, InputError)
    assert "b_0009.jpg" in json.loads(done.stdout)["faults"][0]


def on_a_terminal(*words: str) -> str:
    """Return what a command writes to a terminal after it last took something away there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "facesearch.cli", *words],
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    told = b""
    with contextlib.suppress(OSError):  # that is how its end shows
        while part := os.read(ours, 4096):
            told += part
    os.close(ours)
    assert process.wait(60) == 0
    assert b"\x1b[2K" in told, "no bar was drawn"
    return re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", re.split(r"\x1b\[2K", told.decode())[-1])


def test_on_a_terminal_the_bars_take_nothing_of_the_answer(tmp_path: Path) -> None:
    people(tmp_path)
    told = json.loads(on_a_terminal("data", "check", "--json", str(tmp_path)))
    assert told["found"][-1] == "every picture can be read"
    lines = on_a_terminal("data", "check", str(tmp_path)).strip().splitlines()
    assert "layout identity-folders" in lines[0] and lines[-1] == "  every picture can be read"
