from pathlib import Path
from typing import Any

import pytest

from facesearch.report.failures import causes, failure_rows, reason_rows
from facesearch.report.sweep_source import SweepSource
from facesearch.space import space_from_text
from facesearch.tuning.records import SweepRecord, TrialRecord

SPACE = """\
head: {type: {choice: [softmax, cosface, arcface]}}
augment: {strength: {uniform: [0.0, 1.0]}}
optim: {lr: {log_uniform: [0.01, 1]}}
"""


def source_of(trials: list[TrialRecord]) -> SweepSource:
    space = space_from_text(SPACE)
    sweep = SweepRecord("s", len(trials), 9, trials={t.number: t for t in trials})
    return SweepSource(Path("runs/s-0001"), space, sweep, [], space.holes(), {})


def trial(number: int, *, is_failed: bool = False, **point: Any) -> TrialRecord:
    whole = {"head.type": "softmax", "augment.strength": (number * 7 % 24) / 24, "optim.lr": 0.1}
    whole |= {name.replace("__", "."): value for name, value in point.items()}
    outcome = "diverged" if is_failed else "completed"
    return TrialRecord(number, whole, outcome=outcome, message="the loss is NaN\nat line 3")


def test_a_number_that_is_higher_where_it_failed_is_named() -> None:
    trials = [trial(n, is_failed=n >= 18, optim__lr=0.01 * 1.2**n) for n in range(24)]
    (cause,) = causes(source_of(trials))
    assert cause.hole.name == "optim.lr"
    assert cause.words == "lr: higher where it failed, median 0.422 against 0.0473"
    assert cause.chance < 0.01


def test_an_option_on_which_failures_fall_is_named() -> None:
    heads = ["softmax", "cosface", "arcface"]
    trials = [trial(n, is_failed=n % 3 == 2 and n < 20, head__type=heads[n % 3]) for n in range(24)]
    (cause,) = causes(source_of(trials))
    assert cause.words == "type: failed most with arcface 6 of 8"


@pytest.mark.parametrize("num_failed", [0, 2, 24])
def test_nothing_is_said_of_too_few_or_of_all(num_failed: int) -> None:
    trials = [trial(n, is_failed=n < num_failed, optim__lr=0.01 * 1.2**n) for n in range(24)]
    assert causes(source_of(trials)) == []


def test_chance_alone_seldom_gives_a_cause() -> None:
    import random

    found = 0
    for seed in range(40):
        rng = random.Random(seed)
        found += bool(causes(source_of([
            trial(n, is_failed=rng.random() < 0.3, optim__lr=10 ** rng.uniform(-2, 0),
                  augment__strength=rng.random(), head__type=rng.choice(["softmax", "arcface"]))
            for n in range(24)
        ])))  # fmt: skip
    assert found <= 5


def test_rows_say_how_when_and_why() -> None:
    trials = [trial(0, is_failed=True), trial(1, is_failed=True)]
    trials[1].outcome, trials[1].message = "out_of_memory", ""
    assert failure_rows(trials)[0]["why"] == "the loss is NaN"
    assert [row["why"] for row in reason_rows(trials)] == ["the loss is NaN", "not told"]


def test_reasons_that_differ_in_a_number_alone_are_one_with_its_whole_count() -> None:
    trials = [trial(n, is_failed=True) for n in range(6)]
    for one in trials[:5]:
        one.message = f"no memory for {one.number + 2}.5e9 bytes"
    assert [(row["why"], row["trials"]) for row in reason_rows(trials)] == [
        ("no memory for 6.5e9 bytes", 5),
        ("the loss is NaN", 1),
    ]
