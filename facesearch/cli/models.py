"""The commands that use a model: verify, identify, embed, classify and predict."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from facesearch.cli.answers import (
    exit_undecided,
    plain,
    print_json,
    print_searches,
    print_table,
    safe,
    verdict,
)
from facesearch.cli.left_out import say_left_out, say_left_out_of, say_left_out_of_places
from facesearch.cli.options import DATA, RUNS, TRACKING
from facesearch.cli.recrop import RECROP, crops_of, crops_of_pictures, cutting, recropped
from facesearch.cli.text import faces_root, printable
from facesearch.cli.verbosity import bars_beside, say_hint
from facesearch.errors import InputError

# The names of `facesearch.final.views`, which is too heavy for a help text.
VIEWS = ("plain", "flip", "crops")

_BUNDLE = click.argument("bundle")
_PICTURES = click.argument(
    "pictures", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PICTURE..."
)
_TOP = click.option(
    "--top", type=click.IntRange(1, 10_000), default=5, show_default=True, help="Rows a picture."
)
_THRESHOLD = click.option(
    "--threshold", metavar="NAME|NUMBER", help="A threshold of the model, or a cosine."
)


def _with_model(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --views, --recrop, --json and what finds a run; call it with the model."""

    @functools.wraps(command)
    def run(bundle: str, tracking_uri: str | None, runs_dir: Path, **options: Any) -> None:
        from facesearch.final.locate import load_model

        command(load_model(bundle, tracking_uri=tracking_uri, runs_dir=runs_dir), **options)

    views = click.option(
        "--views", type=click.Choice(VIEWS), help="Views of each picture, averaged, instead of "
        "the model's: as it is; and its mirror; and four crops of each.",
    )  # fmt: skip
    as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON.")
    for decorate in (RUNS, TRACKING, as_json, RECROP, views):
        run = decorate(run)
    return run


@click.command()
@_BUNDLE
@_PICTURES
@_THRESHOLD
@_with_model
@recropped
def verify(
    model: Any, pictures: Sequence[Path], threshold: str | None, views: str | None, is_json: bool
) -> None:
    """Say of two pictures whether they show one person; of more, pair by pair.

    \b
    facesearch verify runs/final-3f2b91c0 a.jpg b.jpg

    BUNDLE is a folder, a final run's id, or models:/NAME@ALIAS. The score is a cosine. Of a
    calibrated model it is compared with even odds (probability 0.5), else with its threshold
    "accuracy" or "eer", unless --threshold says another. The exit code is 0 whatever the answer is,
    and 5 if there is no threshold: then there is a score and no answer.
    """
    from facesearch.final.matching import verify_pairs

    if len(pictures) % 2:
        raise InputError(f"verify: {len(pictures)} pictures; give two, or several pairs.")
    pairs = list(zip(pictures[::2], pictures[1::2], strict=True))
    matches = verify_pairs(model, pairs, threshold=threshold, views=views)
    if is_json:
        told = [
            {"first": first, "second": second, "decision": match.decision, **plain(match)}
            for (first, second), match in zip(pairs, matches, strict=True)
        ]
        print_json(told)
    else:
        for (first, second), match in zip(pairs, matches, strict=True):
            click.echo(f"{safe(first)}  {safe(second)}")
            click.echo(f"  {verdict(match)}")
        if matches[0].probability is not None:
            say_hint("probabilities hold where as many pairs are of one person as of two")
    exit_undecided(matches)


@click.command()
@_BUNDLE
@_PICTURES
@click.option(
    "--gallery", required=True, type=click.Path(path_type=Path), metavar="DIR",
    help="The known: DIR/<identity>/<picture>.jpg, or DIR/<name>.jpg.",
)  # fmt: skip
@_TOP
@_THRESHOLD
@_with_model
def identify(  # noqa: PLR0913 - one argument an option
    model: Any, pictures: Sequence[Path], gallery: Path, top: int, threshold: str | None,
    views: str | None, recrop: str, is_json: bool,
) -> None:  # fmt: skip
    """Say who of a folder of known people each picture shows.

    \b
    facesearch identify runs/final-3f2b91c0 --gallery known/ visitor.jpg

    BUNDLE is a folder, a final run's id, or models:/NAME@ALIAS. The score is a cosine; of several
    pictures of one identity the most alike counts. Whoever is not above the model's threshold
    "rejection", else "fpir_0.1" (or --threshold), is unknown. Without one there are candidates and
    no answer, and the exit code is 5. A folder of pictures may be given, too.
    """
    from facesearch.final.choose import IDENTIFY_THRESHOLDS, choose_threshold
    from facesearch.final.matching import Gallery
    from facesearch.final.pictures import list_gallery, list_pictures

    chosen = choose_threshold(model, threshold, IDENTIFY_THRESHOLDS)
    queries = list_pictures(pictures)
    with bars_beside():
        crops = crops_of_pictures(model, pictures, recrop, gallery=list_gallery(gallery))
        known = Gallery(cutting(model, crops, "gallery"), gallery, views)
        known.model = cutting(model, crops)
        found = known.identify(queries, top=top, threshold=threshold)
    left_out = say_left_out([known.passed_over]) + say_left_out_of_places(pictures)
    if is_json:
        rows = [
            {
                "picture": query, "decision": search.decision, "identity": search.identity,
                "threshold": plain(chosen),
                "candidates": [plain(one) for one in search.candidates],
                "not_in_gallery": search.not_in_gallery, "left_out": left_out,
            }
            for query, search in zip(queries, found, strict=True)
        ]  # fmt: skip
        print_json(rows)
    else:
        print_searches(known, queries, found)
    exit_undecided(found)


@click.command()
@_BUNDLE
@_PICTURES
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("embeddings.npz"), show_default=True,
    help="A .npz (names, embeddings) or .csv to write.",
)  # fmt: skip
@_with_model
@recropped
def embed(
    model: Any, pictures: Sequence[Path], out: Path, views: str | None, is_json: bool
) -> None:
    """Write the embedding of each picture: float32, length 1, cosines are scores.

    \b
    facesearch embed runs/final-3f2b91c0 a.jpg folder/ --out embeddings.npz

    BUNDLE is a folder, a final run's id, or models:/NAME@ALIAS. Of a folder all pictures in it and
    in its subfolders are taken. Read it with numpy.load(FILE): no pickle is in it.
    """
    from facesearch.final.matching import embed_pictures
    from facesearch.final.pictures import list_pictures
    from facesearch.final.submission import embeddings_writer

    write = embeddings_writer(out)
    paths = list_pictures(pictures)
    with bars_beside():
        embeddings = embed_pictures(model, paths, views)
    left_out = say_left_out_of_places(pictures)
    write([str(path) for path in paths], embeddings)
    if is_json:
        told = {"out": out, "num_pictures": len(paths), "embedding_dim": model.embedding_dim}
        print_json({**told, "left_out": left_out})
    else:
        click.echo(f"{safe(out)}: {len(paths)} embeddings of {model.embedding_dim} numbers")


@click.command()
@_BUNDLE
@_PICTURES
@_TOP
@_with_model
@recropped
def classify(
    model: Any, pictures: Sequence[Path], top: int, views: str | None, is_json: bool
) -> None:
    """Say who of the identities that the model was trained on each picture shows.

    \b
    facesearch classify runs/final-3f2b91c0 a.jpg

    BUNDLE is a folder, a final run's id, or models:/NAME@ALIAS. Somebody else gets one of these
    identities as well. The probabilities are calibrated if finalize, or evaluate --freeze, had
    other images of them to fit on. If they are not calibrated, 0.9 is not right in 9 of 10 cases.
    """
    from facesearch.final.matching import classify_pictures
    from facesearch.final.pictures import list_pictures

    paths = list_pictures(pictures)
    with bars_beside():
        found = classify_pictures(model, paths, top=top, views=views)
    left_out = say_left_out_of_places(pictures)
    temperature = model.temperature
    if is_json:
        told = [
            {
                "picture": path, "is_calibrated": temperature is not None,
                "guesses": [plain(one) for one in guesses], "left_out": left_out,
            }
            for path, guesses in zip(paths, found, strict=True)
        ]  # fmt: skip
        print_json(told)
        return
    where = f"on {safe(temperature.fitted_on)}" if temperature else ""
    said = f"calibrated {where}" if temperature else "not calibrated"
    click.echo(f"probabilities are {said}; somebody else gets one of these identities, too")
    for path, guesses in zip(paths, found, strict=True):
        click.echo(f"{safe(path)}: {safe(guesses[0].identity)}")
        print_table([(one.identity, one.probability) for one in guesses], "probability")


@click.command()
@_BUNDLE
@DATA
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("submission"), show_default=True,
    help="Folder for the files.",
)  # fmt: skip
@click.option("--layout", default="auto", show_default=True, help="hw2p2-f22 or hw2p2-s23.")
@_with_model
def predict(  # noqa: PLR0913 - one argument an option
    model: Any, root: str | None, out: Path, layout: str, views: str | None, recrop: str,
    is_json: bool,
) -> None:  # fmt: skip
    """Write the course's submissions (HW2P2): classification.csv and verification.csv.

    \b
    facesearch predict runs/final-3f2b91c0 --data FACES --out submission

    BUNDLE is a folder, a final run's id, or models:/NAME@ALIAS. In S23 a query that is not above
    the model's threshold "rejection" is said to be a stranger.
    """
    from facesearch.data.geometry import parts_of
    from facesearch.final.predict import predict_folder, read_term

    place = faces_root(root)
    if place is None:
        raise InputError("predict: which faces? Give --data FOLDER, or set FACESEARCH_DATA.")
    left_out = say_left_out_of(place, layout)
    with bars_beside():
        folder = read_term(Path(place), layout)
        crops = crops_of(model, parts_of(folder), recrop)
        done = predict_folder(model, crops.of_folder(folder), out, views, layout=layout)
    if not (done.classification or done.verification):
        raise InputError("\n".join(done.notes))
    if is_json:
        print_json({**plain(done), "left_out": left_out})
        return
    if done.classification:
        click.echo(f"{safe(done.classification)}: {done.num_test} pictures")
    if done.verification:
        click.echo(
            f"{safe(done.verification)}: {done.num_queries} queries, {done.num_strangers} of "
            "them strangers"
        )
    for note in done.notes:
        click.echo(printable(note))
