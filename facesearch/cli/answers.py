"""How the commands that use a model print their answers, as text and as JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from facesearch.cli.text import printable
from facesearch.errors import UNDECIDED, first_names

NO_THRESHOLD = "no threshold: cannot decide"
_HOW_TO_DECIDE = "Give one with --threshold, or fit it with facesearch evaluate --freeze."


def exit_undecided(answers: Sequence[Any]) -> None:
    """End with an exit code of its own if nothing was decided: one threshold is for all answers."""
    if any(answer.decision == "undecided" for answer in answers):
        click.get_current_context().exit(UNDECIDED)


def verdict(match: Any) -> str:
    """Return what is said of a pair: the decision, and everything that it rests on."""
    if match.threshold is None:
        chance = ""
        if match.probability is not None:
            chance = f"; probability of one person {match.probability:.3f}"
        return f"{NO_THRESHOLD}: score {match.score:.4f}{chance}. {_HOW_TO_DECIDE}"
    said = "same person" if match.is_same else "different persons"
    words = f"{said}: score {match.score:.4f}, {compared(match.threshold)}"
    if match.probability is None:
        return words
    chance, asked = apart(match.probability, match.asked_probability)
    return f"{words}; probability of one person {chance}, the threshold asks for more than {asked}"


def compared(threshold: Any) -> str:
    """Return a threshold, its rule, and what it was fitted on."""
    if threshold.rule == "given":
        return f"threshold {threshold.value:.4f} as given"
    rule, place = safe(threshold.rule), safe(threshold.fitted_on)
    return f"threshold {threshold.value:.4f} (rule {rule}, fitted on {place})"


def print_searches(known: Any, queries: Sequence[Path], found: Sequence[Any]) -> None:
    """Print a table for each search in a gallery, and first what all of them rest on."""
    chosen = found[0].threshold
    how = f"{NO_THRESHOLD}. {_HOW_TO_DECIDE}" if chosen is None else compared(chosen)
    people = len(set(known.faces.identities))
    click.echo(f"{people} known people with {len(known.faces)} pictures; {how}")
    if known.not_in_gallery:
        count, names = (
            len(known.not_in_gallery),
            first_names([safe(name) for name in known.not_in_gallery]),
        )
        noun = "identity has" if count == 1 else "identities have"
        click.echo(
            f"NOT in the gallery: {count} {noun} no usable image: {names}. Whoever is one of them "
            "is unknown here, or taken for somebody else."
        )
    for query, search in zip(queries, found, strict=True):
        said = search.identity if search.decision == "identified" else search.decision
        click.echo(f"{safe(query)}: {safe(said)}")
        print_table([(one.identity, one.score) for one in search.candidates], "score")


def safe(text: object) -> str:
    """Return a name that stays on its line and can be encoded."""
    name = str(text).encode("utf-8", "replace").decode()
    return printable(name).replace("\n", "?")


def apart(one: float, other: float) -> tuple[str, str]:
    """Return two numbers with as many digits, from 3 to 9, as it takes to tell them apart."""
    for digits in range(3, 10):
        shown = f"{one:.{digits}f}", f"{other:.{digits}f}"
        if shown[0] != shown[1]:
            break
    return shown


def plain(record: Any) -> Any:
    """Return a record for JSON."""
    from dataclasses import asdict

    return None if record is None else asdict(record)


def print_json(told: object) -> None:
    """Print records; what JSON does not know is printed as text."""
    # only ASCII leaves: control characters of names are escaped
    click.echo(json.dumps(told, indent=1, default=str))


def print_table(rows: Sequence[tuple[str, float]], value: str) -> None:
    """Print identities in their order, each with a number; ``value`` is what it is called."""
    names = [safe(name) for name, _ in rows]
    width = max(map(len, ["identity", *names]))
    click.echo(f"  rank  {'identity':<{width}}  {value}")
    for rank, (name, (_, number)) in enumerate(zip(names, rows, strict=True), 1):
        click.echo(f"  {rank:>4}  {name:<{width}}  {number:.4f}")
