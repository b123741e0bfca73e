"""A model on faces that it was not made for: other people, other pictures, new thresholds."""

from dataclasses import replace
from pathlib import Path

from facesearch.data.geometry import parts_of
from facesearch.errors import InputError
from facesearch.final.asked_faces import Question, asked_faces
from facesearch.final.bundle import load_bundle, save_bundle
from facesearch.final.card import model_card
from facesearch.final.figures import Report
from facesearch.final.leaks import DIGESTS, Leaks, find_leaks
from facesearch.final.left_out import passed_over_in
from facesearch.final.recrop import OFF, Crops, plan_crops
from facesearch.final.targets import Targets
from facesearch.final.verify import verify
from facesearch.training.memory import default_device


def evaluate(
    bundle: Path, asked: Question | str, out: Path | None = None, *, recrop: str = OFF
) -> Report:
    """Measure a model on labelled faces.

    Args:
        bundle: The folder of the model.
        asked: The faces, or a folder of faces.
        out: Where the model goes with thresholds that were fitted on the folder's dev sets; without
            it, the model's own are applied.
        recrop: What is done where faces are cropped otherwise, see `plan_crops`.

    Raises:
        InputError: If either cannot be read, there is no labelled set, or ``out`` is in use.

    """
    model = load_bundle(bundle).to(default_device())
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out}: not empty; give another folder to --freeze.")
    question = Question(root=asked) if isinstance(asked, str) else asked
    digests = bundle / DIGESTS
    trained = digests.read_bytes() if digests.exists() else b""
    faces = asked_faces(model.config.data, model.identities, [trained], question)
    crops = Crops()
    if faces.folder is not None:
        crops = plan_crops(model, parts_of(faces.folder), recrop)
        faces = replace(faces, folder=crops.of_folder(faces.folder))
    targets, leaks = faces.targets(model.image_px, model.identities), Leaks({}, {})
    if faces.folder is not None:
        leaks = find_leaks(trained, model.identities, faces.folder)
        targets = leaks.without_copies(targets)
    _refuse_unlabelled(targets, question.source, leaks)
    source = question.source
    model, report = verify(model, targets, is_refitted=out is not None, source=source)
    report.notes[:0] = faces.notes
    leaks.tell(report)
    report.left_out = passed_over_in(question, model.config.data)
    report.notes += [line for one in report.left_out for line in one.counts()]
    report.notes += crops.lines
    if not trained:
        report.notes.append(
            "the model does not say which pictures it was trained on: copies cannot be found."
        )
    if out is not None:
        where = {"thresholds_from": source}
        if crops.boxes:
            where["thresholds_recropped"] = "; ".join(f"{n} {b}" for n, b in crops.boxes.items())
        model = replace(model, provenance={**model.provenance, **where})
        extra = {"README.md": model_card(model, report).encode()}
        save_bundle(out, model, extra | ({DIGESTS: trained} if trained else {}))
    return report


def _refuse_unlabelled(targets: Targets, source: str, leaks: Leaks) -> None:
    sets = ("dev", "test", "unknown_dev", "unknown_test")
    if targets.pairs is None and all(targets.labelled(name) is None for name in sets):
        raise InputError(
            f"{source}: no labelled set that this model can be asked about: it needs identities "
            "that were not trained on, with 2 images or more; other images of those that were, in "
            "dev/ or test/; or a list of pairs. " + " ".join(leaks.lines())
        )
