import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from command_line import run
from sweeps import in_mlflow, simulated_sweep

from facesearch.cli import cli
from facesearch.config import RunConfig
from facesearch.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sweeps, the second in the ledger only."""
    runs = tmp_path_factory.mktemp("runs")
    in_mlflow(simulated_sweep(runs, trials=9))
    simulated_sweep(runs, trials=2, seed=1, num_failed=1)
    return runs


def shown(folder: Path, word: str) -> Any:
    return json.loads(run("show", word, "--runs", str(folder), "--json"))


def section(text: str, title: str) -> str:
    """Return the lines below a title, which may have a remark in brackets."""
    (part,) = [part for part in text.split("\n\n") if part.startswith((f"{title}\n", f"{title} ("))]
    return part.partition("\n")[2]


def test_a_trial_is_shown_in_full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    trial = shown(folder, "made-up-0001/004")
    text = run("show", trial["run"][:8], "--runs", str(folder))
    assert text.startswith(f"trial {trial['run'][:8]}\n")
    config = yaml.safe_load(section(text, "config"))
    assert len(str(config)) < len(str(trial["config"])) / 2 and "head" in config
    assert RunConfig.model_validate(config) == RunConfig.model_validate(trial["config"])
    whole = run("show", trial["run"][:8], "--runs", str(folder), "-v")
    assert yaml.safe_load(section(whole, "config")) == trial["config"]
    assert RunConfig.model_validate(config).optim.lr == trial["params"]["lr"]
    assert f"-> {trial['score']:.4g}" in section(text, "curves").splitlines()[0]
    assert "made-up-0001/004" in text and "version.torch" in section(text, "provenance")
    assert f"facesearch finalize --run-id {trial['run'][:8]}" in section(text, "next")
    above = text.partition("\n\n")[0].splitlines()
    assert max(map(len, above)) <= 80


def test_a_failure_says_why_and_is_not_to_be_finalized(folder: Path) -> None:
    text = run("show", "made-up-0001/007", "--runs", str(folder))
    assert "outcome     out of memory" in text and "the loss is not finite" in text
    assert "finalize" not in section(text, "next")


def test_without_mlflow_the_ledger_tells_the_same(folder: Path) -> None:
    theirs = shown(folder, "made-up-0001/004")
    words = ["show", "made-up-0001/004", "--runs", str(folder), "--json"]
    result = CliRunner().invoke(cli, [*words, "--tracking-uri", "http://127.0.0.1:9"])
    mine = json.loads(result.stdout)
    for key in ("config", "curves", "params", "score", "outcome", "message", "epochs"):
        assert mine[key] == theirs[key], key
    assert mine["run"] == "" and mine["source"].startswith("the ledger in")
    text = run("show", "made-up-0002/001", "--runs", str(folder))
    assert text.startswith("trial made-up-0002/001") and "facesearch sync made-up-0002" in text


def test_a_sweep_is_shown_by_its_name_or_its_run(folder: Path) -> None:
    sweep = shown(folder, "made-up-0001")
    assert (sweep["kind"], len(sweep["runs"])) == ("sweep", 9)
    assert sweep["runs"][0]["run"] == sweep["best_run"]
    text = run("show", sweep["run"][:8], "--runs", str(folder))
    assert text.startswith("sweep made-up-0001: 9 trials")
    assert yaml.safe_load(section(text, "space"))["name"] == "made-up"
    assert len(section(text, "best").splitlines()) == 1 + 5
    assert f"--run-id {sweep['best_run'][:8]}" in section(text, "next")


def test_a_final_model_is_shown_with_its_intervals(folder: Path) -> None:
    store = in_mlflow(folder / "made-up-0001")
    client = store.client()
    tags = {"facesearch.kind": "final", "mlflow.runName": "final of trial 4",
            "facesearch.config": RunConfig().model_dump_json()}  # fmt: skip
    run_id = client.create_run(store.experiment_id(client), tags=tags).info.run_id
    for end, value in (("", 0.5), ("/low", 0.4), ("/high", 0.6)):
        client.log_metric(run_id, f"final/dev/top1{end}", value)
    for step in (1, 2):
        client.log_metric(run_id, "train/loss/seed0", 4.0 / step, step=step)
    client.set_terminated(run_id)
    text = run("show", run_id[:10], "--runs", str(folder))
    assert text.startswith(f"final model {run_id[:8]}")
    assert "dev/top1  " in text and "0.500 [0.400, 0.600]" in section(text, "metrics")
    assert "4 -> 2" in section(text, "curves")
    assert f"facesearch report {run_id[:8]}" in section(text, "next")


def test_what_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(InputError, match=r"'nobody' is no sweep.* No run's id begins so"):
        run("show", "nobody", "--runs", str(folder))
    with pytest.raises(InputError, match="no trial 050: it has 9, from 000 to 008"):
        run("show", "made-up-0001/50", "--runs", str(folder))
