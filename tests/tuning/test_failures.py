import itertools

import pytest

from facesearch.tuning.budget import hopeless
from facesearch.tuning.failures import counted, first_line, reasons
from facesearch.tuning.records import SweepRecord, TrialRecord

A, B = "no file faces/3.png", "the loss is NaN"


def failed(number: int, message: str, outcome: str = "failed") -> TrialRecord:
    return TrialRecord(number, {}, outcome=outcome, message=message)


def sweep_of(*trials: TrialRecord) -> SweepRecord:
    order = [trial.number for trial in trials]
    return SweepRecord("s", 50, 9, trials={t.number: t for t in trials}, ended_order=order)


def test_the_most_frequent_reason_is_named_with_its_own_count_whoever_came_last() -> None:
    trials = [*(failed(n, A) for n in range(5)), failed(5, B)]
    for order in itertools.permutations(trials):
        assert hopeless(sweep_of(*order)) == (
            "5 of 6 trials failed alike, so the sweep was given up. "
            f"failed: {A} (besides: 1 failed: {B})"
        )


def test_a_reason_is_of_one_outcome_and_what_did_not_fail_is_counted_too() -> None:
    trials = [*(failed(n, B, "diverged") for n in range(9)), failed(9, B), failed(10, "", "pruned")]
    told = hopeless(sweep_of(*trials))
    assert told.startswith("9 of 11 trials failed alike")
    assert told.endswith(f"diverged: {B} (besides: 1 pruned; 1 failed: {B})")


@pytest.mark.parametrize("num_alike", [0, 3, 4])
def test_a_sweep_whose_failures_differ_goes_on(num_alike: int) -> None:
    words = ["red", "bee", "be", "rd", "deed", "eye"]  # none is another's but for its letters
    trials = [failed(n, A if n < num_alike else words[n]) for n in range(6)]
    assert hopeless(sweep_of(*trials)) == ""


def test_numbers_do_not_tell_reasons_apart_and_the_newest_is_quoted() -> None:
    messages = ["pid 12 at 0x7f3a: 1.5e-3 s", "pid 990 at 0x7fff: 20 s\nmore", "pid gone"]
    found = reasons([failed(n, m) for n, m in enumerate(messages)])
    assert [(r.words, r.trials) for r in found] == [
        ("pid 990 at 0x7fff: 20 s", (0, 1)),
        ("pid gone", (2,)),
    ]
    assert counted(found) == "2 failed: pid 990 at 0x7fff: 20 s; 1 failed: pid gone"


def test_what_has_no_message_and_what_did_not_fail() -> None:
    assert first_line(" \n ") == first_line("") == "not told"
    assert [str(r) for r in reasons([failed(0, "x", "completed"), failed(1, "")])] == [
        "failed: not told"
    ]


def test_names_of_files_and_ids_do_not_tell_reasons_apart() -> None:
    told = "cannot read '{}/{}.jpg' (id 9f{}ac)"
    trials = [failed(n, told.format("abcdef"[n] * 3, "xyzuvw"[n], n)) for n in range(6)]
    (reason,) = reasons(trials)
    assert reason.count == 6
