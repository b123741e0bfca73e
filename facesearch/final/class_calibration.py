"""What the probabilities of `classify` are worth, and the temperature that mends them.

Heads with a margin are trained at a scale that is not that of a probability: they state too much,
or too little. One temperature for all, fitted on the closed-set validation faces, mends the mean;
who comes first stays as it is.

Shapes: N faces, P identities.
"""

from dataclasses import dataclass, replace

import numpy as np

from facesearch.data.faces import FaceSet
from facesearch.final.figures import Report
from facesearch.final.model import FaceModel, SetImages, Temperature
from facesearch.metrics.temperature import best_class, class_calibration_error, fit_temperature

# Fewer faces do not tell 15 bins from chance.
LEAST_FACES = 100
# Log probabilities in memory: a quarter of a GB.
_MOST_NUMBERS = 1 << 26


@dataclass(frozen=True)
class _Said:
    """What a model says of faces, N P, and who they are."""

    log_chances_NP: np.ndarray
    labels_N: np.ndarray

    def part(self, rows: slice) -> "_Said":
        return _Said(self.log_chances_NP[rows], self.labels_N[rows])

    def temperature(self) -> float:
        return fit_temperature(self.log_chances_NP, self.labels_N)

    def outcome(self, temperature: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the stated chance of the likeliest identity, and whether it is right."""
        best, chance = best_class(self.log_chances_NP, temperature)
        return chance, best == self.labels_N


def calibrate_classes(
    model: FaceModel, faces: FaceSet, report: Report, fitted_on: str
) -> FaceModel:
    """Say how far the probabilities of `classify` are off; return the model with a temperature.

    Args:
        model: Its own temperature is measured where none is fitted.
        faces: Closed-set validation faces: other images of the trained identities.
        report: Where a note is added.
        fitted_on: What the faces are called as ``fitted_on``; empty: nothing is fitted.

    """
    said = _ask(model, faces)
    if len(said.labels_N) < LEAST_FACES or len(model.identities) < 2:
        if fitted_on:
            report.notes.append(
                f"classify: not calibrated, as it needs {LEAST_FACES} faces of trained identities "
                f"to fit a temperature on, and {fitted_on} has {len(said.labels_N)}."
            )
        return model
    before = class_calibration_error(*said.outcome(1.0))
    if not fitted_on:
        _tell_own(model, said, before, report)
        return model
    found = Temperature(said.temperature(), fitted_on)
    report.notes.append(
        f"classify: the probability of the likeliest identity was off by {before:.3f} in the mean "
        f"(expected calibration error), and is by {_crossed(said):.3f} with the temperature "
        f"{found.value:.3g}, fitted on one half of {fitted_on} and measured on the other."
    )
    return replace(model, temperature=found)


def _tell_own(model: FaceModel, said: _Said, before: float, report: Report) -> None:
    own = model.temperature
    how = "and it is not calibrated"
    if own is not None:
        error = class_calibration_error(*said.outcome(own.value))
        how = f"and by {error:.3f} with its temperature {own.value:.3g}, fitted on {own.fitted_on}"
    report.notes.append(
        f"classify: the probability of the likeliest identity is off by {before:.3f} in the mean "
        f"(expected calibration error), {how}."
    )


def _crossed(said: _Said) -> float:
    """Return the error of each half at the temperature of the other, of both halves together."""
    halves = said.part(slice(0, None, 2)), said.part(slice(1, None, 2))
    outcomes = [here.outcome(other.temperature()) for here, other in (halves, halves[::-1])]
    chances, hits = (np.concatenate(column) for column in zip(*outcomes, strict=True))
    return class_calibration_error(chances, hits)


def _ask(model: FaceModel, faces: FaceSet) -> _Said:
    """Ask the model about as many faces as fit into memory, spread evenly over the set."""
    labelled = np.flatnonzero(faces.labels_M >= 0)
    step = max(1, -(-len(labelled) * len(model.identities) // _MOST_NUMBERS))
    rows = labelled[::step]
    part = replace(faces, index_M=faces.index_M[rows], labels_M=faces.labels_M[rows])
    return _Said(model.log_probabilities(SetImages(part)), part.labels_M)
