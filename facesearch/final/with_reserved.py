"""The same networks once more, trained on what was reserved too: to be used, not to be measured.

Nothing is left to measure them on, so their figures and thresholds are those of the networks that
did not see the reserved faces; the bundle and its card say so.

    model/                  measured, compared and registered
    model-with-reserved/    trained on all faces
"""

from dataclasses import replace
from pathlib import Path

from facesearch.config import DataConfig, ReserveConfig
from facesearch.data.faces import load_all_faces, read_reserve
from facesearch.errors import InputError
from facesearch.final.bundle import save_bundle
from facesearch.final.candidates import Candidate
from facesearch.final.card import model_card
from facesearch.final.figures import Report
from facesearch.final.leaks import DIGESTS, training_digests
from facesearch.final.model import FaceModel, Threshold
from facesearch.final.plan import Stages
from facesearch.final.retrain import Workshop

FOLDER = "model-with-reserved"
_TOLD = (
    "these figures and thresholds are not of this model but of the same networks trained without "
    "the reserved faces: this one has seen all faces, so none is left to measure it on."
)


def refuse_nothing_reserved(data: DataConfig) -> None:
    """Refuse to train once more where that would be the same training.

    Raises:
        InputError: If nothing of these faces is reserved.

    """
    if data.root is None or not read_reserve(data).parts:
        raise InputError("--with-reserved: nothing of these faces is reserved; leave it out.")


def train_with_reserved(
    best: Candidate, measured: FaceModel, report: Report, workshop: Workshop
) -> Path:
    """Train the members of a measured model on all faces; return the folder of the bundle.

    Args:
        best: What was measured.
        measured: Its model, with thresholds and provenance.
        report: Its figures.
        workshop: Where members are trained; killed, the same command resumes.

    Raises:
        TrialFailure: If no training comes to its end.

    """
    planned = [best.stages_of(one.seed) for one in best.trained[: len(measured.members)]]
    members = [with_everything(stages) for stages in planned]
    trained = [one for one in workshop.train(members) if one is not None]
    config = members[0][-1]
    faces = load_all_faces(config.data)
    model = replace(
        measured,
        members=tuple(one.model.members[0] for one in trained),
        config=config,
        identities=faces.identities,
        thresholds={name: _not_own(found) for name, found in measured.thresholds.items()},
        # the head is another one, of more identities
        temperature=None,
        provenance={**measured.provenance, "faces": faces.fingerprint, "reserved": {},
                    "figures_of": measured.provenance.get("faces", "")},
    )  # fmt: skip
    told = replace(report, notes=[_TOLD, *report.notes])
    extra = {
        "README.md": model_card(model, told).encode(),
        DIGESTS: training_digests(read_reserve(config.data).folder.train),
    }
    save_bundle(workshop.folder / FOLDER, model, extra)
    return workshop.folder / FOLDER


def _not_own(threshold: Threshold) -> Threshold:
    """Return a threshold that says whose scores it was fitted on."""
    return replace(threshold, fitted_on=f"{threshold.fitted_on} (of the networks without them)")


def with_everything(stages: Stages) -> Stages:
    """Return the stages of a member that is trained on what was reserved too."""
    nothing = ReserveConfig(images=0.0, dev=0.0, test=0.0)
    return tuple(
        stage.model_copy(update={"data": stage.data.model_copy(update={"reserve": nothing})})
        for stage in stages
    )
