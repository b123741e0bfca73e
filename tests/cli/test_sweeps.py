from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import run

from facesearch.cli import cli
from facesearch.errors import InputError

SPACE = """
name: tiny
data: {image_px: 16}
model: {num_stages: 2, width: {choice: [4, 8]}}
optim: {lr: {log_uniform: [0.01, 0.1]}}
train: {epochs: 9}
search: {trials: 9, scheduler: {type: asha, grace_epochs: 1, eta: 3}%s}
"""


def written(tmp_path: Path, more: str = "") -> str:
    (tmp_path / "space.yaml").write_text(SPACE % more)
    return str(tmp_path / "space.yaml")


def test_a_preview_shows_holes_networks_rungs_and_disk_and_starts_nothing(tmp_path: Path) -> None:
    out = run("preview", written(tmp_path), "--no-measure")
    for text in (
        "model.width",
        "4 | 8",
        "0.01 ... 0.1 (log)",
        "rungs of asha",
        "9 trials",
        "disk:",
    ):
        assert text in out
    assert "expected duration" not in out
    assert [path.name for path in tmp_path.iterdir()] == ["space.yaml"]


def test_a_preview_says_what_is_impossible(tmp_path: Path) -> None:
    space = written(tmp_path, ", limits: {cost/mparams: 1.0e-9}")
    with pytest.raises(InputError, match=r"search.limits refuse every point"):
        CliRunner().invoke(cli, ["preview", space, "--no-measure"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("extend", "nothing"), "by how much"),
        (("extend", "nothing", "--trials", "3"), "'nothing' is no sweep"),
        (("extend", "nothing", "--time", "soon"), "'nothing' is no sweep"),
        (("sync", "nothing"), "'nothing' is no sweep"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(cli, [*words, "--runs", str(tmp_path)], catch_exceptions=False)


def test_learning_from_another_objective_is_refused_before_anything_is_made(
    tmp_path: Path,
) -> None:
    from facesearch.space import load_space
    from facesearch.tuning.folder import open_sweep
    from facesearch.tuning.tune import learned_trials

    old = load_space(Path(written(tmp_path, ", objective: val/top1")))
    folder = open_sweep(old, "faces", tmp_path / "runs")
    folder.ledger.close()
    new = load_space(Path(written(tmp_path)))
    with pytest.raises(InputError, match=r"had objective val/top1 and 9 epochs"):
        learned_trials(new, [folder.path])
    assert learned_trials(old, [folder.path]) == []
