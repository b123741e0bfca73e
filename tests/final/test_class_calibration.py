import numpy as np
import pytest
import torch
from models import untrained

from facesearch.data.faces import FaceSet
from facesearch.final.class_calibration import LEAST_FACES, calibrate_classes
from facesearch.final.figures import Report
from facesearch.final.model import FaceModel, SetImages, Temperature


def asked(count: int, sharpness: float = 1.0) -> tuple[FaceModel, FaceSet]:
    """A model whose probabilities are too sharp by a known factor, of faces drawn from them.

    Who is on an image is drawn from what the model says of it, so that it is right of it; then
    its head is made sharper.
    """
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 16, 16, 3), np.uint8)
    model = untrained()
    unlabelled = FaceSet(images, np.arange(count), np.zeros(count, np.int64))
    logs = model.log_probabilities(SetImages(unlabelled))
    labels = (logs + rng.gumbel(size=logs.shape)).argmax(1)
    head = model.members[0].head
    plain = head.scores

    def sharper(embeddings_BD: torch.Tensor) -> torch.Tensor:
        return plain(embeddings_BD) * sharpness

    head.scores = sharper  # type: ignore[method-assign]
    return model, FaceSet(images, np.arange(count), labels)


@pytest.mark.parametrize("sharpness", [0.4, 3.0])
def test_the_temperature_undoes_what_the_head_overstates(sharpness: float) -> None:
    model, faces = asked(1500, sharpness)
    report = Report()
    calibrated = calibrate_classes(model, faces, report, "dev of f22")
    assert calibrated.temperature is not None and calibrated.temperature.fitted_on == "dev of f22"
    assert calibrated.temperature.value == pytest.approx(sharpness, rel=0.35)
    (note,) = report.notes
    before, after = (float(text.split()[0]) for text in note.split(" by ")[1:])
    assert after < before and after < 0.06
    told = Report()
    assert calibrate_classes(calibrated, faces, told, "") is calibrated
    assert f"off by {before:.3f} in the mean" in told.notes[0]
    assert "with its temperature" in told.notes[0] and "dev of f22" in told.notes[0]


def test_without_a_fit_the_error_is_told_and_nothing_changes() -> None:
    model, faces = asked(LEAST_FACES)
    report = Report()
    assert calibrate_classes(model, faces, report, "") is model
    assert report.notes[0].endswith("and it is not calibrated.")


def test_too_few_faces_calibrate_nothing() -> None:
    model, faces = asked(LEAST_FACES - 1)
    report = Report()
    assert calibrate_classes(model, faces, report, "dev") is model
    assert report.notes == [
        "classify: not calibrated, as it needs 100 faces of trained identities to fit a "
        "temperature on, and dev has 99."
    ]
    assert calibrate_classes(model, faces, report, "") is model and len(report.notes) == 1


def test_faces_that_nobody_names_are_not_asked_about() -> None:
    model, faces = asked(300)
    faces.labels_M[::2] = -1
    fitted = calibrate_classes(model, faces, Report(), "dev").temperature
    named = FaceSet(faces.images_NHWC, faces.index_M[1::2], faces.labels_M[1::2])
    assert fitted == calibrate_classes(model, named, Report(), "dev").temperature
    assert isinstance(fitted, Temperature)
