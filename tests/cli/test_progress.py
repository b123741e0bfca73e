import io

import numpy as np
from rich.console import Console

from facesearch.cli.progress import Bars, epoch_line, member_name
from facesearch.final.retrain import Progress
from facesearch.metrics.intervals import bootstrap_pairs
from facesearch.progress import heard_by, track
from facesearch.training.fit import EpochResult


def epoch(member: int, number: int, *, members: int = 2, stages: int = 1) -> Progress:
    result = EpochResult(number, {"train/loss": 1.25}, 2.0)
    return Progress(member, members, 0, stages, 3, result)


def test_a_log_gets_a_line_an_epoch_and_a_step() -> None:
    out = io.StringIO()
    with Bars(Console(file=out, width=80)) as bars:
        bars.epoch(epoch(0, 1))
        bars.step("verifying")
        list(track([1, 2], "asking the model"))
    assert out.getvalue().splitlines() == [
        "seed 1/2  epoch 1/3  loss 1.2500  2.0s", "verifying ...",
    ]  # fmt: skip


def test_a_terminal_gets_bars_that_go_away() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, height=24, force_terminal=True)
    with Bars(console) as bars:
        assert bars.progress is not None
        for number in (1, 2):
            for member in (0, 1):
                bars.epoch(epoch(member, number))
        assert [task.completed for task in bars.progress.tasks] == [2, 2]
        assert "seed 2/2  loss 1.2500" in bars.progress.tasks[1].description
        bars.epoch(epoch(0, 3))
        assert len(bars.progress.tasks) == 1
        bars.say("a [red]word[/red] between")
    assert "a [red]word[/red] between" in out.getvalue()


def test_the_bootstrap_is_seen_at_work() -> None:
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True)
    told: list[tuple[str, int, int]] = []
    with Bars(console) as bars, heard_by(lambda *what: (told.append(what), bars.told(*what))):
        assert bars.progress is not None
        rng = np.random.default_rng(0)
        first, second = rng.integers(0, 5, (2, 40))
        bootstrap_pairs(rng.random(40), first == second, first, second, [0.1])
        assert bars.progress.tasks == []
    assert told[0] == ("drawing people for the intervals", 0, 1000)
    assert told[-1] == ("drawing people for the intervals", 1000, 1000)


def test_one_member_and_one_stage_need_no_name() -> None:
    assert member_name(epoch(0, 1, members=1)) == ""
    assert epoch_line(epoch(0, 2, members=1)) == "epoch 2/3  loss 1.2500  2.0s"
    assert member_name(epoch(0, 1, members=1, stages=2)) == "seed 1/1  stage 1/2"
