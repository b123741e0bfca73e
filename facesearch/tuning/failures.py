"""Why trials failed: each reason with the number of its trials, the most frequent first.

Two messages are one reason if they differ in nothing but numbers, paths and quoted words, and their
trials ended with the same outcome. Not here: what failures have in common
(`report/failures.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from facesearch.errors import kind_of
from facesearch.tuning.records import FAILED, TrialRecord

NOT_TOLD = "not told"


@dataclass(frozen=True)
class Reason:
    """One reason.

    Args:
        outcome: How its trials ended.
        words: First line of the newest message that tells it.
        trials: Numbers of its trials, in the order in which they were given.

    """

    outcome: str
    words: str
    trials: tuple[int, ...]

    @property
    def count(self) -> int:
        """Trials that failed so, a count."""
        return len(self.trials)

    def __str__(self) -> str:
        return f"{self.outcome}: {self.words}"


def first_line(message: str) -> str:
    """Return what a message says first, or that nothing was told."""
    return next(iter(message.strip().splitlines()), NOT_TOLD)


def reasons(trials: Iterable[TrialRecord]) -> list[Reason]:
    """Return why trials failed, the most frequent reason first; of equals, the one told first.

    Args:
        trials: In the order in which they ended; those that did not fail are passed over.

    """
    found: dict[tuple[str, str], list[TrialRecord]] = {}
    for trial in trials:
        if trial.outcome in FAILED:
            kind = kind_of(first_line(trial.message))
            found.setdefault((trial.outcome, kind), []).append(trial)
    told = [
        Reason(outcome, first_line(alike[-1].message), tuple(t.number for t in alike))
        for (outcome, _), alike in found.items()
    ]
    return sorted(told, key=lambda reason: -reason.count)


def counted(told: Iterable[Reason]) -> str:
    """Return reasons in one line, each with its number of trials, such as ``2 failed: no file``."""
    return "; ".join(f"{reason.count} {reason}" for reason in told)
