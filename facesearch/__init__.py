"""Find the best face-recognition CNN for your faces and hardware, and use it.

    import facesearch

    model = facesearch.load_model("runs/final-3f2b91c0")     # or a final run's id,
                                                             # or models:/NAME@champion
    from facesearch.final.matching import Gallery, verify

    match = verify(model, "a.jpg", "b.jpg")
    print(match.score, match.decision, match.probability)    # same, different or undecided

    known = Gallery(model, "known/")                         # known/<identity>/<picture>.jpg
    for search in known.identify(["visitor.jpg"], top=3):
        print(search.identity or search.decision, search.candidates)

A sweep and the final training are `tune` and `finalize`; the command line does the same.
Nothing heavy (torch, ray, mlflow) is imported before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facesearch.final.finalize import finalize
    from facesearch.final.locate import load_model
    from facesearch.space import load_space
    from facesearch.tuning.tune import tune

    __version__: str

# Where each name of the package is defined.
_HOMES = {
    "load_space": "facesearch.space",
    "tune": "facesearch.tuning.tune",
    "finalize": "facesearch.final.finalize",
    "load_model": "facesearch.final.locate",
}

__all__ = ["__version__", "finalize", "load_model", "load_space", "tune"]


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("facesearch")
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'facesearch' has no attribute '{name}'")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
