from facesearch.tracking.describe import MARK, MAX_LENGTH, describe_experiment, describe_sweep
from facesearch.tuning.records import SweepRecord, TrialRecord


def a_sweep(**changes: object) -> SweepRecord:
    row = {"score": 0.5, "seconds": 100.0, "val/rank1": 0.5}
    trials = {
        0: TrialRecord(0, {"head": "softmax"}, curve=[row], outcome="pruned", run_id="aaa0"),
        1: TrialRecord(
            1, {"head": "arcface", "optim.lr": 0.12345}, curve=[row, {**row, "score": 0.625}],
            outcome="completed", run_id="bbb1234567",
        ),
        2: TrialRecord(2, {"head": "softmax"}, outcome="out_of_memory"),
    }  # fmt: skip
    return SweepRecord("faces", 3, 2, "id", trials=trials, **changes)  # type: ignore[arg-type]


def test_a_sweep_says_what_won_what_it_took_and_what_comes_next() -> None:
    text = describe_sweep(a_sweep(), "faces-0001", "7")
    assert text.startswith("**Best: trial 001, score 0.6250 after epoch 2.**")
    assert "| optim.lr | 0.123 |" in text and "| val/rank1 | 0.5 |" in text
    assert "| trials | 3: 1 pruned, 1 completed, 1 out\\_of\\_memory |" in text
    assert "| epochs | 3 of 6 (50%) |" in text
    assert "| training | 5 min, all trials added |" in text
    assert "| without a finished epoch | 002: in no chart |" in text
    assert "facesearch finalize --run-id bbb12345\n" in text
    assert "facesearch ui faces-0001\n" in text
    assert "(#/experiments/7/runs?viewStateShareKey=facesearch-id&" in text
    assert "](#/experiments/7/runs/aaa0) | pruned | 1 | 0.5000 |" in text


def test_an_interrupted_and_a_fruitless_sweep_say_so() -> None:
    assert "It was interrupted" in describe_sweep(a_sweep(is_interrupted=True), "", "7")
    given_up = SweepRecord("s", 1, 1, "id", abandoned="most trials failed")
    text = describe_sweep(given_up, "", "7")
    assert text.startswith("**No trial of this sweep has a score.** It was given up: most trials")
    assert "finalize" not in text


def test_what_a_point_holds_stays_text() -> None:
    sweep = a_sweep()
    sweep.trials[1].point = {"model.init": "<b>|`a`\n[x](y)"}
    text = describe_sweep(sweep, "", "7")
    assert "<b>" not in text.replace("\\<b\\>", "") and "\n[x](y)" not in text


def test_a_description_is_short_enough_for_mlflow() -> None:
    sweep = a_sweep()
    sweep.trials[1].point = {f"part.name{n}": "x" * 100 for n in range(200)}
    assert MAX_LENGTH <= len(describe_sweep(sweep, "", "7")) <= 8000


def test_the_experiment_says_how_the_page_is_opened() -> None:
    assert describe_experiment().startswith(MARK)
    assert "facesearch ui SWEEP" in describe_experiment()
