import pytest

from facesearch.cli.answers import apart, verdict
from facesearch.final.matching import Match
from facesearch.final.model import Threshold

CAREFUL = Threshold(0.4, "far_1e-3", "unknown_dev of s23")


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        (0.97, 0.93, ("0.970", "0.930")),
        (0.50001, 0.5, ("0.50001", "0.50000")),
        (0.5, 0.5, ("0.500000000", "0.500000000")),
    ],
)
def test_two_probabilities_are_told_apart(one: float, other: float, shown: tuple[str, str]) -> None:
    assert apart(one, other) == shown


def test_a_verdict_says_what_it_rests_on() -> None:
    assert verdict(Match(0.5, CAREFUL, True, 0.97, 0.93)) == (
        "same person: score 0.5000, threshold 0.4000 (rule far_1e-3, fitted on unknown_dev of s23)"
        "; probability of one person 0.970, the threshold asks for more than 0.930"
    )
    assert verdict(Match(0.3, CAREFUL, False, None)) == (
        "different persons: score 0.3000, threshold 0.4000 (rule far_1e-3, fitted on unknown_dev "
        "of s23)"
    )


def test_without_a_threshold_a_score_is_no_verdict() -> None:
    for chance, more in ((None, ""), (0.0, "; probability of one person 0.000")):
        text = verdict(Match(0.3, None, None, chance))
        assert text == (
            f"no threshold: cannot decide: score 0.3000{more}. Give one with --threshold, or fit "
            "it with facesearch evaluate --freeze."
        )
