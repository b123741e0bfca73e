import io
import os
import re
import shutil
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest
from rich.console import Console

from facesearch.tuning import live
from facesearch.tuning.live import LiveView, as_html
from facesearch.tuning.records import RUNNING, SweepRecord, TrialRecord


def run_view(console: Console) -> LiveView:
    trial = TrialRecord(0, {"head": "[red]x"}, curve=[{"score": 0.5, "val/rank1": 0.5}])
    trial.outcome = RUNNING
    sweep = SweepRecord("toy", 2, 3, trials={0: trial})
    with LiveView(sweep, console) as view:
        view.trial_started(trial)
        view.epoch_done(trial)
        trial.outcome = "pruned"
        view.trial_ended(trial)
        view.say("a word")
    return view


def test_a_log_gets_plain_lines() -> None:
    out = io.StringIO()
    run_view(Console(file=out, width=80))
    text = out.getvalue()
    assert "trial 000  pruned     after epoch 1, score 0.5000" in text
    assert "[red]x" in text and "a word" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)


def test_a_log_hears_of_a_long_trial_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.0)
    run_view(Console(file=out, width=80))
    assert "running: 000 at epoch 1 with 0.5000   [0/2 trials, 1 epochs" in out.getvalue()


def test_a_terminal_gets_a_screen() -> None:
    out = io.StringIO()
    run_view(Console(file=out, width=80, height=24, force_terminal=True))
    assert "Ctrl-C stops cleanly" in out.getvalue() and "\x1b[" in out.getvalue()


def test_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    run_view(Console(file=out, width=80, height=24, force_terminal=True))
    # codes that set a colour: 30 to 38, 90 to 97 and their grounds
    codes = re.findall(r"\x1b\[([0-9;]*)m", out.getvalue())
    assert not [c for c in codes for n in c.split(";") if n.isdigit() and 30 <= int(n) <= 107]


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    out = io.StringIO()
    run_view(Console(file=out, width=80, force_terminal=True))
    assert "trial 000  pruned" in out.getvalue() and "\x1b[" not in out.getvalue()


def test_a_terminal_without_unicode_gets_lines() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    run_view(Console(file=out, width=80, height=24, force_terminal=True))
    out.seek(0)
    assert "trial 000  pruned" in out.read()


def test_a_notebook_has_one_cell_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, page: str) -> None:
            shown.append(page)

    def display(page: object, *, display_id: bool = False) -> Handle | None:
        if not display_id:  # what rich prints besides
            return None
        assert not shown
        shown.append(str(page))
        return Handle()

    fake, above = types.ModuleType("IPython.display"), types.ModuleType("IPython")
    fake.HTML, fake.display, above.display = str, display, fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", above)
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    monkeypatch.setattr(live, "_NOTEBOOK_PAUSE_S", 0.0)
    out = io.StringIO()
    view = run_view(Console(file=out, force_jupyter=True, force_terminal=False))
    assert len(shown) > 2 and all(page.startswith("<pre") for page in shown)
    assert "0/2 trials" in shown[0] and "1/2 trials" in shown[-1]
    assert "[red]x" in as_html(view)


def test_a_real_notebook_shows_one_cell_and_replaces_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("IPython")
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    monkeypatch.setattr(shell, "display_pub", CapturingDisplayPublisher())
    monkeypatch.setattr(live, "_NOTEBOOK_PAUSE_S", 0.0)
    run_view(Console(file=io.StringIO(), force_jupyter=True, force_terminal=False))
    told = shell.display_pub.outputs
    cells = [one for one in told if (one["transient"] or {}).get("display_id")]
    assert len({one["transient"]["display_id"] for one in cells}) == 1
    assert [bool(one.get("update")) for one in cells] == [False] + [True] * (len(cells) - 1)
    assert len(cells) > 2 and "1/2 trials" in cells[-1]["data"]["text/html"]


SPACE = """
name: toy
data: {image_px: 24, synthetic: {num_identities: 60, faces_per_identity: 16}}
model: {width: 12, num_stages: 2, embedding_dim: 32}
head: {choice: [{type: softmax}, {type: arcface, margin_rad: {uniform: [0.1, 0.3]}, scale: 16}]}
optim: {lr: {log_uniform: [0.05, 0.2]}}
train: {epochs: 12, batch_size: 16}
search: {trials: 12, scheduler: {grace_epochs: 2, eta: 2}}
"""


@pytest.mark.slow
def test_a_real_sweep_on_a_real_terminal(tmp_path: Path) -> None:
    if shutil.which("tmux") is None:
        pytest.skip("no tmux here: apt-get install tmux")
    (tmp_path / "space.yaml").write_text(SPACE)
    socket = str(tmp_path / "tmux")
    command = f"{sys.executable} -m facesearch.cli tune space.yaml; echo ended: $?"
    tmux = ["tmux", "-S", socket]
    subprocess.run(
        [*tmux, "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "sh"],
        cwd=tmp_path, check=True, env={**os.environ, "TERM": "xterm-256color"},
    )  # fmt: skip
    try:
        subprocess.run([*tmux, "send-keys", command, "Enter"], check=True)
        screens = list(_captures(tmux))
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
    assert "ended: 0" in screens[-1]
    whole = [s for s in screens if "% of the trials" in s and "Ctrl-C" in s and "ended:" not in s]
    assert whole, screens[-1]
    for screen in whole:
        _check_screen(screen)
    text = "\n".join(whole)
    assert re.search(r"^best     \d{3}  0\.\d{4} val/rank1 after epoch \d+, \w+$", text, re.M)
    assert re.search(r"^2 +\d+ +0\.\d{4} +\d{3} +\d+ +0\.\d{4} [▁-█]+ ", text, re.M), text
    assert re.search(r"^\d{3}     \d+/12 +0\.\d{4} [▁-█]+·*", text, re.M)
    assert re.search(
        r"^[\d.,]+ epochs a minute, [\d.,]+ trials an hour, [\d,]+ faces/s", text, re.M
    )
    assert "pruned" in text and re.search(
        r"^toy  \d+/12 trials, \d+ epochs, \w+, about", text, re.M
    )


def _check_screen(screen: str) -> None:
    lines = screen.splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    for part in ("12 trials, ", "best ", "after epoch", "12 (end)", "leaders", "running", "Ctrl-C"):
        assert any(part in line for line in lines), (part, screen)
    # only the point of a trial may give way, where many run beside each other
    cut = [line for line in lines if "…" in line]
    assert all(re.match(r"\d{3}     \d+/12 ", line) for line in cut), screen


@pytest.mark.slow
def test_a_real_sweep_into_a_file_is_plain_lines(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    command = [sys.executable, "-m", "facesearch.cli", "tune", "space.yaml", "--trials", "3"]
    with (tmp_path / "log").open("wb") as log:
        done = subprocess.run(
            ["nohup", *command], cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT, timeout=600
        )  # fmt: skip
    text = (tmp_path / "log").read_bytes().decode()
    assert done.returncode == 0, text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert re.search(r"^trial 000  start      \w+ ", text, re.M)
    assert re.search(
        r"^trial 00\d  (completed|pruned) .*\[3/3 trials, \d+ epochs, best ", text, re.M
    )
    assert "best of 3 trials" in text


def _captures(tmux: list[str], at_most_s: float = 500.0) -> list[str]:
    """Return what the terminal showed, twice a second, until the command ended."""
    screens, end = [], time.monotonic() + at_most_s
    while time.monotonic() < end:
        done = subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True)
        screens.append(done.stdout)
        if re.search(r"^ended: \d", done.stdout, re.MULTILINE):
            return screens
        time.sleep(0.5)
    return screens
