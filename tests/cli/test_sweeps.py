import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from command_line import run

from facesearch.cli import cli
from facesearch.cli.sweeps import _say_details
from facesearch.errors import InputError
from facesearch.space import load_space

SPACE = """
name: tiny
data: {image_px: 16}
model: {num_stages: 2, width: {choice: [4, 8]}}
optim: {lr: {log_uniform: [0.01, 0.1]}}
train: {epochs: 9}
search: {trials: 9, scheduler: {type: asha, grace_epochs: 1, eta: 3}%s}
"""


def written(tmp_path: Path, more: str = "") -> str:
    (tmp_path / "space.yaml").write_text(SPACE % more)
    return str(tmp_path / "space.yaml")


def test_a_preview_shows_holes_networks_rungs_and_disk_and_starts_nothing(tmp_path: Path) -> None:
    out = run("preview", written(tmp_path), "--no-measure")
    for text in (
        "model.width",
        "4 | 8",
        "0.01 ... 0.1 (log)",
        "rungs of asha",
        "9 trials",
        "disk:",
    ):
        assert text in out
    assert "expected duration" not in out
    assert [path.name for path in tmp_path.iterdir()] == ["space.yaml"]


def test_a_preview_says_what_is_impossible(tmp_path: Path) -> None:
    space = written(tmp_path, ", limits: {cost/mparams: 1.0e-9}")
    with pytest.raises(InputError, match=r"search.limits refuse every point"):
        CliRunner().invoke(cli, ["preview", space, "--no-measure"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("extend", "nothing"), "by how much"),
        (("extend", "nothing", "--trials", "3"), "'nothing' is no sweep"),
        (("extend", "nothing", "--time", "soon"), "'nothing' is no sweep"),
        (("sync", "nothing"), "'nothing' is no sweep"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(cli, [*words, "--runs", str(tmp_path)], catch_exceptions=False)


def test_learning_from_another_objective_is_refused_before_anything_is_made(
    tmp_path: Path,
) -> None:
    from facesearch.space import load_space
    from facesearch.tuning.folder import open_sweep
    from facesearch.tuning.session import learned_trials

    old = load_space(Path(written(tmp_path, ", objective: val/top1")))
    folder = open_sweep(old, "faces", tmp_path / "runs")
    folder.ledger.close()
    new = load_space(Path(written(tmp_path)))
    with pytest.raises(InputError, match=r"had objective val/top1 and 9 epochs"):
        learned_trials(new, [folder.path])
    assert learned_trials(old, [folder.path]) == []


def test_a_preview_as_json_says_the_same(tmp_path: Path) -> None:
    told = json.loads(run("preview", written(tmp_path), "--no-measure", "--json"))
    assert [hole["hole"] for hole in told["holes"]] == ["model.width", "optim.lr"]
    assert told["trials_that_reach_epoch"]["1"] == 9.0 and told["seconds"] is None
    assert told["networks"][0]["memory_bytes"] > 0 and told["impossible"] == []


TINY = """
name: tiny
data: {image_px: 16, synthetic: {num_identities: 12, faces_per_identity: 4}}
model: {stem: small, num_stages: 2, width: 8, embedding_dim: 16}
optim: {lr: {log_uniform: [0.03, 0.4]}}
train: {epochs: 2, batch_size: 16}
search: {objective: val/rank1, trials: 2, scheduler: {type: none}}
"""


@pytest.mark.slow
def test_a_sweep_as_json_writes_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(TINY)
    done = subprocess.run(
        [sys.executable, "-m", "facesearch.cli", "-q", "tune", "space.yaml", "--json"],
        capture_output=True, text=True, cwd=tmp_path, timeout=400,
        env={k: v for k, v in os.environ.items() if k != "FACESEARCH_DATA"},
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert done.returncode == 0 and told["best"]["epochs"] == 2 and len(told["trials"]) == 2
    assert "trial" not in done.stderr


def test_detail_tells_places_and_the_config_with_its_defaults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = load_space(Path(written(tmp_path)))
    with click.Context(cli) as context:
        _say_details(space, "sqlite:////x.db", tmp_path)
        assert capsys.readouterr().err == ""
        context.meta["facesearch.verbosity"] = 1
        _say_details(space, "sqlite:////x.db", tmp_path)
    told = capsys.readouterr()
    assert "sqlite:////x.db" in told.err and "weight_decay:" in told.err and told.out == ""


@pytest.mark.slow
def test_a_preview_says_what_an_epoch_takes_and_what_to_type_next(tmp_path: Path) -> None:
    (tmp_path / "my space.yaml").write_text(TINY)
    words = ["preview", str(tmp_path / "my space.yaml"), "--trials", "3"]
    out = run(*words)
    assert "s an epoch" in out and "expected duration: " in out
    (line,) = [line for line in out.splitlines() if line.startswith("next:  ")]
    assert shlex.split(line)[1:] == ["facesearch", "tune", words[1], "--trials", "3"]
    quiet = run("-q", *words, "--no-measure")
    assert "optim.lr" in quiet and "next:" not in quiet and "s an epoch" not in quiet


@pytest.mark.parametrize("address", ["127.0.0.1:9", "", "http://127.0.0.1:8265"])
@pytest.mark.parametrize("command", ["tune", "baseline"])
def test_a_cluster_that_does_not_answer_is_refused_before_anything_is_made(
    command: str, address: str, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    words = [command, written(tmp_path), "--address", address, "--runs", str(runs)]
    with pytest.raises(
        InputError, match=r"--address.* (leave --address out|is empty; leave it out)"
    ):
        CliRunner().invoke(cli, words, catch_exceptions=False)
    assert not runs.exists()
