"""`finalize`: from a trial's run to a model, what it is worth, and its submissions.

runs/final-<run id>-<options>/    of each choice its own: nothing is overwritten by another
  members/       what was trained; killed at any instant, the same command goes on
  model/         the bundle: weights, config, thresholds, model card, digests of the training
  model-with-reserved/    the same trained on the reserved faces too, if asked for
  report.json    every figure with its interval; report.md in words
  classification.csv, verification.csv    the submissions of the course
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from facesearch.data.faces import load_all_faces
from facesearch.errors import TrialFailure
from facesearch.final.bundle import save_bundle
from facesearch.final.candidates import (
    Candidate,
    beside_control,
    best_of,
    build_candidate,
    without_shift,
)
from facesearch.final.card import model_card
from facesearch.final.choice import Choice, Planned, options_of, plan_final
from facesearch.final.cross_validation import CrossValidation, cross_validate
from facesearch.final.curse import score_on_unseen
from facesearch.final.figures import Report
from facesearch.final.finalists import finalists_of
from facesearch.final.folder import folder_name, only_one
from facesearch.final.leaks import DIGESTS
from facesearch.final.model import FaceModel
from facesearch.final.predict import TERMS, predict_root
from facesearch.final.registry import Registered, refuse_name
from facesearch.final.retrain import Listener, Workshop
from facesearch.final.shift import accuracy_by_shift
from facesearch.final.swept import other_faces
from facesearch.final.targets import reporting_folder
from facesearch.final.tracking import Made, log_final
from facesearch.final.verify import verify
from facesearch.final.with_reserved import train_with_reserved
from facesearch.tracking.provenance import provenance
from facesearch.tracking.store import Store
from facesearch.training.checkpoint import write_atomically
from facesearch.tuning.known import left_outcomes

__all__ = ["Choice", "Final", "finalize"]

SUBMISSIONS = ("classification.csv", "verification.csv")
_SHIFT = "accuracy by shift of the face"
_OLD_SEARCH = (
    "the search was made before faces were reserved for the report: it ranked its trials on some "
    "of the reserved identities and trained on others, so these figures may be a little too good."
)


@dataclass(frozen=True)
class Final:
    """What a final stage gave: its folder, its MLflow run, its report, its registered version."""

    folder: Path
    run_id: str
    report: Report
    registered: Registered | None = None


def finalize(
    store: Store, run_id: str, choice: Choice | None = None, *, runs_dir: Path,
    root: str | None = None, listener: Listener | None = None,
) -> Final:  # fmt: skip
    """Retrain the best, verify it, save it, log it.

    Args:
        store: Where the trial's run is, and where the final run goes.
        run_id: A trial's or a sweep's run; a unique beginning is enough.
        choice: How.
        runs_dir: Everything goes to ``runs_dir/final-<run id>-<options>``.
        root: The faces, where they are not at the place they had in the sweep.
        listener: Who is told of the progress.

    Raises:
        InputError: For a run or faces that cannot be used.
        TrialFailure: If no training comes to its end.
        StorageError: If the disk is full; the same command goes on.

    """
    choice, listener = choice or Choice(), listener or Listener()
    if choice.register_as:
        refuse_name(choice.register_as)
    finalists = finalists_of(store, run_id, choice.top_k, root, left_outcomes(runs_dir))
    planned = plan_final(finalists, choice, listener)
    differing = other_faces(store, finalists[0], runs_dir)
    for line in differing:
        listener.on_note(line)
    folder = runs_dir / folder_name(planned.finalists[0].run_id, options_of(planned, choice))
    with only_one(folder):
        workshop = Workshop(folder, choice.plan.workers, choice.at_once, listener, choice.address)
        candidates = _retrain(planned, choice, workshop)
        listener.on_step("verifying")
        report = Report(notes=differing)
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
        made = replace(made, model=model, register_as=choice.register_as)
        final_id, registered = log_final(store, made, is_registered=choice.registers)
    return Final(folder, final_id, report, registered)


def _retrain(planned: Planned, choice: Choice, workshop: Workshop) -> list[Candidate]:
    """Train all members of all finalists, those of the control among them."""
    members = [stages for of_one in planned.stages for stages in of_one]
    if choice.has_shift_control and len(planned.finalists) == 1:
        # beside the others; who the control of several finalists is of shows later
        members.append(without_shift(planned.stages[0][0]))
    workshop.take_over(members)
    trained = iter(workshop.train(members))
    candidates = []
    for finalist, stages in zip(planned.finalists, planned.stages, strict=True):
        own = [next(trained) for _ in stages]
        model_sets = planned.sets[stages[0][-1].data]
        candidates.append(
            build_candidate(finalist, stages, own, model_sets, choice.views, choice.keeps_all)
        )
    found = [candidate for candidate in candidates if candidate is not None]
    if not found:
        raise TrialFailure("failed", "of no finalist a member came to its end")
    return found


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
    if best.finalist.knew_reserve:
        _tell_curse(best, report)
    best.sets.leaks.tell(report)
    report.notes += best.sets.differing_crops
    report.notes += [line for one in best.sets.left_out for line in one.counts()]
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
        f"{best.finalist.trials}; the other was trained {longer}on all but the reserved faces, so "
        "a gap near 0 does not mean that there was no luck."
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
        (folder / name).unlink(missing_ok=True)  # of an earlier command
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
