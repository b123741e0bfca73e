"""Python and the packages against the ranges that facesearch declares."""

import platform
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.version import Version

from facesearch.cli.doctor.finding import Finding
from facesearch.cli.search_path import HIDES, hidden_libraries

# torchvision 0.N is built for torch 2.(N - 15)
_TORCHVISION_BEHIND = 15
# Torch has a line of its own.
_NAMED = ("ray", "optuna", "mlflow")


def look_at_python() -> Iterator[Finding]:
    """Compare this Python with what the package asks for."""
    asked = metadata.metadata("facesearch").json.get("requires_python") or ""
    here = platform.python_version()
    if asked and not Requirement(f"python{asked}").specifier.contains(here, prereleases=True):
        yield Finding(
            "Python", "wrong", f"{here}, needs {asked}", "make a virtual environment of a newer one"
        )
    else:
        yield Finding("Python", "ok", here)


def look_at_packages(*, is_full: bool = False) -> Iterator[Finding]:
    """Compare each package with its range; one line for all that are right.

    Args:
        is_full: Name them all in it, and not only those that a question would be about.

    """
    right: dict[str, str] = {}
    findings = []
    for requirement in _required("facesearch"):
        finding = _compare(requirement)
        if finding is None:
            right[requirement.name] = metadata.version(requirement.name)
        else:
            findings.append(finding)
    yield Finding("packages", "ok", _told(right, is_full=is_full))
    yield from findings
    yield from look_at_pair(_version("torch"), _version("torchvision"))


def look_at_hidden() -> Iterator[Finding]:
    """Name files that are taken for libraries, as their folder is searched first."""
    for name, path in sorted(hidden_libraries().items()):
        yield Finding(
            name, "note", f"{path} {HIDES.format(name)}", f"rename {path}, or mend PYTHONPATH"
        )


def look_at_pair(torch: str, torchvision: str) -> Iterator[Finding]:
    """Compare the versions of torch and torchvision, which must be built for each other."""
    if not torch or not torchvision:
        return
    ours, theirs = Version(torch), Version(torchvision)
    if theirs.major == 0 and ours.major == 2 and theirs.minor != ours.minor + _TORCHVISION_BEHIND:
        yield Finding(
            "torchvision", "wrong",
            f"{torchvision} is built for torch 2.{theirs.minor - _TORCHVISION_BEHIND}, "
            f"and torch is {torch}",
            f"pip install 'torchvision==0.{ours.minor + _TORCHVISION_BEHIND}.*'",
        )  # fmt: skip


def _told(right: dict[str, str], *, is_full: bool) -> str:
    named = {k: v for k, v in right.items() if is_full or k in _NAMED}
    rest = len(right) - len(named)
    own = {"facesearch": metadata.version("facesearch")}
    words = ", ".join(f"{name} {version}" for name, version in {**own, **named}.items())
    return f"{words} and {rest} more are in their ranges" if rest else words


def _required(package: str) -> list[Requirement]:
    """Return what a package needs here; extras count if they are of use to a user."""
    needed = []
    for text in metadata.requires(package) or []:
        requirement = Requirement(text)
        marker = requirement.marker
        is_export = marker is not None and marker.evaluate({"extra": "export"})
        if marker is None or is_export:
            needed.append(requirement)
    return needed


def _compare(requirement: Requirement) -> Finding | None:
    version, asked = _version(requirement.name), str(requirement.specifier) or "any"
    is_extra = requirement.marker is not None and "extra" in str(requirement.marker)
    if version and requirement.specifier.contains(version, prereleases=True):
        return None
    mend = f"pip install '{requirement.name}{requirement.specifier}'"
    if version:
        return Finding(requirement.name, "wrong", f"{version}, needs {asked}", mend)
    if is_extra:
        return Finding(
            requirement.name, "note", "not installed; only facesearch export needs it",
            "pip install 'facesearch[export]'",
        )  # fmt: skip
    return Finding(requirement.name, "wrong", f"not installed, needs {asked}", mend)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
