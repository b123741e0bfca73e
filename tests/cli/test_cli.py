import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from faces_on_disk import picture
from models import untrained
from PIL import Image

from facesearch.cli import cli
from facesearch.cli.help import SECTIONS
from facesearch.final.bundle import save_bundle

COMMAND = [sys.executable, "-m", "facesearch.cli"]


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "FACESEARCH_DATA"}
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, timeout=300, cwd=cwd, env=environment
    )


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import sys; from facesearch.cli import cli; cli.main(['--help'], standalone_mode=False); "
        "print([m for m in ('torch', 'ray', 'mlflow', 'optuna', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_undecided_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    save_bundle(tmp_path / "bare", untrained())
    picture(tmp_path / "known/anna.jpg", 1)
    for words in (
        ("verify", "bare", "known/anna.jpg", "known/anna.jpg"),
        ("identify", "bare", "--gallery", "known", "known/anna.jpg"),
    ):
        done = run(*words, cwd=tmp_path)
        assert done.returncode == 5 and "no threshold: cannot decide" in done.stdout
        assert run(*words, "--threshold", "0", cwd=tmp_path).returncode == 0
    assert "  5    verify or identify had no threshold" in run("--help", cwd=tmp_path).stdout


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command of the command line, however deep."""
    found = []
    for name, command in group.commands.items():
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += commands(command, (*path, name))
    return found


@pytest.mark.parametrize("words", commands(cli), ids=" ".join)
def test_every_help_shows_an_example_that_parses(words: tuple[str, ...]) -> None:
    text = CliRunner().invoke(cli, [*words, "--help"]).output
    assert "\\" not in text
    lines = [line.strip() for line in text.splitlines()]
    examples = [line for line in lines if line.startswith(f"facesearch {' '.join(words)}")]
    assert examples
    for example in examples:
        given = shlex.split(re.split(r"\s{2,}|\s>|\s#", example)[0])[1:]
        node: click.Command = cli
        while isinstance(node, click.Group) and (given or not node.invoke_without_command):
            found = node.get_command(click.Context(node), given.pop(0))
            assert found is not None, example
            node = found
        node.make_context(example, given)


def test_the_help_has_every_command_in_a_group_on_one_line() -> None:
    lines = CliRunner().invoke(cli, ["--help"], terminal_width=80).output.splitlines()
    assert "Others:" not in lines and max(map(len, lines)) <= 80
    for name in cli.commands:
        assert any(re.match(rf"  {name} +\w", line) for line in lines), name
    grouped = {name for lines in SECTIONS.values() for name in lines}
    assert grouped >= set(cli.commands)


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 130, 143])
def test_exit_codes_are_told(code: int) -> None:
    text = CliRunner().invoke(cli, ["--help"]).output
    assert re.search(rf"^  +{code} +\w", text, re.MULTILINE)


def test_no_colour_where_it_is_not_wanted(tmp_path: Path) -> None:
    script = (
        "from facesearch.cli.doctor.show import print_findings; "
        "from facesearch.cli.doctor.finding import Finding; "
        "print_findings([Finding('a', 'wrong', 'b', 'c')])"
    )
    wanted = {**os.environ, "FORCE_COLOR": "1", "TERM": "xterm"}
    wanted.pop("NO_COLOR", None)
    told = [
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, env=environment
        ).stdout
        for environment in (wanted, {**wanted, "NO_COLOR": "1"})
    ]
    assert "\x1b[1;31m" in told[0] and "31m" not in told[1]


def faces(root: Path, count: int = 6) -> Path:
    for person in range(count):
        for number in range(3):
            path = root / f"p{person}" / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (20, 20), (40 * person, 80 * number, 0)).save(path)
    return root


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tune", "missing.yaml"], "no such file"),
        (["tune", "good.yaml", "--trials", "0"], "trials"),
        (["tune", "good.yaml", "--time", "soon"], "write a duration such as 90s"),
        (["tune", "good.yaml", "--name", "../x"], "name"),
        (["tune", "good.yaml", "--data", "nowhere"], "no such folder"),
        (["tune", "good.yaml", "--data", "empty"], "no faces"),
        (["tune", "good.yaml", "--data", "one"], "1 identity with pictures"),
        (["tune", "good.yaml", "--data", "broken"], "2 of 20 pictures cannot be read"),
        (["tune", "good.yaml", "--tracking-uri", "http://h:99999"], "port must be"),
        (["tune", "bad.yaml"], "2 faults, nothing was started"),
        (["tune", "warm.yaml"], "model.init: no such file"),
        (["validate", "good.yaml", "bad.yaml"], "line 2"),
        (["finalize", "--run-id", "abcdef"], "no MLflow store at "),
        (["finalize", "--run-id", "../../x"], "no MLflow store at "),
        (["data", "check", "nowhere"], "no such folder"),
        (["tune"], "Missing argument"),
        (["tuna"], "No such command"),
    ],
)
def test_bad_input_gets_one_message_and_exit_code_2(
    tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "good.yaml").write_text("optim: {lr: {uniform: [0.1, 0.2]}}\ndata: {image_px: 16}")
    (tmp_path / "bad.yaml").write_text("optim: {lrr: 1}\nhead: {type: arcface, margin_rad: 28.6}")
    (tmp_path / "warm.yaml").write_text("model: {init: nowhere.pth}\ndata: {image_px: 16}")
    (tmp_path / "empty").mkdir()
    faces(tmp_path / "one", count=1)
    broken = faces(tmp_path / "broken")
    (broken / "p0" / "zero.jpg").write_bytes(b"")
    whole = (broken / "p1" / "0.jpg").read_bytes()
    (broken / "p1" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.glob("runs/*-0001")), "nothing may be started"


def test_the_schema_is_json(tmp_path: Path) -> None:
    import json

    assert json.loads(run("schema", cwd=tmp_path).stdout)["title"] == "facesearch space"


def test_data_check_says_what_is_there(tmp_path: Path) -> None:
    done = run("data", "check", str(faces(tmp_path / "faces")), cwd=tmp_path)
    assert done.returncode == 0 and "18 pictures of 6 identities, 3 each" in done.stdout
