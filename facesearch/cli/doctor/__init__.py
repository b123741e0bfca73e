"""The command that looks at this machine and says what is wrong, and how to mend it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facesearch.cli.options import RUNS, TRACKING

if TYPE_CHECKING:
    from facesearch.cli.doctor.finding import Finding

_ASK_S, _ASK_DEEP_S = 60.0, 180.0


@click.command()
@click.option("--deep", is_flag=True, help="Start and stop Ray, and open the store with MLflow.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@TRACKING
@RUNS
def doctor(deep: bool, as_json: bool, tracking_uri: str | None, runs_dir: Path) -> None:
    """Look at this machine: what is wrong for facesearch, and how to mend it.

    \b
    facesearch doctor
    facesearch doctor --deep --json

    Exit code 2 if something is wrong; a note slows or limits, and is not wrong.
    """
    import json
    from dataclasses import asdict

    from facesearch.cli.doctor.show import print_findings
    from facesearch.cli.verbosity import level

    is_full = as_json or level() > 0
    findings = list(examine(tracking_uri, runs_dir, is_deep=deep, is_full=is_full))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        print_findings(findings, only_faults=level() < 0)
    if any(finding.state == "wrong" for finding in findings):
        raise SystemExit(2)


def examine(
    tracking_uri: str | None, runs_dir: Path, *, is_deep: bool = False, is_full: bool = False
) -> Iterator["Finding"]:
    """Yield what every check finds, in the order of printing.

    Args:
        tracking_uri: The MLflow store, or None for the usual one.
        runs_dir: The folder for sweeps.
        is_deep: Start Ray, and open the store with MLflow.
        is_full: Name all packages, and not only the main ones.

    """
    from facesearch.cli.doctor import device, installed, machine, places, probe, ray_start, services

    how = ["deep"] if is_deep else []
    asked = {"torch": how, "ray": how}
    if is_deep:
        asked["mlflow"] = [tracking_uri or "", str(runs_dir)]
    facts = probe.ask_all(asked, _ASK_DEEP_S if is_deep else _ASK_S)
    yield from installed.look_at_python()
    yield from installed.look_at_packages(is_full=is_full)
    yield from installed.look_at_hidden()
    yield from device.look_at_torch(facts["torch"], device.driver_version())
    yield from machine.look_at_cores()
    yield from ray_start.look_before_ray()
    yield from places.look_at_places(runs_dir)
    yield from places.look_at_faces()
    yield from services.look_at_ray(facts["ray"])
    yield from ray_start.look_at_other_rays()
    store = list(services.look_at_store(tracking_uri, runs_dir))
    yield from store
    if is_deep and all(finding.state != "wrong" for finding in store):  # one cause, told once
        yield from services.look_at_opened_store(facts["mlflow"])
