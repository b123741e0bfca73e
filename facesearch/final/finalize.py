"""`finalize`: from a trial's run to a model, what it is worth, and its submissions.

runs/final-<run id>/
  members/       what was trained; killed at any instant, the same command goes on
  model/         the bundle: weights, config, thresholds, model card, digests of the training
  report.json    every figure with its interval; report.md in words
  classification.csv, verification.csv    the submissions of the course
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from facesearch.data.faces import load_all_faces
from facesearch.final.bundle import save_bundle
from facesearch.final.card import model_card
from facesearch.final.curse import score_on_unseen
from facesearch.final.figures import Report
from facesearch.final.finalists import Finalist, finalists_of
from facesearch.final.leaks import DIGESTS, Leaks, find_leaks, training_digests
from facesearch.final.model import FaceModel
from facesearch.final.outcomes import outcomes_of
from facesearch.final.plan import Plan, Stages, member_stages
from facesearch.final.predict import TERMS, predict_root
from facesearch.final.retrain import Listener, Trained, Workshop
from facesearch.final.shift import accuracy_by_shift
from facesearch.final.targets import Targets, read_targets, reporting_folder
from facesearch.final.tracking import Made, log_final
from facesearch.final.verify import verify
from facesearch.tracking.provenance import provenance
from facesearch.tracking.store import Store
from facesearch.training.checkpoint import write_atomically


@dataclass(frozen=True)
class Choice:
    """How a final stage is to go.

    Args:
        plan: How each member is trained.
        top_k: Trials that are retrained; the best on the dev sets is kept.
        views: Test-time augmentation, a name in `facesearch.final.views.VIEWS`.
        keeps_all: All seeds together are the model (so many times its cost), or only the first.
        at_once: Members that are trained beside each other, a process each.
        has_shift_control: Train one member more, without shifted pictures, to compare with.
        registers: Put the model into MLflow's registry.

    """

    plan: Plan = field(default_factory=Plan)
    top_k: int = 1
    views: str = "flip"
    keeps_all: bool = True
    at_once: int = 1
    has_shift_control: bool = False
    registers: bool = True


@dataclass(frozen=True)
class Final:
    """What a final stage gave: its folder, its MLflow run, its report, its registered version."""

    folder: Path
    run_id: str
    report: Report
    version: str = ""


@dataclass
class _Candidate:
    """A finalist that was retrained."""

    finalist: Finalist
    trained: list[Trained]
    model: FaceModel
    worth: float = field(default=float("nan"))


def finalize(
    store: Store, run_id: str, choice: Choice | None = None, *, runs_dir: Path,
    root: str | None = None, listener: Listener | None = None,
) -> Final:  # fmt: skip
    """Retrain the best, verify it, save it, log it.

    Args:
        store: Where the trial's run is, and where the final run goes.
        run_id: A trial's or a sweep's run; a unique beginning is enough.
        choice: How.
        runs_dir: Everything goes to ``runs_dir/final-<run id>``.
        root: The faces, where they are not at the place they had in the sweep.
        listener: Who is told of the progress.

    Raises:
        InputError: For a run or faces that cannot be used.
        TrialFailure: If no training comes to its end.

    """
    choice, listener = choice or Choice(), listener or Listener()
    finalists = finalists_of(store, run_id, choice.top_k, root)
    folder = runs_dir / f"final-{finalists[0].run_id[:8]}"
    workshop = Workshop(folder, choice.plan.workers, choice.at_once, listener)
    planned = [member_stages(finalist.config, choice.plan) for finalist in finalists]
    targets, leaks, digests = _targets(planned[0][0])
    for line in leaks.lines():
        listener.on_note(line)
    candidates = [
        _candidate(finalist, workshop.train(stages), choice)
        for finalist, stages in zip(finalists, planned, strict=True)
    ]
    listener.on_step("verifying")
    best = _best(candidates, targets)
    model, report = verify(best.model, targets)
    _tell(report, best, candidates, choice, targets)
    leaks.tell(report)
    if choice.has_shift_control:
        _shift_control(workshop, planned[candidates.index(best)][0], model, targets, report)
    else:
        report.tables["accuracy by shift of the face"] = accuracy_by_shift(model, targets)
    listener.on_step("saving")
    model = replace(model, provenance=_provenance(best, model))
    _save(folder, model, report, digests)
    _submit(model, folder, listener)
    listener.on_step("logging to MLflow")
    made = Made(folder, model, report, targets, best.finalist, best.trained)
    final_id, version = log_final(store, made, is_registered=choice.registers)
    return Final(folder, final_id, report, version)


def _save(folder: Path, model: FaceModel, report: Report, digests: bytes) -> None:
    card = model_card(model, report).encode()
    extra = {"README.md": card, **({DIGESTS: digests} if digests else {})}
    save_bundle(folder / "model", model, extra)
    write_atomically(folder / "report.json", report.as_json().encode())
    write_atomically(folder / "report.md", card)


def _targets(stages: Stages) -> tuple[Targets, Leaks, bytes]:
    """Return the reporting sets without copies of training pictures; the leaks; the digests."""
    data = stages[-1].data
    faces = load_all_faces(data)
    targets, folder = read_targets(data, faces.identities), reporting_folder(data)
    if folder is None:
        return targets, Leaks({}, {}), b""
    digests = training_digests(folder.train)
    leaks = find_leaks(digests, faces.identities, folder)
    return leaks.without_copies(targets), leaks, digests


def _candidate(finalist: Finalist, trained: list[Trained], choice: Choice) -> _Candidate:
    kept = trained if choice.keeps_all else trained[:1]
    model = FaceModel(
        members=tuple(one.model.members[0] for one in kept),
        config=kept[0].model.config,
        identities=kept[0].model.identities,
        views=choice.views,
    )
    return _Candidate(finalist, trained, model)


def _best(candidates: list[_Candidate], targets: Targets) -> _Candidate:
    """Return the candidate with the best mean of the dev sets; of one there is no choice."""
    if len(candidates) > 1:
        for candidate in candidates:
            found = outcomes_of(candidate.model, targets)
            worth = [o.figure().value for name, o in found.items() if "_test" not in name]
            candidate.worth = float(np.mean(worth)) if worth else 0.0
    return max(candidates, key=lambda candidate: candidate.worth, default=candidates[0])


def _tell(
    report: Report, best: _Candidate, candidates: list[_Candidate], choice: Choice,
    targets: Targets,
) -> None:  # fmt: skip
    """Add what is known of the seeds, the finalists and the winner's curse."""
    if len(candidates) > 1:
        report.tables["finalists"] = [
            {"trial": one.finalist.name, "mean of the dev sets": one.worth} for one in candidates
        ]
        report.notes.append(
            f"the best of {len(candidates)} finalists was chosen on the dev sets, so its dev "
            "figures are a little too good."
        )
    report.tables["seeds"] = _seeds(best, choice, targets)
    unseen = score_on_unseen(best.model, best.finalist, targets)
    promised = best.finalist.scores.get("val/rank1")
    if unseen is not None and promised is not None:
        report.figures["unseen/rank1_as_in_the_search"] = unseen
        report.tables["winner's curse"] = [{
            "rank-1 in the search": promised, "best of trials": best.finalist.trials,
            "retrained, people the search never saw": unseen.value,
            "low": unseen.low, "high": unseen.high, "gap": promised - unseen.value,
        }]  # fmt: skip
        report.notes.append(
            "winner's curse: the search's score was of its last epoch, chosen as the best of "
            f"{best.finalist.trials}; the other was trained longer and on everybody, so a gap near "
            "0 does not mean that there was no luck."
        )


def _seeds(best: _Candidate, choice: Choice, targets: Targets) -> list[dict[str, Any]]:
    """Return a row a seed: its loss, its time and its own figures, with the model's views."""
    rows = []
    for one in best.trained:
        alone = replace(one.model, views=choice.views)
        figures = {name: o.figure().value for name, o in outcomes_of(alone, targets).items()}
        last = one.curve[-1] if one.curve else {"loss": float("nan")}
        rows.append({
            "seed": one.seed, **figures, "loss": last["loss"], "minutes": one.seconds / 60,
        })  # fmt: skip
    return rows


def _shift_control(
    workshop: Workshop, stages: Stages, model: FaceModel, targets: Targets, report: Report
) -> None:
    """Train the first member again without shifted pictures, and add both curves."""
    control = tuple(
        stage.model_copy(
            update={"augment": stage.augment.model_copy(update={"shift_fraction": 0.0})}
        )
        for stage in stages
    )
    without = workshop.train([control])[0].model
    rows = []
    pairs = zip(
        accuracy_by_shift(model.only(0), targets), accuracy_by_shift(without, targets), strict=True
    )
    for with_shift, plain in pairs:
        row = {"shift": with_shift.pop("shift")}
        for name, value in with_shift.items():
            row |= {name: value, f"{name}, trained without shift": plain[name]}
        rows.append(row)
    report.tables["accuracy by shift of the face"] = rows
    report.notes.append(
        "accuracy by shift: one member each, one view; trained alike but for the shifted pictures."
    )


def _submit(model: FaceModel, folder: Path, listener: Listener) -> None:
    """Write the course's submissions where the faces are the course's."""
    data = model.config.data
    faces = reporting_folder(data)
    if faces is not None and faces.layout in TERMS:
        for note in predict_root(model, faces.root, folder, faces.layout, is_strict=False).notes:
            listener.on_note(note)


def _provenance(best: _Candidate, model: FaceModel) -> dict[str, Any]:
    faces = load_all_faces(model.config.data)
    return {
        **provenance(model.config.model_dump_json(), faces.fingerprint),
        "faces": faces.fingerprint,
        "trial_run_id": best.finalist.run_id,
        "trial": best.finalist.name,
        "seeds": [one.seed for one in best.trained][: len(model.members)],
        "epochs": [len(one.curve) for one in best.trained][: len(model.members)],
        "training_minutes": round(sum(one.seconds for one in best.trained) / 60, 2),
    }
