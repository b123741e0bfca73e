import pytest

from facesearch.errors import InputError
from facesearch.space import space_from_text

RATE = "optim: {lr: {log_uniform: [0.01, 1]}}\n"
NINE = "train: {epochs: 9}\n"


def faults_of(text: str) -> list[str]:
    """What is told of a file: 'line: message' of each fault."""
    try:
        space_from_text(text, "s.yaml")
    except InputError as error:
        rows = [row.split(maxsplit=2)[1:] for row in str(error).splitlines()[1:]]
        return [f"{line}: {message}" for line, message in rows]
    return []


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (
            "sampler: cmaes\n  objective: [val/rank1, cost/gflops]",
            "4: search.sampler: cmaes maximises one number, but search.objective lists 2; write "
            "nsga2, tpe or gp, or a weighted sum as the objective.",
        ),
        (
            "trials: 9\n  epochs: 8",
            "5: search.epochs: must be >= train.epochs (9), or no trial is trained to the end, "
            "but got 8; it is for all trials together.",
        ),
        (
            "trials: 7\n  scheduler: {grace_epochs: auto}",
            "5: search.scheduler.pilot_trials: must be <= search.trials (7), or grace_epochs auto "
            "is never measured, but got 8; write a smaller pilot (4 at least), or a number for "
            "grace_epochs.",
        ),
        (
            "trials: 5\n  scheduler:\n    type: one_epoch\n    keep: 5",
            "7: search.scheduler.keep: must be < search.trials (5), or no trial is stopped, but "
            "got 5; to train all to the end write type: none.",
        ),
        (
            "scheduler:\n    type: pbt\n    interval_epochs: 9",
            "6: search.scheduler.interval_epochs: must be < train.epochs (9), or pbt never "
            "exchanges anything, but got 9.",
        ),
        (
            "scheduler:\n    grace_epochs: 10",
            "5: search.scheduler.grace_epochs: must be <= train.epochs (9), but got 10.",
        ),
    ],
)
def test_what_contradicts_is_told_by_line_with_its_cure(search: str, expected: str) -> None:
    assert faults_of(f"{RATE}{NINE}search:\n  {search}\n") == [expected]


@pytest.mark.parametrize(
    "search",
    [
        "sampler: cmaes, objective: [val/rank1]",
        "sampler: cmaes, objective: {val/rank1: 1, cost/gflops: -0.1}",
        *(f"sampler: {name}, objective: [val/rank1, cost/gflops]" for name in ("gp", "tpe")),
        *(f"sampler: {name}, objective: [val/rank1, cost/gflops]" for name in ("grid", "qmc")),
        "sampler: nsga2",
        "sampler: grid, first_points: [{optim.lr: 0.1}]",
        "epochs: 9",
        "patience_trials: 99",
        "trials: 8, scheduler: {grace_epochs: auto}",
        "trials: 2, scheduler: {type: none, grace_epochs: auto}",
        "trials: 3, scheduler: {type: one_epoch, keep: 2}",
        "trials: 3, scheduler: {keep: 3}",
        "scheduler: {type: pbt, interval_epochs: 8}",
        "scheduler: {interval_epochs: 50}",
        "scheduler: {grace_epochs: 9}",
    ],
)
def test_what_goes_together_is_not_told(search: str) -> None:
    assert faults_of(f"{RATE}{NINE}search: {{{search}}}\n") == []


def test_the_epochs_that_are_not_written_are_the_default() -> None:
    assert "train.epochs (10)" in faults_of(f"{RATE}search: {{epochs: 9}}")[0]
    nested = "train: {choice: [{batch_size: 8}, {batch_size: 16}]}\nsearch: {epochs: 9}"
    assert "train.epochs (10)" in faults_of(nested)[0]


def test_a_file_without_holes_is_one_training_that_nobody_stops() -> None:
    search = "search: {trials: 1, scheduler: {type: one_epoch}}\n"
    assert faults_of(NINE + search) == []
    assert len(faults_of(RATE + NINE + search)) == 1
    assert len(faults_of(f"{NINE}search: {{epochs: 3}}")) == 1


def test_pbt_tells_every_hole_that_it_cannot_change_by_its_line() -> None:
    text = (
        "model:\n  depth: {int: [1, 2]}\n"
        "head:\n  choice:\n"
        "    - {type: arcface, margin_rad: {uniform: [0.1, 0.5]}}\n"
        "    - type: subcenter_arcface\n      centres: {int: [2, 3]}\n"
        "optim: {lr: {log_uniform: [0.01, 1]}, type: {choice: [sgd, adamw]}}\n"
        "search: {scheduler: {type: pbt}}\n"
    )
    told = faults_of(text)
    assert [fault.split(": cannot")[0] for fault in told] == [
        "2: model.depth", "4: head", "7: head.subcenter_arcface.centres", "8: optim.type",
    ]  # fmt: skip
    assert told[0].endswith(
        "cannot be a distribution under scheduler pbt, which goes on from another trial's weights; "
        "pbt takes holes in optim, augment and the numbers of one head. Write one value here, or "
        "scheduler: {type: asha}."
    )
    assert faults_of(text.replace("type: pbt", "type: asha")) == []


def test_all_is_told_at_once_also_beside_what_the_run_refuses() -> None:
    told = faults_of(
        "model: {width: {int: [8, 16]}}\n"
        "head: {type: triplet}\n"
        "augment: {mixup_alpha: 1.0}\n"
        "train: {epochs: 3}\n"
        "search:\n"
        "  sampler: cmaes\n"
        "  objective: [val/rank1, val/top1]\n"
        "  epochs: 2\n"
        "  first_points: [{model.with: 8}]\n"
        "  scheduler: {type: pbt}\n"
    )
    assert [fault.split()[:2] for fault in told] == [
        ["1:", "model.width:"], ["3:", "augment.mixup_alpha"], ["6:", "search.sampler:"],
        ["8:", "search.epochs:"], ["9:", "search.first_points,"],
        ["10:", "search.scheduler.interval_epochs:"],
    ]  # fmt: skip


@pytest.mark.parametrize("train", ["[1]", "{epochs: a}", "{epochs: 0}", "{epochs: true}"])
def test_epochs_that_are_wrong_are_told_once(train: str) -> None:
    text = f"{RATE}train: {train}\nsearch: {{epochs: 1, scheduler: {{grace_epochs: 50}}}}"
    (told,) = faults_of(text)
    assert told.startswith("2: train")
