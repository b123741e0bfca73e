import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from facesearch.cli import cli
from facesearch.cli.doctor import probe


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries were asked already."""
    torch = {
        "torch": "2.14.1", "torchvision": "0.29.1", "cuda": "", "gpus": [], "cpu_bf16": True,
        "mps": False,
    }  # fmt: skip
    facts = {"torch": torch, "ray": {"version": "2.60"}, "mlflow": {"experiments": 1}}
    monkeypatch.setattr(probe, "ask_all", lambda names, timeout_s: {n: facts[n] for n in names})


def test_something_wrong_gives_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    words = ["doctor", "--json", "--deep", "--runs"]
    wrong = CliRunner().invoke(cli, [*words, str(tmp_path / "file" / "runs")])
    assert wrong.exit_code == 2
    found = {f["about"]: f for f in json.loads(wrong.stdout)}
    assert found["runs"]["state"] == "wrong" and found["runs"]["mend"]
    assert found["MLflow"]["state"] == "ok"


def test_nothing_is_made(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["doctor", "--runs", str(tmp_path / "runs")])
    assert "MLflow store" in done.output and not (tmp_path / "runs").exists()
