"""The commands that run sweeps: tune, extend, preview and baseline."""

import functools
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from facesearch.cli.left_out import say_left_out_of_search
from facesearch.cli.options import DATA, RUNS, SPACE, TRACKING, Interrupted
from facesearch.cli.text import faces_root, objective_lines, parse_duration
from facesearch.cli.verbosity import is_quiet, level, say_detail, say_hint
from facesearch.errors import InputError
from facesearch.tracking.address import said_again

_ADDRESS = click.option("--address", help="A running Ray cluster: auto, or HOST:PORT.")
_TRIALS = click.option("--trials", type=int, help="Trials to start, instead of the file's.")
_JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print the result as JSON; progress: standard error."
)
_REPEAT = click.option(
    "--repeat-top", type=click.IntRange(0, 100), metavar="K",
    help="When the search has ended, train its K best configs again with further seeds.",
)  # fmt: skip
_SEEDS = click.option(
    "--seeds", type=click.IntRange(2, 100), metavar="N",
    help="Seeds of each of them, that of the search among them; default: 3.",
)  # fmt: skip
_NAME = click.option("--name", help="Name of the sweep, instead of the file's.")


@click.command()
@SPACE
@DATA
@_TRIALS
@click.option("--time", "time_text", help="Wall-clock budget of the search: 90s, 15m, 2h.")
@_REPEAT
@_SEEDS
@_NAME
@click.option("--fresh", is_flag=True, help="Begin a new sweep, beside the one of this name.")
@click.option(
    "--learn-from", multiple=True, metavar="SWEEP",
    help="An earlier sweep whose trials the sampler should know; may be given several times.",
)  # fmt: skip
@_ADDRESS
@TRACKING
@RUNS
@_JSON
def tune(  # noqa: PLR0913 - one argument an option
    space: Path, root: str | None, trials: int | None, time_text: str | None,
    repeat_top: int | None, seeds: int | None, name: str | None, fresh: bool,
    learn_from: Sequence[str], address: str | None, tracking_uri: str | None,
    runs_dir: Path, as_json: bool,
) -> None:  # fmt: skip
    """Sweep a search space; the same command again goes on where it was stopped.

    \b
    facesearch tune searchspaces/arcface.yaml --data FACES --time 2h

    One training says little of the best two: --repeat-top 3 --seeds 3 trains the best three again,
    and ranks them by the mean. Given to a finished sweep, it does only that.
    """
    from facesearch.space import load_space
    from facesearch.tuning.folder import find_sweep

    chosen = load_space(space)
    budget = parse_duration(time_text) if time_text else None
    chosen = chosen.with_settings(
        trials=trials, time_s=budget, name=name, repeat_top=_top(repeat_top, seeds),
        repeat_seeds=seeds,
    )  # fmt: skip
    known = [find_sweep(runs_dir, sweep) for sweep in learn_from]
    _run(
        chosen, root, address, tracking_uri, runs_dir, as_json=as_json, is_fresh=fresh,
        learn_from=known,
    )  # fmt: skip


def _top(repeat_top: int | None, seeds: int | None) -> int | None:
    """Return how many configs are repeated: seeds alone ask for the best three."""
    return 3 if seeds is not None and repeat_top is None else repeat_top


@click.command()
@click.argument("sweep")
@DATA
@click.option("--trials", type=click.IntRange(1), help="Further trials.")
@click.option("--time", "time_text", help="Further time: 90s, 15m, 2h.")
@_ADDRESS
@TRACKING
@RUNS
def extend(  # noqa: PLR0913 - one argument an option
    sweep: str, root: str | None, trials: int | None, time_text: str | None,
    address: str | None, tracking_uri: str | None, runs_dir: Path,
) -> None:  # fmt: skip
    """Let a finished sweep go on; it has learnt from all that it has tried.

    \b
    facesearch extend arcface --trials 20
    """
    from facesearch.tuning.folder import find_sweep, load_sweep
    from facesearch.tuning.session import Growth

    if trials is None and time_text is None:
        raise InputError("extend: by how much? Give --trials N, --time T, or both.")
    folder = find_sweep(runs_dir, sweep)
    space, old_root = load_sweep(folder)
    growth = Growth(trials or 0, parse_duration(time_text) if time_text else None)
    _run(
        space, faces_root(root) or old_root, address, tracking_uri, folder.parent, growth=growth
    )  # fmt: skip


@click.command()
@click.argument("sweep")
@TRACKING
@RUNS
def sync(sweep: str, tracking_uri: str | None, runs_dir: Path) -> None:
    """Write into MLflow what it missed of a sweep, as when its server was down.

    \b
    facesearch sync arcface
    """
    from facesearch.tracking.store import resolve_store
    from facesearch.tuning.folder import find_sweep
    from facesearch.tuning.sync import sync_sweep

    folder = find_sweep(runs_dir, sweep)
    store = resolve_store(tracking_uri, folder.parent)
    failures: list[str] = []
    if not sync_sweep(folder, store, failures.append):
        raise InputError(f"MLflow at {store.place} has not everything yet: {'; '.join(failures)}")
    click.echo(f"MLflow at {store.place} has all of {folder}")


def _run(
    space: Any, root: str | None, address: str | None, tracking_uri: str | None, runs_dir: Path,
    *, as_json: bool = False, **how: Any,
) -> None:  # fmt: skip
    from facesearch.tuning.address import is_own, refuse_dead_address

    if not is_own(address):  # before anything that takes long
        refuse_dead_address(address or "")
    from rich.console import Console

    from facesearch.cli.doctor.ray_start import say_ray_findings
    from facesearch.cli.progress import Bars
    from facesearch.cli.result_json import sweep_json
    from facesearch.data.faces import load_faces_to_search
    from facesearch.data.reserve.words import reserve_lines
    from facesearch.tracking.store import resolve_store
    from facesearch.tuning.admission import first_config
    from facesearch.tuning.cluster import Cluster
    from facesearch.tuning.tune import tune as run

    console = Console(stderr=as_json, quiet=is_quiet())
    store = resolve_store(tracking_uri, runs_dir)
    _say_details(space, store.place, runs_dir)
    place = faces_root(root)
    data = first_config(space, place).data
    with Bars(console, "reading the faces"):
        faces = load_faces_to_search(data)
    hint = "" if data.root else "; give your own with --data FOLDER"
    for line in (
        f"faces: {faces.source}{hint}",
        f"       {len(faces.train):,} faces of {len(faces.identities):,} identities to learn from, "
        f"{len(faces.strangers):,} of held-out identities to rank by",
        *(f"       {line}" for line in reserve_lines(faces.reserve)),
        *objective_lines(space.settings.search),
        "starting Ray ..." if is_own(address) else f"joining Ray at {address} ...",
    ):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if is_own(address):
        say_ray_findings()
    left_out = say_left_out_of_search(data, faces.reserve)
    result = run(
        space, store, runs_dir=runs_dir, console=console, root=place, cluster=Cluster(address),
        **how,
    )  # fmt: skip
    more = said_again(runs_dir, tracking_uri), said_again(runs_dir, tracking_uri, root)
    if as_json:
        click.echo(sweep_json(result, store.place, left_out))
    else:
        _conclude(Console(), space.settings.search, result, store.place, more)
    if result.sweep.is_interrupted:
        raise Interrupted(143 if result.sweep.is_terminated else 130)


def _say_details(space: Any, uri: str, runs_dir: Path) -> None:
    """Tell, if detail is asked for, where everything goes, and the config with all defaults."""
    say_detail(f"runs: {runs_dir.resolve()}   MLflow: {uri}")
    if level() > 0:
        import yaml

        config = space.first_config().model_dump(mode="json")
        say_detail("config, with each hole at its low end or first option:")
        say_detail(yaml.safe_dump(config, sort_keys=False, default_flow_style=None).rstrip())


def _conclude(console: Any, search: Any, result: Any, uri: str, more: tuple[str, str]) -> None:
    """Print how the sweep stands, and what to do next.

    ``more`` are the options that commands on it need, without and with the faces.
    """
    from facesearch.tuning.tables import front_table, leaderboard, leaders, outcome_counts

    sweep, best = result.sweep, result.sweep.best
    if best:
        console.print(leaderboard(sweep))
        if search.has_several:
            console.print(front_table(sweep, search.objectives))
        console.print(leaders(sweep), highlight=False, markup=False, soft_wrap=True)
    why = f"; {result.halted}" if result.halted else ""
    say = functools.partial(console.print, highlight=False, markup=False, soft_wrap=True)
    say(f"{outcome_counts(sweep)}; {sweep.epochs_spent} epochs{why}")
    say(f"results: {result.folder}   MLflow: {uri}")
    if not result.is_tracked:
        say("MLflow has not everything yet; the same command again writes the rest.")
    if sweep.is_interrupted:
        say("interrupted; the same command again, without --fresh, goes on from here.")
        return
    name = result.folder.name
    without, with_faces = more
    say_hint(f"look:  facesearch report {name}{without}   or   facesearch ui {name}{without}")
    say_hint(f"more:  facesearch extend {name} --trials {max(1, sweep.planned_trials)}{with_faces}")
    if best and best.run_id:
        say_hint(f"next:  facesearch finalize --run-id {best.run_id[:8]}{with_faces}")


@click.command()
@SPACE
@DATA
@_TRIALS
@_REPEAT
@_SEEDS
@click.option("--no-measure", is_flag=True, help="Do not train for a moment to learn the pace.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def preview(  # noqa: PLR0913 - one argument an option
    space: Path, root: str | None, trials: int | None, repeat_top: int | None, seeds: int | None,
    no_measure: bool, as_json: bool,
) -> None:  # fmt: skip
    """Say what a sweep would do here: holes, rungs, costs and duration. Nothing is started.

    \b
    facesearch preview searchspaces/arcface.yaml --data FACES
    """
    from facesearch.cli.preview import show_preview
    from facesearch.space import load_space

    top = _top(repeat_top, seeds)
    chosen = load_space(space).with_settings(trials=trials, repeat_top=top, repeat_seeds=seeds)
    show_preview(chosen, faces_root(root), has_pace=not no_measure, as_json=as_json)
    if not as_json:
        words = [str(space), *(["--data", root] if root else [])]
        given = {"--trials": trials, "--repeat-top": repeat_top, "--seeds": seeds}
        words += [word for k, v in given.items() if v is not None for word in (k, str(v))]
        say_hint(f"next:  facesearch tune {shlex.join(words)}")


@click.command()
@SPACE
@DATA
@_TRIALS
@_ADDRESS
@TRACKING
@RUNS
def baseline(
    space: Path, root: str | None, trials: int | None, address: str | None,
    tracking_uri: str | None, runs_dir: Path,
) -> None:  # fmt: skip
    """Run random search, and one-epoch-then-the-best, on the same space, to compare a sweep with.

    \b
    facesearch baseline searchspaces/arcface.yaml --data FACES
    """
    from facesearch.space import load_space
    from facesearch.tuning.baseline import BASELINES, as_baseline, comparison

    chosen = load_space(space).with_settings(trials=trials)
    for name in BASELINES:
        _run(as_baseline(chosen, name), root, address, tracking_uri, runs_dir)
    for row in (("sweep", "best", "epochs", "trials"), *comparison(runs_dir, chosen.settings.name)):
        click.echo(f"{row[0]:<32}{row[1]:>10}{row[2]:>10}{row[3]:>10}")
