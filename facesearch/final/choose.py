"""Which threshold a score is compared with: the one that is asked for, or the model's own.

A threshold that is no cosine (not finite, or below or above all of them) decides nothing, and is
never used.
"""

from collections.abc import Mapping, Sequence

from facesearch.errors import InputError
from facesearch.final.model import FaceModel, Threshold
from facesearch.final.operating_points import EVEN_ODDS, even_odds

# Which threshold is taken where none is named: the first of these that the model has.
VERIFY_THRESHOLDS = (EVEN_ODDS, "accuracy", "eer")
IDENTIFY_THRESHOLDS = ("rejection", "fpir_0.1")


def choose_threshold(
    model: FaceModel, asked: str | float | None, defaults: Sequence[str]
) -> Threshold | None:
    """Return the threshold to compare with.

    Args:
        model: Its thresholds may be named, and `EVEN_ODDS` if it is calibrated.
        asked: A name, a cosine as a number or as text, or None.
        defaults: For None: the first of these names that the model has, else no threshold. One that
            is no cosine (not finite, or accepting all) is passed over.

    Raises:
        InputError: If it is neither a name that the model has nor a cosine.

    """
    known = known_thresholds(model)
    if asked is None:
        usable = (known[n] for n in defaults if n in known and known[n].is_usable)
        return next(usable, None)
    if asked in known:
        return _usable(str(asked), known[str(asked)])
    try:
        value = float(asked)
    except ValueError:
        names = ", ".join(sorted(known)) or "none"
        raise InputError(
            f"threshold '{asked}': the model has: {names}. Write one of these, or a cosine."
        ) from None
    if not -1 <= value <= 1:  # NaN neither
        raise InputError(f"threshold {asked}: a score is a cosine; write a number from -1 to 1.")
    return Threshold(value, "given", "nothing")


def known_thresholds(model: FaceModel) -> dict[str, Threshold]:
    """Return the thresholds of a model by name, with that of even odds if it is calibrated."""
    known = dict(model.thresholds)
    return known | even_odds(model.calibration, _calibrated_on(known))


def _calibrated_on(known: Mapping[str, Threshold]) -> str:
    """Return what the calibration was fitted on: on the faces of the first of these thresholds."""
    fitted = (known[name].fitted_on for name in VERIFY_THRESHOLDS if name in known)
    return next(fitted, "faces that are not told")


def _usable(name: str, threshold: Threshold) -> Threshold:
    if not threshold.is_usable:
        raise InputError(
            f"threshold '{name}' of the model is {threshold.value:g}, which is no cosine: it "
            "decides nothing. Write another, or fit it anew: facesearch evaluate --freeze."
        )
    return threshold
