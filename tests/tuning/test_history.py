from facesearch.tuning.history import fold
from facesearch.tuning.ledger import Event


def event(what: str, t: float = 0.0, **fields: object) -> Event:
    return {"event": what, "t": t, **fields}


BEGUN = [
    event("opened", sweep_id="s", name="toy", max_epochs=3),
    event("session", trials=4, time_s=60.0),
    event("drawn", 1.0, trial=0, draw=0, point={"lr": 0.1}),
    event("started", 1.0, trial=0, attempt=1),
    event("epoch", 5.0, trial=0, attempt=1, values={"score": 0.5, "seconds": 4.0}),
]


def test_a_new_session_finds_what_ran_waiting_and_the_time_of_all_sessions() -> None:
    sweep = fold([*BEGUN, event("session", 0.5, trials=8, time_s=None), event("closed", 7.0)])
    assert sweep.trials[0].outcome == "waiting" and sweep.trials[0].epochs == 1
    assert (sweep.past_s, sweep.session_s) == (5.0, 7.0)
    assert (sweep.planned_trials, sweep.time_s) == (8, None)


def test_losses_are_counted_only_where_the_trial_is_to_blame() -> None:
    lost = [event("lost", trial=0, message="m", is_counted=c) for c in (True, False, True)]
    trial = fold([*BEGUN, *lost]).trials[0]
    assert (trial.crashes, trial.outcome, trial.message) == (2, "waiting", "m")


def test_a_wake_notes_where_it_was_decided_and_whose_weights_are_taken() -> None:
    woken = event("woken", trial=0, point={"lr": 0.2}, parent=3)
    trial = fold([*BEGUN, event("paused", trial=0), woken]).trials[0]
    assert (trial.woken_epochs, trial.point, trial.parent) == (1, {"lr": 0.2}, 3)
    kept = fold([*BEGUN, event("woken", trial=0, point=None, parent=None)]).trials[0]
    assert kept.point == {"lr": 0.1} and kept.parent is None


def test_what_a_later_version_may_write_is_passed_over() -> None:
    assert fold([*BEGUN, event("something_new", trial=99)]).trials == fold(BEGUN).trials


def test_refused_points_and_outcomes_are_kept() -> None:
    sweep = fold(
        [
            *BEGUN,
            event("refused", draw=1, point={"lr": 9.0}, excess={"memory": 2.0}),
            event("noted", trial=0, message="an older checkpoint was used"),
            event("ended", trial=0, outcome="pruned", message=""),
        ]
    )
    assert sweep.refused == {1: ({"lr": 9.0}, {"memory": 2.0})}
    assert sweep.trials[0].outcome == "pruned"
    assert sweep.trials[0].message == "an older checkpoint was used"
