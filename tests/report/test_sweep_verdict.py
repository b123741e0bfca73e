from pathlib import Path

from sweeps import simulated_sweep

from facesearch.report.page import Prose, Table
from facesearch.report.sweep_source import read_source
from facesearch.report.sweep_verdict import caveats, verdict


def told(folder: Path) -> str:
    blocks = verdict(read_source(folder))
    return "\n".join(block.text for block in blocks if isinstance(block, Prose))


def test_one_seed_each_is_never_called_a_victory(tmp_path: Path) -> None:
    text = told(simulated_sweep(tmp_path, scheduler={"type": "none"}))
    assert " beats " not in text and "--repeat-top 3 --seeds 3" in text
    assert "40 identities held out of training, 200 images" in text
    assert "over 40 held-out identities). Another seed would change both" in text
    assert "The score is rank-1, how often the image most alike" in text
    assert "The faces are generated" in text


def test_faces_that_the_command_gave_are_not_called_generated(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path, scheduler={"type": "none"}))
    source.events[0]["root"] = "/somewhere/my faces"
    text = "\n".join(block.text for block in verdict(source) if isinstance(block, Prose))
    assert "On whom: the faces of my faces" in text and "generated" not in text


def test_a_ledger_without_hits_has_no_interval_and_says_so(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path, scheduler={"type": "none"}))
    for trial in source.sweep.trials.values():
        trial.hits = None
    text = "\n".join(block.text for block in verdict(source) if isinstance(block, Prose))
    assert "a single seed cannot tell them apart" in text and "95 %" not in text
    assert "no interval over identities can be given" in text


def test_repeated_ones_are_compared_by_their_means_over_identities_and_seeds(
    tmp_path: Path,
) -> None:
    folder = simulated_sweep(tmp_path, scheduler={"type": "none"}, repeat_top=3, repeat_seeds=3)
    source = read_source(folder)
    assert len(source.sweep.trials) == 30 and len(source.searched()) == 24
    text = told(folder)
    assert "over 40 held-out identities and 3 and 3 seeds" in text
    assert ("beats trial" in text) != ("cannot be told apart" in text)
    assert "the means are too high" in text and "of 3 seeds (mean" in text
    table = next(block for block in verdict(source) if isinstance(block, Table))
    assert [row["seeds"] for row in table.rows] == [3, 3]
    assert all(len(str(row["trial"])) == 3 for row in table.rows)


def test_trials_of_unequal_length_are_not_compared(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path, trials=3, num_failed=0))
    best, second = source.scored()[:2]
    del second.curve[-1]
    text = "\n".join(block.text for block in verdict(source) if isinstance(block, Prose))
    assert f"the next, trial {second.name}, ended after" in text and "cannot be compared" in text
    assert best.name in text


def test_a_curve_that_still_rises_is_told(tmp_path: Path) -> None:
    source = read_source(simulated_sweep(tmp_path, scheduler={"type": "none"}))
    best = source.scored()[0]
    for epoch, row in enumerate(best.curve):
        row["score"] = 0.01 * epoch
    assert any("still rising at the last epoch (+0.0100" in one for one in caveats(source, best))
    for row in best.curve:
        row["score"] = 0.5
    assert not any("still rising" in one for one in caveats(source, best))


def test_nothing_trained_is_not_measured(tmp_path: Path) -> None:
    text = told(simulated_sweep(tmp_path, trials=1, num_failed=1))
    assert text == "Not measured: no trial of this sweep has a score yet."
