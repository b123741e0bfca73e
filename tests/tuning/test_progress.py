import io

import pytest
from rich.console import Console

from facesearch.tuning.progress import LiveView, format_seconds, leaderboard, leaders, sparkline
from facesearch.tuning.records import SweepRecord, TrialRecord


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5s"), (104, "1m44s"), (7500, "2h05m"), (-3, "0s")]
)
def test_durations(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_a_curve_spans_the_bars() -> None:
    assert sparkline([0, 1, 2]) == "▁▄█" and sparkline([1, 1]) == "▁▁" and sparkline([]) == ""


def run_view(console: Console) -> None:
    trial = TrialRecord(0, {"head": "[red]x"}, curve=[{"score": 0.5, "val/rank1": 0.5}])
    sweep = SweepRecord("toy", 2, 3, trials={0: trial})
    with LiveView(sweep, console) as view:
        view.trial_started(trial)
        view.epoch_done(trial)
        trial.outcome = "pruned"
        view.trial_ended(trial)
    console.print(leaderboard(sweep))
    assert leaders(sweep) == "000  [red]x"


def test_a_log_gets_plain_lines() -> None:
    out = io.StringIO()
    run_view(Console(file=out, width=80))
    text = out.getvalue()
    assert "\x1b" not in text and "trial 000  pruned     after epoch 1, score 0.5000" in text
    assert "[red]x" in text


def test_a_terminal_gets_a_screen() -> None:
    out = io.StringIO()
    run_view(Console(file=out, width=80, force_terminal=True))
    assert "Ctrl-C stops cleanly" in out.getvalue()
