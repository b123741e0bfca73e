"""Questions to a leaderboard: which rows (``lr<=0.1``), and in which order."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from facesearch.errors import InputError, did_you_mean
from facesearch.tracking.rows import Row, Value
from facesearch.tuning.records import ranked as by_rank

_CONDITION = re.compile(r"\s*([^<>=!\s]+)\s*(<=|>=|!=|==|=|<|>)\s*(.*?)\s*")
_TESTS: dict[str, Callable[[float], bool]] = {
    # of the sign of a comparison: -1, 0 or 1
    "=": lambda sign: sign == 0, "==": lambda sign: sign == 0, "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0, "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0, ">=": lambda sign: sign >= 0,
}  # fmt: skip
# Of these, and of all params, the least comes first.
_LEAST_FIRST = re.compile(r"sweep|run|trial|outcome|.*(loss|eer|seconds)|cost/.*")


@dataclass(frozen=True)
class Condition:
    """One ``--where``: a field, a comparison, and what to compare with."""

    key: str
    sign: str
    text: str

    def holds(self, row: Row) -> bool:
        """Return whether it is so.

        Of a row without the field only ``!=`` is true, and ``=none``.

        Raises:
            InputError: If text is to be less than something, or a number like a word.

        """
        value = row.fields().get(self.key)
        is_missing, asks_for_none = value in (None, ""), self.text.lower() == "none"
        if is_missing or (asks_for_none and not isinstance(value, str)):
            is_same = is_missing and asks_for_none
            return (is_same and self.sign in ("=", "==")) or (not is_same and self.sign == "!=")
        return _TESTS[self.sign](self._compare(value))

    def _compare(self, value: Value) -> float:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value) - self._number()
        if self.sign not in ("=", "==", "!=") and self.key != "started":
            raise InputError(
                f"--where '{self.key}{self.sign}{self.text}': {self.key} is text, such as "
                f"'{value}'; use = or !=."
            )
        mine, other = str(value).lower(), self.text.lower()
        if self.key == "run":  # ids may be shortened everywhere
            return 0.0 if other and mine.startswith(other) else 1.0
        return float((mine > other) - (mine < other))

    def _number(self) -> float:
        try:
            return float(self.text)
        except ValueError:
            raise InputError(
                f"--where '{self.key}{self.sign}{self.text}': {self.key} is a number, but got "
                f"'{self.text}'."
            ) from None


def parse_conditions(texts: Iterable[str], rows: Sequence[Row]) -> list[Condition]:
    """Return what ``--where`` asks.

    Args:
        texts: Such as ``head=arcface`` or ``score>0.5``.
        rows: Whose fields may be named.

    Raises:
        InputError: If one cannot be read, or names a field that no row has.

    """
    found = []
    for text in texts:
        match = _CONDITION.fullmatch(text)
        if not match:
            raise InputError(
                f"--where '{text}': write KEY, then = != < <= > or >=, then a value; such as "
                "'score>0.5' or 'head=arcface' (in quotes, for the shell)."
            )
        key, sign, value = match.groups()
        found.append(Condition(find_key(key, rows, "--where"), sign, value))
    return found


def where(rows: Sequence[Row], texts: Iterable[str]) -> list[Row]:
    """Return the rows for which all conditions hold; see `parse_conditions`."""
    conditions = parse_conditions(texts, rows)
    return [row for row in rows if all(condition.holds(row) for condition in conditions)]


def find_key(word: str, rows: Sequence[Row], option: str) -> str:
    """Return the field that a word names: its name, or the end of it, if only one ends so.

    Raises:
        InputError: If no row has it, or several fields end so.

    """
    names = field_names(rows)
    if word in names:
        return word
    ends = [name for name in names if re.split(r"[/.]", name)[-1] == word]
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise InputError(f"{option}: several fields are called '{word}': {', '.join(ends)}.")
    raise InputError(f"{option}: no run has '{word}'{did_you_mean(word, names)}")


def field_names(rows: Iterable[Row]) -> list[str]:
    """Return the names of all fields: those of every trial, then params, then metrics."""
    rows = list(rows)
    own = list(Row("", "", 0, "").fields())
    found = dict.fromkeys(name for row in rows for name in row.fields())
    metrics = {name for row in rows for name in row.metrics}
    params = [name for name in found if name not in metrics and name not in own]
    return [*own, *params, *sorted(name for name in metrics if name not in own)]


def rank(rows: Iterable[Row]) -> list[Row]:
    """Return rows as a sweep ranks them, see `ranking`; a trial's repeats stand below it.

    Those that failed or have no score come last, by number.
    """
    rows = list(rows)
    repeats = repeats_of(rows)
    firsts = [row for row in rows if row.repeat_of is None]
    firsts = by_rank(firsts, lambda row: repeats.get(_key(row), ()))
    ranked = []
    for first in firsts:
        ranked += [first, *(row for row in repeats.get(_key(first), ()) if row.is_ranked)]
    known = set(map(id, ranked))
    others = [row for row in rows if id(row) not in known]
    return ranked + sorted(others, key=lambda row: (row.sweep, row.trial))


def repeats_of(rows: Iterable[Row]) -> dict[tuple[str, int], list[Row]]:
    """Return the repeats, in order, by sweep and number of the trial that they repeat."""
    found: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.trial):
        if row.repeat_of is not None:
            found[row.sweep, row.repeat_of].append(row)
    return found


def _key(row: Row) -> tuple[str, int]:
    return row.sweep, row.trial


def sort(rows: Sequence[Row], word: str | None) -> list[Row]:
    """Return rows in the order of a field.

    Args:
        rows: Of one or more sweeps.
        word: A field; with ``-`` before it in the other direction; None: as `rank` does. Scores,
            other metrics, epochs and times begin with the greatest; params, losses, error rates,
            seconds, costs and words with the least.

    Returns:
        A new list; rows without the field come last, and equal ones as `rank` has them.

    Raises:
        InputError: If no row has such a field.

    """
    ranked = rank(rows)
    if not word:
        return ranked
    key = find_key(word.removeprefix("-"), rows, "--sort")
    is_param = any(key.removeprefix("param.") in row.params for row in rows)
    is_least_first = bool(_LEAST_FIRST.fullmatch(key)) or (
        is_param and key not in ("score", "epochs", "started")
    )
    known = [(row, row.fields().get(key)) for row in ranked]
    there = [(row, value) for row, value in known if _is_value(value)]
    missing = [row for row, value in known if not _is_value(value)]
    # the sort is stable in both directions
    there.sort(key=lambda pair: _order(pair[1]), reverse=is_least_first == word.startswith("-"))
    return [row for row, _ in there] + missing


def _is_value(value: Value) -> bool:
    return value not in (None, "") and value == value  # NaN is not equal to itself


def _order(value: Value) -> tuple[bool, float, str]:
    is_text = isinstance(value, str)
    return (is_text, 0.0 if is_text else float(value or 0), str(value) if is_text else "")
