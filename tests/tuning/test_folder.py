from pathlib import Path

import pytest

from facesearch.errors import InputError
from facesearch.space import load_space
from facesearch.tuning.folder import CheckpointKeeper, find_sweep, load_sweep, open_sweep
from facesearch.tuning.ledger import encode, read_ledger
from facesearch.tuning.records import TrialRecord

SPACE = "name: toy\noptim: {lr: {uniform: [0.1, %s]}}\nsearch: {trials: %d}\n"


def space(tmp_path: Path, high: float = 1.0, trials: int = 4) -> object:
    path = tmp_path / "space.yaml"
    path.write_text(SPACE % (high, trials))
    return load_space(path)


def opened(tmp_path: Path, asked: object, faces: str = "f", **how: object) -> Path:
    folder = open_sweep(asked, faces, tmp_path / "runs", **how)
    folder.ledger.close()
    return folder.path


def test_the_same_question_goes_on_and_a_larger_budget_is_the_same_question(
    tmp_path: Path,
) -> None:
    first = opened(tmp_path, space(tmp_path))
    assert first.name == "toy-0001"
    assert opened(tmp_path, space(tmp_path, trials=9)) == first
    (tmp_path / "space.yaml").write_text("# a remark\n" + SPACE % (1.0, 4))
    assert opened(tmp_path, load_space(tmp_path / "space.yaml")) == first


def test_another_question_is_refused_with_what_differs(tmp_path: Path) -> None:
    opened(tmp_path, space(tmp_path))
    with pytest.raises(InputError, match=r"optim.lr.uniform: was \[0.1, 1.0\], is \[0.1, 2.0\]"):
        opened(tmp_path, space(tmp_path, 2.0))
    with pytest.raises(InputError, match="faces: was f, is g"):
        opened(tmp_path, space(tmp_path), "g")
    added = load_space(_written(tmp_path, "model: {width: 16}\n" + SPACE % (1.0, 4)))
    with pytest.raises(InputError, match=r"model.width: was not written, is 16"):
        opened(tmp_path, added)
    # a refusal leaves the lock free
    assert opened(tmp_path, space(tmp_path)).name == "toy-0001"


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "other.yaml"
    path.write_text(text)
    return path


def test_fresh_begins_beside_and_is_the_one_that_goes_on(tmp_path: Path) -> None:
    opened(tmp_path, space(tmp_path))
    assert opened(tmp_path, space(tmp_path, 2.0), is_fresh=True).name == "toy-0002"
    assert opened(tmp_path, space(tmp_path, 2.0)).name == "toy-0002"
    assert find_sweep(tmp_path / "runs", "toy").name == "toy-0002"
    assert find_sweep(tmp_path / "runs", "toy-0001").name == "toy-0001"


def test_a_folder_whose_maker_was_killed_before_its_first_line_is_used(tmp_path: Path) -> None:
    (tmp_path / "runs/toy-0001").mkdir(parents=True)
    assert opened(tmp_path, space(tmp_path)).name == "toy-0001"
    (tmp_path / "runs/toy-0001/ledger").write_bytes(b"")
    assert opened(tmp_path, space(tmp_path, 3.0)).name == "toy-0001"


def test_an_unknown_sweep_is_refused_and_a_known_one_has_its_question(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'nothing' is no sweep: there is none yet in "):
        find_sweep(tmp_path / "runs", "nothing")
    asked = space(tmp_path).with_settings(trials=7, sampler="random")
    folder = opened(tmp_path, asked, root="/faces")
    loaded, root = load_sweep(folder)
    assert (loaded.settings, root) == (asked.settings, "/faces")


def as_before(folder: Path, objective: object) -> None:
    """Make the ledger of a sweep one of before templates and weights were looked at."""
    events = list(read_ledger(folder))
    events[0].pop("template", None)
    events[0]["objective"] = objective
    events[0]["settings"]["search"]["objective"] = objective
    (folder / "ledger").write_bytes(b"".join(map(encode, events)))


def test_a_sweep_of_an_older_version_is_read(tmp_path: Path) -> None:
    folder = opened(tmp_path, space(tmp_path), root="/faces")
    before, _ = load_sweep(folder)
    as_before(folder, {"val/rank1": 1.0, "val/top1": 0.0, "cost/gflops": 0.1})
    loaded, root = load_sweep(folder)
    assert root == "/faces" and loaded.template == before.template
    assert loaded.settings.search.objective == {"val/rank1": 1.0, "cost/gflops": -0.1}
    as_before(folder, {"val/rank1": -1.0})
    with pytest.raises(InputError, match=r"toy-0001: what it was asked is not understood: .*rank1"):
        load_sweep(folder)


def test_the_template_of_a_sweep_is_the_ledgers_whoever_edits_the_copy(tmp_path: Path) -> None:
    folder = opened(tmp_path, space(tmp_path))
    (folder / "space.yaml").write_text(SPACE % (9.0, 4))
    assert load_sweep(folder)[0].holes()[0].values == (0.1, 1.0)
    (folder / "space.yaml").write_text("- a list\n")
    with pytest.raises(InputError, match="is no space of a sweep any more"):
        load_sweep(folder)


def test_checkpoints_of_stopped_trials_are_deleted(tmp_path: Path) -> None:
    keeper = CheckpointKeeper(tmp_path)
    for number, outcome in enumerate(("completed", "pruned", "failed", "paused")):
        folder = tmp_path / f"{number:03d}"
        folder.mkdir()
        for epoch in (1, 2, 3):
            (folder / f"epoch-000{epoch}-a1-score{0.5 if epoch == 1 else 0.1}.ckpt").touch()
        keeper.trial_ended(TrialRecord(number, {}, outcome=outcome))
    names = {f.name: sorted(p.name for p in f.glob("*.ckpt")) for f in tmp_path.iterdir()}
    assert names["000"] == ["epoch-0001-a1-score0.5.ckpt", "epoch-0003-a1-score0.1.ckpt"]
    assert len(names["003"]) == 3 and set(names) == {"000", "003"}


def test_a_damaged_first_line_and_another_version_are_refused_not_overwritten(
    tmp_path: Path,
) -> None:
    folder = opened(tmp_path, space(tmp_path))
    whole = (folder / "ledger").read_bytes()
    (folder / "ledger").write_bytes(whole[:20] + b"!" + whole[21:])
    with pytest.raises(InputError, match="damaged, or of another version"):
        opened(tmp_path, space(tmp_path))
    assert opened(tmp_path, space(tmp_path), is_fresh=True).name == "toy-0002"


def test_a_folder_with_the_results_of_an_earlier_version_is_left_alone(tmp_path: Path) -> None:
    old = tmp_path / "runs/toy-0001"
    old.mkdir(parents=True)
    (old / "results.json").write_text("{}")
    assert opened(tmp_path, space(tmp_path)).name == "toy-0002"


def test_what_a_cut_ledger_forgot_does_not_bar_new_attempts(tmp_path: Path) -> None:
    fence = tmp_path / "003/attempt"
    fence.parent.mkdir()
    fence.write_text("7")
    keeper = CheckpointKeeper(tmp_path)
    keeper.tidy([TrialRecord(3, {})], is_cut=False)
    assert fence.exists()
    keeper.tidy([TrialRecord(3, {})], is_cut=True)
    assert not fence.exists()


def test_a_runs_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where a folder should be")
    with pytest.raises(InputError, match=r"cannot be written .*use --runs FOLDER"):
        opened(tmp_path, space(tmp_path))
