from pathlib import Path

import pytest
from sweeps import in_mlflow, simulated_sweep

from facesearch.errors import InputError
from facesearch.space import load_space
from facesearch.tracking.boards import StoreReader
from facesearch.tuning.board import curves_of, read_board, read_trial


def test_ledger_and_store_tell_the_same_of_a_sweep(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path, trials=12)
    ours = read_board(folder)
    reader = StoreReader(in_mlflow(folder))
    theirs = reader.board(reader.sweeps()[0])
    assert (ours.sweep, ours.sweep_id) == (theirs.sweep, theirs.sweep_id)
    assert len(ours.rows) == len(theirs.rows) == 12
    for one, other in zip(ours.rows, theirs.rows, strict=True):
        for name in ("sweep", "trial", "outcome", "epochs", "score", "params"):
            assert getattr(one, name) == getattr(other, name)
        # an order that a person can compare, and not the store's
        assert list(one.params) == list(other.params)
        assert one.metrics == {k: v for k, v in other.metrics.items() if k != "epochs"}
        assert one.run_id == "" and len(other.run_id) == 32


def test_a_trial_is_read_in_full(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path, trials=8)
    detail = read_trial(folder, 7)
    assert (detail.label, detail.row.outcome) == ("made-up-0001/007", "out_of_memory")
    assert detail.message == "the loss is not finite"
    assert detail.config["head"]["type"] == detail.row.params["head"]
    assert detail.config["optim"]["lr"] == detail.row.params["lr"]
    assert (
        detail.config["train"]["epochs"]
        == load_space(folder / "space.yaml").first_config().train.epochs
    )
    assert len(detail.curves["score"]) == detail.row.epochs == 1
    with pytest.raises(InputError, match="no trial 008: it has 8, from 000 to 007"):
        read_trial(folder, 8)


def test_curves_are_the_columns_of_the_epochs() -> None:
    rows = [{"score": 0.1}, {"score": 0.2, "loss": 3.0}]
    assert curves_of(rows) == {"score": [0.1, 0.2], "loss": [3.0]}
    assert curves_of([]) == {}
