from facesearch.tuning.records import SweepRecord, TrialRecord, describe_point, short_names


def trial(number: int, scores: list[float], outcome: str = "completed") -> TrialRecord:
    curve = [{"score": s} for s in scores]
    return TrialRecord(number, {"optim.lr": 0.1}, curve=curve, outcome=outcome)


def sweep(*trials: TrialRecord) -> SweepRecord:
    return SweepRecord("s", 4, 3, trials={t.number: t for t in trials})


def test_a_whole_training_is_ranked_before_a_stopped_one() -> None:
    record = sweep(trial(0, [0.9], "pruned"), trial(1, [0.1, 0.2, 0.3]), trial(2, [0.1, 0.2, 0.4]))
    assert [t.number for t in record.ranked()] == [2, 1, 0]
    assert record.best is not None and record.best.number == 2


def test_a_failed_trial_is_never_the_best() -> None:
    assert sweep(trial(0, [0.9], "diverged")).best is None


def test_a_point_in_words() -> None:
    assert describe_point({"head": "arcface", "optim.lr": 0.123456}) == "arcface lr=0.123"


def test_names_are_short_where_that_is_unique() -> None:
    names = short_names([{"head.a.scale": 1, "optim.lr": 2}, {"head.b.scale": 1}])
    assert names == {
        "head.a.scale": "head.a.scale",
        "optim.lr": "lr",
        "head.b.scale": "head.b.scale",
    }
