"""What the shell proposes for an argument: spaces, sweeps, runs, models, topics, keys.

Runs at every press of the tab key: nothing heavy is imported, and nothing may fail.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

Candidates = Callable[[click.Context, str], Iterator[str]]

# The topics of `facesearch list`; a constant, as the catalogue itself takes a while to import.
TOPICS = (
    "models", "heads", "augmentations", "layouts", "objectives", "search", "training",
    "data", "augment", "model", "optim", "train", "resources",
    "softmax", "normface", "sphereface", "cosface", "arcface", "combined", "subcenter_arcface",
    "adaface", "magface", "curricularface", "elasticface", "uniface", "triplet", "supcon",
    "circle", "multi_similarity",
)  # fmt: skip
# What every trial has; its params and metrics are those of the store.
_OWN_KEYS = ("score", "epochs", "started", "outcome", "trial")
_MOST = 200


def propose_for(command: click.Command) -> click.Command:
    """Let the shell complete the arguments of a command, and of a group's commands, by name."""
    for parameter in command.params:
        candidates = _BY_NAME.get(parameter.name or "")
        if candidates is None:
            continue
        if isinstance(parameter.type, click.Path):
            parameter.type = _ProposedPath(candidates, parameter.type.type)
        elif isinstance(parameter.type, click.types.StringParamType):
            parameter.type = _ProposedWord(candidates)
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            propose_for(inner)
    return command


class _ProposedPath(click.Path):
    """A path for which files of one kind are proposed, and any file if there are none."""

    def __init__(self, candidates: Candidates, path_type: type | None) -> None:
        super().__init__(path_type=path_type)
        self.candidates = candidates

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the proposals."""
        found = _proposals(self.candidates, ctx, incomplete)
        return found or [CompletionItem(incomplete, type="file")]


class _ProposedWord(click.types.StringParamType):
    """A word for which names are proposed; where it is a path, any folder if there are none."""

    def __init__(self, candidates: Candidates) -> None:
        self.candidates = candidates

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the proposals."""
        found = _proposals(self.candidates, ctx, incomplete)
        is_word = self.candidates in (_topics, _keys)
        return found if found or is_word else [CompletionItem(incomplete, type="dir")]


def _proposals(
    candidates: Candidates, context: click.Context, incomplete: str
) -> list[CompletionItem]:
    try:
        words = sorted({word for word in candidates(context, incomplete)})
    except Exception:  # an error here would be written into the line that is being typed
        return []
    return [CompletionItem(word) for word in words if word.startswith(incomplete)][:_MOST]


def _spaces(context: click.Context, incomplete: str) -> Iterator[str]:
    """Yield the YAML files in the folder that is being typed, and in the folders of it."""
    typed = os.path.dirname(incomplete)
    for pattern in ("*.yaml", "*.yml", "*/*.yaml"):
        for path in Path(typed or ".").glob(pattern):
            yield os.path.join(typed, os.path.relpath(path, typed or "."))


def _sweeps(context: click.Context, incomplete: str) -> Iterator[str]:
    """Yield the folders of sweeps, by name."""
    for ledger in _runs(context).glob("*/ledger"):
        yield ledger.parent.name


def _models(context: click.Context, incomplete: str) -> Iterator[str]:
    """Yield the folders of final models, as paths."""
    for model in _runs(context).glob("*/model"):
        yield str(model)


def _models_and_ids(context: click.Context, incomplete: str) -> Iterator[str]:
    yield from _models(context, incomplete)
    yield from _ids(context, incomplete, "final")


def _ids(context: click.Context, incomplete: str, kind: str = "") -> Iterator[str]:
    """Yield the ids of runs that begin so."""
    from facesearch.cli.complete_store import run_ids

    yield from run_ids(context.params.get("tracking_uri"), _runs(context), incomplete, kind)


def _sweeps_and_trial_ids(context: click.Context, incomplete: str) -> Iterator[str]:
    yield from _sweeps(context, incomplete)
    yield from _ids(context, incomplete, "trial")


def _sweeps_and_ids(context: click.Context, incomplete: str) -> Iterator[str]:
    yield from _sweeps(context, incomplete)
    yield from _ids(context, incomplete)


def _sweeps_and_finals(context: click.Context, incomplete: str) -> Iterator[str]:
    yield from _sweeps_and_ids(context, incomplete)
    for model in _runs(context).glob("*/model"):
        yield str(model.parent)


def _trials(context: click.Context, incomplete: str) -> Iterator[str]:
    """Yield sweeps and ids of runs, and behind a slash the trials of a sweep."""
    from facesearch.cli.complete_store import trial_numbers

    yield from _sweeps_and_ids(context, incomplete)
    sweep, slash, _ = incomplete.partition("/")
    for number in trial_numbers(_runs(context) / sweep) if slash else ():
        yield f"{sweep}/{number}"


def _topics(context: click.Context, incomplete: str) -> Iterator[str]:
    yield from TOPICS


def _keys(context: click.Context, incomplete: str) -> Iterator[str]:
    """Yield what runs can be sorted by; click takes a word with a dash for an option."""
    from facesearch.cli.complete_store import keys

    yield from _OWN_KEYS
    yield from keys(context.params.get("tracking_uri"), _runs(context))


def _runs(context: click.Context) -> Path:
    return Path(context.params.get("runs_dir") or "runs")


_BY_NAME: dict[str, Candidates] = {
    "space": _spaces, "spaces": _spaces,
    "sweep": _sweeps, "learn_from": _sweeps, "run_id": _sweeps_and_trial_ids,
    "what": _sweeps_and_finals,
    "run": _trials, "first": _trials, "second": _trials,
    "bundle": _models_and_ids, "a": _models_and_ids, "b": _models_and_ids,
    "topic": _topics, "key": _keys,
}  # fmt: skip
