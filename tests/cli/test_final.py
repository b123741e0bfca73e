from typing import Any

import pytest

from facesearch.cli.final import _choice, _tell_registered, finalize
from facesearch.errors import InputError
from facesearch.final.plan import FineTune
from facesearch.final.registry import Registered


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
        "--ema-decay", "0.9", "--shift-control", "--register-as", "staff",
    ))  # fmt: skip
    plan = choice.plan
    assert (plan.seeds, plan.epochs, plan.image_px, plan.workers) == (3, 60, 80, 4)
    assert plan.fine_tune == FineTune(9, 96, 1.2, 0.3) and plan.ema_decay == 0.9
    assert (choice.top_k, choice.views) == (2, "crops")
    assert not choice.keeps_all and not choice.registers and choice.has_shift_control
    assert choice.register_as == "staff"


@pytest.mark.parametrize(
    "words",
    [("--fine-tune-px", "96"), ("--fine-tune-margin", "1.2"), ("--fine-tune-lr", "0.5")],
)
def test_a_fine_tuning_without_length_is_refused(words: tuple[str, str]) -> None:
    with pytest.raises(InputError, match="need --fine-tune-epochs"):
        _choice(parsed(*words))


def test_it_is_said_which_version_a_model_is(capsys: pytest.CaptureFixture[str]) -> None:
    _tell_registered(Registered("facesearch-staff-123456", "3", "champion", "better, compared"))
    said, notes = capsys.readouterr()
    assert "registered: models:/facesearch-staff-123456/3   champion" in said
    assert "models:/facesearch-staff-123456@champion" in said and "better, compared" in notes
    _tell_registered(Registered("facesearch-staff-123456", "4", "not measured", "no figure"))
    said, notes = capsys.readouterr()
    assert "@champion" not in said and "note: not measured: no figure" in notes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--address", "auto"), "--address is of the Ray that --workers 2"),
        (("--address", "127.0.0.1:9", "--workers", "2"), "127.0.0.1:9: no Ray answers there"),
        (("--address", "", "--workers", "2"), "--address is empty"),
    ],
)
def test_a_cluster_that_does_not_answer_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        _choice(parsed(*words))


def test_an_address_of_our_own_becomes_the_choice() -> None:
    assert _choice(parsed("--workers", "2")).address is None
    assert _choice(parsed("--workers", "2", "--address", "local")).address == "local"
