"""A model on faces that it was not made for: other people, other pictures, new thresholds."""

from dataclasses import replace
from pathlib import Path

from facesearch.errors import InputError
from facesearch.final.bundle import load_bundle, save_bundle
from facesearch.final.card import model_card
from facesearch.final.figures import Report
from facesearch.final.leaks import DIGESTS, Leaks, find_leaks
from facesearch.final.targets import Targets, read_targets, reporting_folder
from facesearch.final.verify import verify
from facesearch.training.memory import default_device


def evaluate(bundle: Path, root: str, out: Path | None = None) -> Report:
    """Measure a model on the labelled sets of a folder.

    Args:
        bundle: The folder of the model.
        root: The folder of faces.
        out: Where the model goes with thresholds that were fitted on the folder's dev sets; without
            it, the model's own are applied.

    Raises:
        InputError: If either cannot be read, the folder has no labelled set, or ``out`` is in use.

    """
    model = load_bundle(bundle).to(default_device())
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out}: not empty; give another folder to --freeze.")
    data = model.config.data.model_copy(update={"root": root, "layout": "auto"})
    targets, folder = read_targets(data, model.identities), reporting_folder(data)
    assert folder is not None
    digests = bundle / DIGESTS
    trained = digests.read_bytes() if digests.exists() else b""
    leaks = find_leaks(trained, model.identities, folder)
    targets = leaks.without_copies(targets)
    _refuse_unlabelled(targets, root, leaks)
    model, report = verify(model, targets, is_refitted=out is not None, source=Path(root).name)
    leaks.tell(report)
    if not trained:
        report.notes.append(
            "the model does not say which pictures it was trained on: copies cannot be found."
        )
    if out is not None:
        model = replace(model, provenance={**model.provenance, "thresholds_from": Path(root).name})
        extra = {"README.md": model_card(model, report).encode()}
        save_bundle(out, model, extra | ({DIGESTS: trained} if trained else {}))
    return report


def _refuse_unlabelled(targets: Targets, root: str, leaks: Leaks) -> None:
    sets = ("dev", "test", "unknown_dev", "unknown_test")
    if targets.pairs is None and all(targets.labelled(name) is None for name in sets):
        raise InputError(
            f"{root}: no labelled set that this model can be asked about: it needs dev/ of the "
            "people it was trained on, unknown_dev/ with its labels, or a list of pairs. "
            + " ".join(leaks.lines())
        )
