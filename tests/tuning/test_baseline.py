from pathlib import Path

from sweeps import simulated_sweep

from facesearch.space import space_from_text
from facesearch.tuning.baseline import BASELINES, as_baseline, comparison
from facesearch.tuning.history import fold
from facesearch.tuning.ledger import read_ledger


def test_a_baseline_repeats_nothing() -> None:
    space = space_from_text("name: a\nsearch: {trials: 30, repeat_top: 3}")
    for name in BASELINES:
        assert as_baseline(space, name).settings.search.repeat_top == 0


def test_a_sweep_is_compared_by_its_search_alone(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path, trials=6, num_failed=0, epochs=4, repeat_top=2,
                             repeat_seeds=2, scheduler={"type": "none"})  # fmt: skip
    trials = fold(read_ledger(folder)).trials
    assert len(trials) == 8
    best = max(trials[number].curve[-1]["score"] for number in range(6))
    assert comparison(tmp_path, "made-up") == [
        ("made-up", f"{best:.4f}", "24", "6"),
        *((f"made-up-{name}", "not run", "", "") for name in BASELINES),
    ]
