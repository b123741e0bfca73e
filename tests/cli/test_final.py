import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from faces_on_disk import hw2p2_s23
from models import untrained

from facesearch.cli import cli
from facesearch.cli.final import _choice, finalize
from facesearch.errors import InputError
from facesearch.final.bundle import load_bundle, save_bundle
from facesearch.final.plan import FineTune


def parsed(*words: str) -> dict[str, Any]:
    return dict(finalize.make_context("finalize", ["--run-id", "abc", *words]).params)


def test_options_become_the_choice() -> None:
    choice = _choice(parsed())
    assert choice.plan.seeds == 1 and choice.plan.fine_tune is None and choice.keeps_all
    assert choice.views == "flip" and choice.registers and not choice.has_shift_control
    choice = _choice(parsed(
        "--seeds", "3", "--epochs", "60", "--image-px", "80", "--top-k", "2", "--workers", "4",
        "--fine-tune-epochs", "9", "--fine-tune-px", "96", "--fine-tune-margin", "1.2",
        "--fine-tune-lr", "0.3", "--views", "crops", "--first-seed-only", "--no-register",
        "--ema-decay", "0.9", "--shift-control",
    ))  # fmt: skip
    plan = choice.plan
    assert (plan.seeds, plan.epochs, plan.image_px, plan.workers) == (3, 60, 80, 4)
    assert plan.fine_tune == FineTune(9, 96, 1.2, 0.3) and plan.ema_decay == 0.9
    assert (choice.top_k, choice.views) == (2, "crops")
    assert not choice.keeps_all and not choice.registers and choice.has_shift_control


@pytest.mark.parametrize(
    "words",
    [("--fine-tune-px", "96"), ("--fine-tune-margin", "1.2"), ("--fine-tune-lr", "0.5")],
)
def test_a_fine_tuning_without_length_is_refused(words: tuple[str, str]) -> None:
    with pytest.raises(InputError, match="need --fine-tune-epochs"):
        _choice(parsed(*words))


def test_evaluate_prints_writes_and_freezes(tmp_path: Path) -> None:
    save_bundle(tmp_path / "model", untrained(identities=tuple("abcdefgh")))
    root = hw2p2_s23(tmp_path / "s23")
    words = ["evaluate", str(tmp_path / "model"), "--data", str(root)]
    out = CliRunner().invoke(
        cli, [*words, "--freeze", str(tmp_path / "out"), "--report", str(tmp_path / "r.json")],
        catch_exceptions=False,
    ).output  # fmt: skip
    assert "unknown_dev/rank1" in out and "note: " in out
    told = json.loads((tmp_path / "r.json").read_text())
    fars = [name for name in told["figures"] if "/tar_at_far_" in name]
    shown = [name for name in told["figures"] if f"\n{name} " in f"\n{out}"]
    assert len(shown) < len(told["figures"]) and len(set(shown) & set(fars)) == 1
    assert f"{len(told['figures']) - len(shown)} more figures: in {tmp_path / 'r.json'}" in out
    detail = [*words, "-v", "--freeze", str(tmp_path / "again")]
    every = CliRunner().invoke(cli, detail, catch_exceptions=False).output
    assert all(name in every for name in told["figures"]) and "more figures" not in every
    assert "unknown_dev/rank1" in told["figures"]
    assert "rejection" in load_bundle(tmp_path / "out").thresholds
    printed = CliRunner().invoke(cli, [*words, "--json"], catch_exceptions=False).output
    assert set(json.loads(printed)["figures"]) <= set(told["figures"])


def test_evaluate_needs_faces_and_export_a_name(tmp_path: Path) -> None:
    save_bundle(tmp_path / "model", untrained())
    for words, message in (
        (["evaluate", str(tmp_path / "model")], "which faces"),
        (["export", str(tmp_path / "model"), str(tmp_path / "m.pt")], r"must end in \.onnx"),
    ):
        with pytest.raises(InputError, match=message):
            CliRunner().invoke(cli, words, catch_exceptions=False)


def test_an_exported_model_is_a_file_that_was_run(tmp_path: Path) -> None:
    save_bundle(tmp_path / "model", untrained(2))
    out = CliRunner().invoke(
        cli, ["export", str(tmp_path / "model"), str(tmp_path / "m.onnx")], catch_exceptions=False
    )
    assert out.exit_code == 0 and "[N, 16, 16, 3] RGB" in out.output
    assert (tmp_path / "m.onnx").stat().st_size > 1000
