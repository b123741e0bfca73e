from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from models import untrained

from facesearch.cli import cli
from facesearch.cli.final import _choice, finalize
from facesearch.errors import InputError
from facesearch.final.bundle import save_bundle
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


def test_export_needs_a_name(tmp_path: Path) -> None:
    save_bundle(tmp_path / "model", untrained())
    words = ["export", str(tmp_path / "model"), str(tmp_path / "m.pt")]
    with pytest.raises(InputError, match=r"must end in \.onnx"):
        CliRunner().invoke(cli, words, catch_exceptions=False)


def test_an_exported_model_is_a_file_that_was_run(tmp_path: Path) -> None:
    save_bundle(tmp_path / "model", untrained(2))
    out = CliRunner().invoke(
        cli, ["export", str(tmp_path / "model"), str(tmp_path / "m.onnx")], catch_exceptions=False
    )
    assert out.exit_code == 0 and "[N, 16, 16, 3] RGB" in out.output
    assert (tmp_path / "m.onnx").stat().st_size > 1000
