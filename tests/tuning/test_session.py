import time
from pathlib import Path

from facesearch.space import SearchSpace, load_space
from facesearch.tuning.board import read_board
from facesearch.tuning.controller import Controller
from facesearch.tuning.folder import open_sweep, read_sweep
from facesearch.tuning.records import SweepRecord
from facesearch.tuning.session import Growth, begin_session, close_session

LIMIT_S = 0.2
TEXT = "name: toy\noptim: {lr: {uniform: [0.1, 1.0]}}\ntrain: {epochs: 9}\n"


def session(space: SearchSpace, runs: Path, growth: Growth | None = None) -> bool:
    """Take the sweep up until its time is over; return whether there was anything to do."""
    folder = open_sweep(space, "faces", runs)
    with folder.ledger:
        begin_session(space, folder, None, growth, [])
        controller = Controller(space, folder.ledger, SweepRecord("toy", 0, 9), [])
        has_work = controller.next_attempt() is not None
        time.sleep(1.5 * LIMIT_S)
        assert controller.should_halt() or not has_work
        close_session(folder, controller)
    return has_work


def limited(tmp_path: Path) -> SearchSpace:
    (tmp_path / "toy.yaml").write_text(TEXT)
    return load_space(tmp_path / "toy.yaml").with_settings(time_s=LIMIT_S)


def test_a_sweep_whose_time_is_over_is_done_though_a_trial_was_at_work(tmp_path: Path) -> None:
    space = limited(tmp_path)
    assert session(space, tmp_path)
    (folder,) = tmp_path.glob("toy-0*")
    assert read_sweep(folder).is_done and read_board(folder).facts["status"] == "finished"


def test_the_same_extension_twice_is_two_extensions(tmp_path: Path) -> None:
    space, more = limited(tmp_path), Growth(time_s=LIMIT_S)
    assert session(space, tmp_path)
    assert session(space, tmp_path, more) and session(space, tmp_path, more)
