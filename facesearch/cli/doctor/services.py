"""Ray and MLflow: whether they start, and whether the store is of this MLflow."""

import importlib.util
import os
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from facesearch.cli.doctor.finding import Finding
from facesearch.cli.doctor.places import look_at_sqlite
from facesearch.errors import InputError, without_secrets
from facesearch.tracking.address import check_address, kind_of, sqlite_file

_ANSWER_S = 2.0
_MEND = "write http://host:port or sqlite:////path/file.db"


def look_at_ray(facts: dict[str, Any]) -> Iterator[Finding]:
    """Judge what the probe of Ray found."""
    if "error" in facts:
        yield Finding(
            "Ray", "wrong", facts["error"],
            "free memory and /dev/shm; ray stop ends an old one; pip install 'ray[tune]'",
        )  # fmt: skip
        return
    started = facts.get("resources")
    has = ", ".join(f"{count:g} {name}" for name, count in (started or {}).items())
    how = f"started and stopped; {has}" if started else "can be imported; --deep starts it"
    yield Finding("Ray", "ok", f"{facts['version']} {how}")


def look_at_store(uri: str | None, runs_dir: Path) -> Iterator[Finding]:
    """Look at the MLflow store: the given address, else MLFLOW_TRACKING_URI, else in runs_dir."""
    variable = os.environ.get("MLFLOW_TRACKING_URI")
    chosen = uri or variable
    if variable and not uri:
        yield Finding("MLflow", "ok", f"MLFLOW_TRACKING_URI={variable}")
    yield from _look_at(chosen) if chosen else _sqlite(runs_dir.resolve() / "mlflow.db")


def _look_at(uri: str) -> Iterator[Finding]:
    try:
        check_address(uri)
    except InputError as error:
        found, _, mend = str(error).partition("; ")
        yield Finding("MLflow store", "wrong", found, mend or _MEND)
        return
    file = sqlite_file(uri)
    if file is not None:
        yield from _sqlite(file)
    elif kind_of(uri) in ("http", "https"):
        yield from _server(uri)
    else:
        told = f"{without_secrets(uri)}: not looked at"
        yield Finding("MLflow store", "note", told, "--deep opens it")


def look_at_opened_store(facts: dict[str, Any]) -> Iterator[Finding]:
    """Judge what MLflow itself said when it opened the store."""
    if "error" in facts:
        yield Finding(
            "MLflow",
            "wrong",
            facts["error"],
            "choose another store with --tracking-uri",
        )
    else:
        yield Finding("MLflow", "ok", "opens its store and answers")


def _sqlite(path: Path) -> Iterator[Finding]:
    newest, known = schema_versions()
    yield from look_at_sqlite(path, newest, known)


def _server(uri: str) -> Iterator[Finding]:
    try:
        with urlopen(f"{uri.rstrip('/')}/version", timeout=_ANSWER_S) as answer:
            there = str(answer.read(100).decode().strip())
    except (URLError, OSError, ValueError) as error:
        yield Finding(
            "MLflow store", "wrong", f"{uri} does not answer: {getattr(error, 'reason', error)}",
            "start the server, or choose another with --tracking-uri; facesearch sync writes later",
        )  # fmt: skip
        return
    here = metadata.version("mlflow")
    if there.split(".")[0] != here.split(".")[0]:
        found = f"{uri} is MLflow {there}, and here is {here}"
        yield Finding("MLflow store", "note", found, "the same major version on both sides")
    else:
        yield Finding("MLflow store", "ok", f"{uri}, MLflow {there}")


def schema_versions() -> tuple[str, frozenset[str]]:
    """Return the newest schema version of the installed MLflow, and all that it knows.

    Read from its files, as importing MLflow takes seconds; empty if they are not as expected.
    """
    spec = importlib.util.find_spec("mlflow")
    places = list(spec.submodule_search_locations or []) if spec else []
    known: set[str] = set()
    passed: set[str] = set()
    for place in places:
        for file in (Path(place) / "store" / "db_migrations" / "versions").glob("*.py"):
            text = file.read_text(encoding="utf-8")
            known.update(re.findall(r"^revision\b.*?[\"'](\w+)[\"']", text, re.MULTILINE))
            before = re.search(r"^down_revision\b(.*)$", text, re.MULTILINE)
            passed.update(re.findall(r"[\"'](\w+)[\"']", before[1]) if before else ())
    heads = known - passed
    return (heads.pop() if len(heads) == 1 else ""), frozenset(known)
