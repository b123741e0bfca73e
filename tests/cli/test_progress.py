import io
import re

import click
import numpy as np
import pytest
from rich.console import Console

from facesearch.cli.progress import Bars, epoch_line, member_name
from facesearch.cli.verbosity import accept_verbosity
from facesearch.final.retrain import Progress
from facesearch.metrics.intervals import bootstrap_pairs
from facesearch.progress import heard_by, track
from facesearch.training.fit import EpochResult


def epoch(member: int, number: int, *, members: int = 2, stages: int = 1) -> Progress:
    result = EpochResult(number, {"train/loss": 1.25}, 2.0)
    return Progress(member, members, 0, stages, 3, result)


def terminal(out: io.StringIO) -> Console:
    return Console(file=out, width=80, height=24, force_terminal=True)


def everything(console: Console) -> None:
    with Bars(console, "training") as bars:
        for number in (1, 2, 3):
            bars.epoch(epoch(0, number))
        bars.step("verifying")
        list(track([1, 2], "asking the model"))
        bars.step("logging to MLflow")


def test_a_log_gets_a_line_an_epoch_and_a_step() -> None:
    out = io.StringIO()
    everything(Console(file=out, width=80))
    assert out.getvalue().splitlines() == [
        "network 1/2  epoch 1/3  loss 1.2500  2.0s", "network 1/2  epoch 2/3  loss 1.2500  2.0s",
        "network 1/2  epoch 3/3  loss 1.2500  2.0s", "verifying ...", "logging to MLflow ...",
    ]  # fmt: skip


def test_a_terminal_keeps_a_line_a_member_and_a_step() -> None:
    out = io.StringIO()
    everything(terminal(out))
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in out.getvalue().splitlines()]
    kept = [line.strip("\r ") for line in lines]
    assert "network 1/2  3 epochs  loss 1.2500  6s" in kept
    assert "verifying  0s" in kept and "logging to MLflow  0s" in kept


def test_a_terminal_gets_bars_that_go_away() -> None:
    with Bars(terminal(io.StringIO()), "training") as bars:
        assert bars.progress is not None
        assert [task.description for task in bars.progress.tasks] == ["training"]
        for number in (1, 2):
            for member in (0, 1):
                bars.epoch(epoch(member, number))
        drawn = [(t.description, t.completed, t.fields["amount"]) for t in bars.progress.tasks[1:]]
        assert drawn == [(f"network {n}/2  loss 1.2500", 2, "2/3") for n in (1, 2)]
        bars.epoch(epoch(0, 3))
        assert len(bars.progress.tasks) == 2
        bars.step("verifying")
        assert "verifying" in [task.description for task in bars.progress.tasks]
        assert "training" not in [task.description for task in bars.progress.tasks]


def test_what_is_done_at_once_has_no_bar() -> None:
    with Bars(terminal(io.StringIO())) as bars, heard_by(bars.told):
        assert bars.progress is not None
        for _ in track(["one"], "asking the model"):
            assert bars.progress.tasks == []


def test_a_word_between_stands_above_the_bars_as_it_is() -> None:
    out = io.StringIO()
    with Bars(terminal(out)) as bars:
        bars.say("a [red]word[/red] \x1b[31mbetween")
    assert "a [red]word[/red] ?[31mbetween" in out.getvalue()


def test_a_step_that_failed_is_not_told_as_done() -> None:
    out = io.StringIO()
    with pytest.raises(ValueError, match="no"), Bars(terminal(out)) as bars:
        bars.step("verifying")
        raise ValueError("no")
    assert "verifying  0s" not in out.getvalue()


def test_the_bootstrap_is_seen_at_work() -> None:
    told: list[tuple[str, int, int]] = []
    with Bars(terminal(io.StringIO())) as bars:
        assert bars.progress is not None

        def hear(what: str, done: int, total: int) -> None:
            told.append((what, done, total))
            bars.told(what, done, total)

        rng = np.random.default_rng(0)
        first, second = rng.integers(0, 5, (2, 40))
        with heard_by(hear):
            bootstrap_pairs(rng.random(40), first == second, first, second, [0.1])
        assert bars.progress.tasks == []
    assert told[0] == ("drawing identities for the intervals", 0, 300)
    assert told[-1] == ("drawing identities for the intervals", 300, 300)


def test_the_longest_line_fits_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    with Bars(terminal(out)) as bars:
        assert bars.progress is not None
        bars.epoch(epoch(0, 1, members=64, stages=2))
        bars.told("drawing galleries as in the search", 123_456, 1_234_567)
        paper = Console(file=io.StringIO(), width=80, record=True)
        paper.print(bars.progress.get_renderable())
    text = paper.export_text()
    assert "network 1/64  stage 1/2  loss 1.2500" in text and "123,456/1,234,567" in text
    assert "…" not in text and len(text.splitlines()) == 2


def test_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    everything(terminal(out))
    codes = re.findall(r"\x1b\[([0-9;]*)m", out.getvalue())
    assert not [c for c in codes for n in c.split(";") if n.isdigit() and 30 <= int(n) <= 107]


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    out = io.StringIO()
    everything(terminal(out))
    assert "\x1b" not in out.getvalue() and "epoch 3/3" in out.getvalue()


def test_the_quiet_are_told_nothing() -> None:
    out = io.StringIO()

    @click.command()
    def work() -> None:
        everything(terminal(out))

    accept_verbosity(work).main(["-q"], standalone_mode=False)
    assert out.getvalue() == ""


def test_one_member_and_one_stage_need_no_name() -> None:
    assert member_name(epoch(0, 1, members=1)) == ""
    assert epoch_line(epoch(0, 2, members=1)) == "epoch 2/3  loss 1.2500  2.0s"
    assert member_name(epoch(0, 1, members=1, stages=2)) == "network 1/1  stage 1/2"
