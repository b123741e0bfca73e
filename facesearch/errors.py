"""The errors that a user can cause, and the words in which they are told.

    FacesearchError          every error of ours
      InputError             what the user gave is wrong; nothing was started (exit code 2)
      TrialFailure           one training failed with a named outcome; the sweep goes on
      TooManyFailuresError   a sweep was given up, as most trials failed alike (exit code 3)
      NoResultError          a sweep ended without one usable trial (exit code 4)
      MachineError           what we run on failed; the same command goes on (exit code 4)
        StorageError         the disk is full or gone
        ClusterError         Ray did not start, or its own processes have ended
        KilledError          a process of ours was killed, as by a system without memory

No error: `verify` and `identify` without a threshold answer with scores and decide nothing (exit
code 5, `UNDECIDED`).

A bug of ours is any other exception: it keeps its traceback (exit code 1).
"""

import difflib
import re
from collections.abc import Iterable, Sequence

UNDECIDED = 5
# In lines of one kind these differ: quoted words, numbers, paths and names of files.
_VARIES = re.compile(r"'[^']*'|\"[^\"]*\"|\S*[\d/\\]\S*|\S+\.\w\S*")
# In addresses: who:password@, a token alone before the @, and what a query calls by such a name.
_SECRETS = (
    (re.compile(r"(://[^\s/:@'\"]*):[^\s'\"]*@"), r"\1:***@"),
    (re.compile(r"(https?://)[^\s/:@'\"]+@"), r"\1***@"),
    (
        re.compile(
            r"([?&;](?:\w*(?:password|passwd|pwd|secret|token|api_?key)|odbc_connect)=)[^\s&;'\"]*",
            re.IGNORECASE,
        ),
        r"\1***",
    ),
)


class FacesearchError(Exception):
    """Base of every error that facesearch raises on purpose."""

    exit_code = 1


class InputError(FacesearchError):
    """What the user gave is wrong: where, what was found, what is allowed, what to write."""

    exit_code = 2


class TrialFailure(FacesearchError):
    """One training could not go on; ``outcome`` is its name in the tracking store."""

    def __init__(self, outcome: str, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


class NoResultError(FacesearchError):
    """A sweep ended and no trial of it has a score."""

    exit_code = 4


class TooManyFailuresError(FacesearchError):
    """A sweep was given up, as most of its trials failed for the same reason."""

    exit_code = 3


class MachineError(FacesearchError):
    """What we run on failed; nothing is lost, and the same command goes on."""

    exit_code = 4


class StorageError(MachineError):
    """The disk is full or gone."""


class ClusterError(MachineError):
    """Ray did not start, or its own processes have ended."""


class KilledError(MachineError):
    """A process of ours was killed by a signal, as by a system that ran out of memory."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a sentence that proposes the nearest known word, or only lists what is known.

    Args:
        word: What was written.
        known: The allowed words.

    Returns:
        For example ``"; did you mean 'lr'? Known: lr, momentum."``; it continues a sentence.

    """
    names = sorted(known)
    plain = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold(), plain, n=1, cutoff=0.6)
    is_other = bool(close) and plain[close[0]] != word  # a right word is wrong in another way
    guess = f"; did you mean '{plain[close[0]]}'?" if is_other else "."
    return f"{guess} Known: {', '.join(names)}."


def no_sweep(word: str, known: Iterable[str], where: object) -> str:
    """Return the message for a word that names no sweep.

    Args:
        word: What was written.
        known: The sweeps that there are, the newest first; a number at the end, as of
            ``arcface-0001``, may be left out of a name.
        where: Where it was looked for.

    """
    names = list(known)
    if not names:
        return f"'{word}' is no sweep: there is none yet in {where}."
    short = {re.sub(r"-\d{4}$", "", name) for name in names}
    close = difflib.get_close_matches(word, {*names, *short}, n=1)
    guess = f"; did you mean '{close[0]}'?" if close else "."
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"'{word}' is no sweep in {where}{guess} Known: {', '.join(names[:5])}{more}."


def printable(text: str) -> str:
    """Return ``text`` without control characters, marks that turn the direction, and secrets.

    A file's name may hold some, and bytes that are no text; line ends stay, messages have several
    lines.
    """
    text = without_secrets(text)
    return re.sub(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u2028-\u202e\u2066-\u2069]",
        "?",
        text,
    )


def without_secrets(text: str) -> str:
    """Return ``text`` with stars for what addresses in it hold of passwords, tokens and keys."""
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    return text


def first_names(names: Sequence[str], shown: int = 3) -> str:
    """Return the first names of a list for a message, with dots if there are more."""
    return ", ".join(names[:shown]) + (", ..." if len(names) > shown else "")


class Fault(str):
    """A line of what is wrong that stands for ``num_places`` places at once."""

    num_places: int

    def __new__(cls, text: str, num_places: int = 1) -> "Fault":
        """Return the line."""
        made = super().__new__(cls, text)
        made.num_places = num_places
        return made


def count_of(line: str) -> int:
    """Return for how many places a line of what is wrong stands."""
    return line.num_places if isinstance(line, Fault) else 1


def kind_of(line: str) -> str:
    """Return what lines of one kind have in common: without numbers, paths and quoted words."""
    return _VARIES.sub("#", line)


def capped(lines: Iterable[str], shown: int = 10) -> list[str]:
    """Return what is wrong in about ``shown`` lines: each once, in order, if there are no more.

    Of more than that the commonest kind comes first, and of each kind the first ones, with how many
    more there are. Lines are of one kind that differ in numbers, paths and quoted words only.

    Args:
        lines: All that is wrong; a `Fault` counts as often as it says.
        shown: About how many lines of them are returned, a count.

    """
    once = list(dict.fromkeys(lines))
    if len(once) <= shown:
        return once
    kinds: dict[str, list[str]] = {}
    for line in once:
        kinds.setdefault(kind_of(line), []).append(line)
    by_count = sorted(kinds.values(), key=lambda kind: -sum(map(count_of, kind)))
    each = max(1, shown // len(by_count))
    found: list[str] = []
    for kind in by_count[:shown]:
        found += kind[:each]
        if len(kind) > each:
            alike = " like this" if len(by_count) > 1 else ""
            found.append(f"... and {len(kind) - each:,} more{alike}")
    rest = sum(map(len, by_count[shown:]))
    return [*found, f"... and {rest:,} more"] if rest else found
