"""`finalize`: from a trial's run to a model, what it is worth, and its submissions.

runs/final-<run id>/
  members/       what was trained; killed at any instant, the same command goes on
  model/         the bundle: weights, config, thresholds, model card, digests of the training
  model-with-reserved/    the same trained on the reserved faces too, if asked for
  report.json    every figure with its interval; report.md in words
  classification.csv, verification.csv    the submissions of the course
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from facesearch.config import DataConfig
from facesearch.data.faces import load_all_faces
from facesearch.data.layouts.account import account_at
from facesearch.errors import TrialFailure
from facesearch.final.bundle import save_bundle
from facesearch.final.candidates import (
    Candidate,
    ReportingSets,
    beside_control,
    best_of,
    build_candidate,
    refuse_choice_without_faces,
    reporting_sets,
    without_shift,
)
from facesearch.final.card import model_card
from facesearch.final.cross_validation import CrossValidation, cross_validate, refuse_folds
from facesearch.final.curse import score_on_unseen
from facesearch.final.figures import Report
from facesearch.final.finalists import Finalist, finalists_of
from facesearch.final.leaks import DIGESTS
from facesearch.final.model import FaceModel
from facesearch.final.plan import Plan, in_words, member_stages
from facesearch.final.predict import TERMS, predict_root
from facesearch.final.retrain import Listener, Workshop, only_one
from facesearch.final.shift import accuracy_by_shift
from facesearch.final.targets import reporting_folder
from facesearch.final.tracking import Made, log_final
from facesearch.final.verify import verify
from facesearch.final.with_reserved import refuse_nothing_reserved, train_with_reserved
from facesearch.tracking.provenance import provenance
from facesearch.tracking.store import Store
from facesearch.training.checkpoint import write_atomically

SUBMISSIONS = ("classification.csv", "verification.csv")
_SHIFT = "accuracy by shift of the face"
_OLD_SEARCH = (
    "the search was made before faces were reserved for the report: it ranked its trials on some "
    "of the reserved identities and trained on others, so these figures may be a little too good."
)


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
        with_reserved: Train the networks once more, on the reserved faces too.
        folds: Cross-validate over so many parts of the identities; 0 does not.

    """

    plan: Plan = field(default_factory=Plan)
    top_k: int = 1
    views: str = "flip"
    keeps_all: bool = True
    at_once: int = 1
    has_shift_control: bool = False
    registers: bool = True
    with_reserved: bool = False
    folds: int = 0


@dataclass(frozen=True)
class Final:
    """What a final stage gave: its folder, its MLflow run, its report, its registered version."""

    folder: Path
    run_id: str
    report: Report
    version: str = ""


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
        StorageError: If the disk is full; the same command goes on.

    """
    choice, listener = choice or Choice(), listener or Listener()
    finalists = finalists_of(store, run_id, choice.top_k, root)
    folder = runs_dir / f"final-{finalists[0].run_id[:8]}"
    with only_one(folder):
        workshop = Workshop(folder, choice.plan.workers, choice.at_once, listener)
        candidates = _retrain(finalists, choice, workshop)
        listener.on_step("verifying")
        report = Report()
        best = best_of(candidates, report)
        crossed = _cross_validate(best, choice, workshop)
        model, made = _verify(best, report, folder, crossed)
        if choice.has_shift_control:
            listener.on_step("training without shifted pictures")
            _measure_control(best, workshop, report)
            model = _save(best, model, report, folder)
        if choice.with_reserved:
            listener.on_step("training on the reserved faces too")
            train_with_reserved(best, model, report, workshop)
        _submit(model, folder, listener)
        compared = ", comparing with the champion" if choice.registers else ""
        listener.on_step(f"logging to MLflow{compared}")
        final_id, version = log_final(
            store, replace(made, model=model), is_registered=choice.registers
        )
    return Final(folder, final_id, report, version)


def _retrain(finalists: list[Finalist], choice: Choice, workshop: Workshop) -> list[Candidate]:
    """Train all members of all finalists, those of the control among them."""
    planned = [member_stages(finalist.config, choice.plan) for finalist in finalists]
    control = ", and one without shifted pictures" if choice.has_shift_control else ""
    for finalist, stages in zip(finalists, planned, strict=True):
        workshop.listener.on_note(f"{finalist}: {in_words(stages)}{control}")
    sets = {stages[0][-1].data: reporting_sets(stages[0][-1].data) for stages in planned}
    data = planned[0][0][-1].data
    first = sets[data]
    left_out = "" if data.root is None else account_at(Path(data.root), data.layout).line()
    for line in (left_out,) if left_out else ():
        workshop.listener.on_note(f"{data.root}: {line}")
    _refuse(choice, first, data)
    for line in first.leaks.lines():
        workshop.listener.on_note(line)
    members = [stages for of_one in planned for stages in of_one]
    if choice.has_shift_control and len(finalists) == 1:
        # beside the others; who the control of several finalists is of shows later
        members.append(without_shift(planned[0][0]))
    controls = [without_shift(stages[0]) for stages in planned] if choice.has_shift_control else []
    for line in workshop.kept(members, controls):
        workshop.listener.on_note(line)
    trained = iter(workshop.train(members))
    candidates = []
    for finalist, stages in zip(finalists, planned, strict=True):
        own = [next(trained) for _ in stages]
        model_sets = sets[stages[0][-1].data]
        candidates.append(
            build_candidate(finalist, stages, own, model_sets, choice.views, choice.keeps_all)
        )
    found = [candidate for candidate in candidates if candidate is not None]
    if not found:
        raise TrialFailure("failed", "of no finalist a member came to its end")
    return found


def _refuse(choice: Choice, sets: ReportingSets, data: DataConfig) -> None:
    """Refuse what the faces have no use for, before an hour of training."""
    refuse_choice_without_faces(sets, choice.top_k, has_control=choice.has_shift_control)
    if choice.with_reserved:
        refuse_nothing_reserved(data)
    if choice.folds:
        refuse_folds(data)


def _cross_validate(best: Candidate, choice: Choice, workshop: Workshop) -> CrossValidation | None:
    if not choice.folds:
        return None
    workshop.listener.on_step(f"cross-validating over {choice.folds} parts of the identities")
    stages = best.stages_of(best.trained[0].seed)
    return cross_validate(stages, choice.folds, choice.views, workshop)


def _verify(
    best: Candidate, report: Report, folder: Path, crossed: CrossValidation | None
) -> tuple[FaceModel, Made]:
    """Measure the best candidate, and save it."""
    targets = best.sets.targets
    root = best.model.config.data.root
    model, measured = verify(best.model, targets, source=Path(root).name if root else "")
    report.figures |= measured.figures
    report.notes += measured.notes
    report.tables |= measured.tables
    if crossed is not None:
        model = crossed.added_to(model, report)
    report.tables["seeds"] = best.seeds()
    _tell_curse(best, report)
    best.sets.leaks.tell(report)
    if not best.sets.has_faces:
        report.notes.append(
            "NOT MEASURED: these faces have no labelled set of faces to report on, and nothing was "
            "reserved (data.reserve)."
        )
    if not best.finalist.knew_reserve and model.config.data.root is not None:
        report.notes.append(_OLD_SEARCH)
    # of one network, as several cost as many times more and show the same
    rows = accuracy_by_shift(model.only(0), targets)
    if rows:
        report.tables[_SHIFT] = rows
        report.notes.append("accuracy by shift is of the first network alone, in one view.")
    model = _save(best, model, report, folder)
    made = Made(folder, model, report, targets, best.finalist, list(best.trained))
    return model, made


def _tell_curse(best: Candidate, report: Report) -> None:
    """Set the search's score beside that of people whom the search never saw."""
    unseen = score_on_unseen(best.model, best.finalist, best.sets.targets)
    promised = best.finalist.scores.get("val/rank1")
    if unseen is None or promised is None:
        return
    report.figures["unseen/rank1_as_in_the_search"] = unseen
    report.tables["winner's curse"] = [{
        "rank-1 in the search": promised, "best of trials": best.finalist.trials,
        "retrained, people the search never saw": unseen.value,
        "low": unseen.low, "high": unseen.high, "gap": promised - unseen.value,
    }]  # fmt: skip
    epochs = sum(stage.train.epochs for stage in best.stages_of(best.trained[0].seed))
    longer = "longer and " if epochs > best.finalist.epochs else ""
    report.notes.append(
        "winner's curse: the search's score was of its last epoch, chosen as the best of "
        f"{best.finalist.trials}; the other was trained {longer}on everybody, so a gap near 0 "
        "does not mean that there was no luck."
    )


def _measure_control(best: Candidate, workshop: Workshop, report: Report) -> None:
    """Train the first member again without shifted pictures, and report both by shift."""
    stages = without_shift(best.stages_of(best.trained[0].seed))
    try:
        control = workshop.train([stages])[0]
    except TrialFailure as failure:
        report.notes.append(f"the control without shifted pictures {failure.outcome}: {failure}.")
        return
    assert control is not None
    rows = report.tables.get(_SHIFT, [])
    report.tables[_SHIFT] = beside_control(rows, control.model, best.sets.targets)
    report.notes.append("its control was trained alike, but for the shifted pictures.")


def _save(best: Candidate, model: FaceModel, report: Report, folder: Path) -> FaceModel:
    """Write the bundle and the report; return the model with its provenance."""
    model = replace(model, provenance=_provenance(best, model))
    card = model_card(model, report).encode()
    digests = best.sets.digests
    extra = {"README.md": card, **({DIGESTS: digests} if digests else {})}
    save_bundle(folder / "model", model, extra)
    write_atomically(folder / "report.json", report.as_json().encode())
    write_atomically(folder / "report.md", card)
    return model


def _submit(model: FaceModel, folder: Path, listener: Listener) -> None:
    """Write the course's submissions where the faces are the course's."""
    for name in SUBMISSIONS:
        (folder / name).unlink(missing_ok=True)  # of another model
    faces = reporting_folder(model.config.data)
    if faces is not None and faces.layout in TERMS:
        for note in predict_root(model, faces.root, folder, faces.layout, is_strict=False).notes:
            listener.on_note(note)


def _provenance(best: Candidate, model: FaceModel) -> dict[str, Any]:
    faces = load_all_faces(model.config.data)
    kept = best.trained[: len(model.members)]
    return {
        **provenance(model.config.model_dump_json(), faces.fingerprint),
        "faces": faces.fingerprint,
        "reserved": faces.reserve.about() if faces.reserve else {},
        "trial_run_id": best.finalist.run_id,
        "trial": best.finalist.name,
        "seeds": [one.seed for one in kept],
        "epochs": [len(one.curve) for one in kept],
        "training_minutes": round(sum(one.seconds for one in best.trained) / 60, 2),
    }
