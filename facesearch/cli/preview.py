"""How a preview is shown."""

from collections.abc import Mapping
from typing import Any

import click

from facesearch.cli.left_out import say_left_out_of_search
from facesearch.cli.text import objective_lines
from facesearch.errors import InputError
from facesearch.space import SearchSpace


def show_preview(
    space: SearchSpace, root: str | None, *, has_pace: bool, as_json: bool = False
) -> None:
    """Print what the sweep would do; with has_pace, train for a moment to say how long it takes."""
    import os

    from rich.console import Console

    from facesearch.training.memory import room_of_trial
    from facesearch.tuning import preview
    from facesearch.tuning.admission import first_config
    from facesearch.tuning.limits import Limits
    from facesearch.tuning.sweep import local_slots

    console = Console(quiet=as_json)
    data = first_config(space, root).data
    faces = _read_faces(console, data)
    left_out = say_left_out_of_search(data, faces.reserve)
    at_once, gpus = local_slots(space, os.cpu_count() or 1)
    room = room_of_trial(gpus, at_once)
    costs = preview.extremes(space, root, len(faces.identities), len(faces.strangers))
    _show_holes(console, space)
    impossible = list(preview.impossible(costs, room))
    for line in impossible:
        console.print(f"impossible: {line}", highlight=False, markup=False, soft_wrap=True)
    possible = [cost for cost in costs if cost.memory_bytes <= room.num_bytes]
    if not possible:
        _show_costs(console, costs, {})
        raise InputError(f"{space.document.source}: no network of this space fits the memory here.")
    seconds = _measured(console, space, possible, at_once) if has_pace else []
    paces = {id(cost): later for cost, (_, later) in zip(possible, seconds, strict=has_pace)}
    _show_costs(console, costs, paces)
    limits = Limits(space) if space.settings.search.limits else None
    plan = preview.expected(
        space, possible, seconds or [(1.0, 1.0)] * len(possible), at_once, limits
    )
    if not plan.rungs[1]:
        raise InputError(
            f"{space.document.source}: search.limits refuse every point that was drawn."
        )
    _show_plan(console, space, plan, at_once)
    if has_pace:
        console.print(f"expected duration: {_duration(plan)}", highlight=False)
    kept = _kept_files(plan, at_once, space.settings.search)
    disk = max(cost.checkpoint_bytes for cost in possible) * kept
    console.print(f"disk: at most {disk / 1e6:,.0f} MB of checkpoints", highlight=False)
    if as_json:
        _print_json(
            space, costs, plan, at_once=at_once, disk=disk, has_pace=has_pace,
            impossible=impossible, left_out=left_out,
        )  # fmt: skip


def _read_faces(console: Any, data: Any) -> Any:
    """Return the faces of a sweep, and print what is reserved of them."""
    from facesearch.cli.progress import Bars
    from facesearch.data.faces import load_faces_to_search
    from facesearch.data.reserve.words import reserve_lines

    with Bars(console, "reading the faces"):
        faces = load_faces_to_search(data)
    for line in reserve_lines(faces.reserve):
        console.print(f"reserved: {line}", highlight=False, markup=False, soft_wrap=True)
    return faces


def _duration(plan: Any) -> str:
    from facesearch.tuning.tables import format_seconds

    again = f", {format_seconds(plan.repeat_seconds)} of it for the repeats"
    return format_seconds(plan.seconds) + (again if plan.repeats else "")


def _measured(
    console: Any, space: SearchSpace, costs: Any, at_once: int
) -> list[tuple[float, float]]:
    """Train each network for a moment; return the seconds of its first and of a later epoch."""
    from facesearch.cli.progress import Bars
    from facesearch.tuning.preview import measure_seconds

    cpus = space.settings.resources.cpus_per_trial
    with Bars(console) as bars:
        bars.step("training some networks of this space for two epochs each")
        return measure_seconds([cost.config for cost in costs], at_once, cpus)


def _print_json(space: SearchSpace, costs: Any, plan: Any, **told: Any) -> None:
    """Print a preview as JSON.

    Args:
        space: What is searched.
        costs: Of some networks, ascending.
        plan: What the sweep is expected to take.
        told: at_once, trials at a time; disk, bytes of checkpoints; impossible, what does not fit;
            has_pace, whether the duration was measured; left_out, what is passed over.

    """
    import json

    from facesearch.tuning.preview import describe_hole

    names = ("gflops", "mparams", "memory_bytes", "checkpoint_bytes")
    holes = [
        zip(("hole", "values", "only_if"), describe_hole(h), strict=True) for h in space.holes()
    ]
    preview = {
        "sweep": space.settings.name,
        "holes": [dict(hole) for hole in holes],
        "networks": [{name: getattr(cost, name) for name in names} for cost in costs],
        "scheduler": space.settings.search.scheduler.type,
        "trials_that_reach_epoch": plan.rungs,
        "trials_at_once": told["at_once"],
        "epochs": plan.epochs,
        "seconds": plan.seconds if told["has_pace"] else None,
        "repeats": plan.repeats,
        "repeat_epochs": plan.repeat_epochs,
        "checkpoint_bytes": round(told["disk"]),
        "impossible": told["impossible"],
        "left_out": told["left_out"],
    }
    click.echo(json.dumps(preview, indent=1))


def _kept_files(plan: Any, at_once: int, search: Any) -> float:
    """Two files and the best by each score for each trial at work or paused, one less of ended."""
    pauses = search.scheduler.type in ("asha_promote", "one_epoch", "pbt")
    whole: float = plan.rungs[max(plan.rungs)] + plan.repeats
    # a cost is the same after every epoch, so the last file is the best by it
    varying = [name for name in search.objectives if not name.startswith("cost/")]
    best = len(varying) if search.has_several else 1
    return (2 + best) * float(plan.rungs[1] if pauses else at_once) + (1 + best) * whole


def _show_holes(console: Any, space: SearchSpace) -> None:
    from rich.markup import escape
    from rich.table import Table

    from facesearch.tuning.preview import describe_hole, duplicates

    table = Table(title=f"{space.settings.name}: what is searched", box=None, header_style="bold")
    table.add_column("hole", no_wrap=True)
    for name in ("values", "only if"):
        table.add_column(name, overflow="fold")
    for hole in space.holes():
        table.add_row(*(escape(text) for text in describe_hole(hole)))
    console.print(table)
    for line in objective_lines(space.settings.search):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    trials = space.settings.search.trials
    repeated = duplicates(space, trials)
    if repeated:
        console.print(
            f"{repeated} of {trials} random points repeat an earlier one", highlight=False
        )


def _show_costs(console: Any, costs: Any, paces: Mapping[int, float]) -> None:
    """Print some networks of the space, with the seconds of an epoch by the `id` of a cost."""
    from rich.table import Table

    table = Table(title="networks, from small to large", box=None, header_style="bold")
    names = ("GFLOP an image", "M parameters", "memory MB", "checkpoint MB")
    for name in (*names, *(["s an epoch"] if paces else [])):
        table.add_column(name, justify="right")
    for cost in costs:
        pace = f"{paces[id(cost)]:.2f}" if id(cost) in paces else "-"
        table.add_row(
            f"{cost.gflops:.4g}", f"{cost.mparams:.4g}", f"{cost.memory_bytes / 1e6:,.0f}",
            f"{cost.checkpoint_bytes / 1e6:,.1f}", *([pace] if paces else []),
        )  # fmt: skip
    console.print(table)


def _show_plan(console: Any, space: SearchSpace, plan: Any, at_once: int) -> None:
    from rich.table import Table

    from facesearch.tuning.preview import shown_rungs

    search = space.settings.search
    kind = search.scheduler.type
    table = Table(title=f"rungs of {kind}, expected", box=None, header_style="bold")
    table.add_column("epoch", justify="right")
    table.add_column("trials that reach it", justify="right")
    for epoch in shown_rungs(plan.rungs):
        table.add_row(str(epoch), f"{plan.rungs[epoch]:.1f}")
    console.print(table)
    whole = max(plan.rungs) * plan.rungs[1]
    console.print(
        f"{plan.rungs[1]:.0f} trials, {at_once} at a time, about {plan.epochs:.0f} epochs "
        f"({plan.epochs / whole:.0%} of {whole:.0f})", highlight=False,
    )  # fmt: skip
    if plan.repeats:
        console.print(
            f"then the best {search.repeat_top} again, until each has {search.repeat_seeds} seeds: "
            f"{plan.repeats} trainings, {plan.repeat_epochs} epochs", highlight=False,
        )  # fmt: skip
