import pytest
from models import untrained

from facesearch.errors import InputError
from facesearch.final.choose import choose_threshold, known_thresholds
from facesearch.final.model import Threshold
from facesearch.metrics.thresholds import Calibration

EER = Threshold(0.25, "eer", "dev")
ACCURACY = Threshold(0.5, "accuracy", "pairs")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("erer", r"threshold 'erer': the model has: accuracy, eer\. Write one"),
        ("", "the model has"),
        ("1.5", "from -1 to 1"),
        ("nan", "from -1 to 1"),
        (float("inf"), "from -1 to 1"),
    ],
)
def test_a_threshold_is_a_name_or_a_cosine(asked: str | float, message: str) -> None:
    model = untrained(thresholds={"eer": EER, "accuracy": ACCURACY})
    with pytest.raises(InputError, match=message):
        choose_threshold(model, asked, ())
    assert choose_threshold(model, "-1", ()) == Threshold(-1.0, "given", "nothing")
    assert choose_threshold(model, None, ("none", "eer")) is EER


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), -1.001953125, 7.0])
def test_a_threshold_that_is_no_cosine_is_never_used(value: float) -> None:
    model = untrained(thresholds={"rejection": Threshold(value, "rejection", "dev"), "eer": EER})
    assert choose_threshold(model, None, ("rejection",)) is None
    assert choose_threshold(model, None, ("rejection", "eer")) is EER
    with pytest.raises(InputError, match=r"'rejection' of the model is .*, which is no cosine"):
        choose_threshold(model, "rejection", ())


def test_even_odds_are_known_of_a_calibrated_model_only() -> None:
    model = untrained(thresholds={"eer": EER}, calibration=Calibration(8.0, -2.0))
    assert known_thresholds(model)["even_odds"] == Threshold(0.25, "even_odds", "dev")
    assert choose_threshold(model, "even_odds", ()).value == 0.25
    for calibration in (None, Calibration(0.0, 0.0), Calibration(1.0, -2.0)):
        assert set(known_thresholds(untrained(calibration=calibration))) == set()
    told = known_thresholds(untrained(calibration=Calibration(8.0, -2.0)))["even_odds"]
    assert told.fitted_on == "faces that are not told"
