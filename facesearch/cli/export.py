"""The command that writes a model for other runtimes."""

from pathlib import Path

import click

from facesearch.cli.options import RUNS, TRACKING
from facesearch.errors import InputError


@click.command()
@click.argument("bundle")
@click.argument("out", type=click.Path(path_type=Path))
@TRACKING
@RUNS
def export(bundle: str, out: Path, tracking_uri: str | None, runs_dir: Path) -> None:
    """Write a model as one ONNX file: RGB uint8 pictures in, unit embeddings out.

    Needs pip install 'facesearch[export]'. The file is run, and compared with the model, first.

    \b
    facesearch export runs/final-3f2b91c0 model.onnx
    """
    from facesearch.data.synthetic import draw_faces
    from facesearch.final.export import check_onnx, export_onnx
    from facesearch.final.locate import find_bundle, load_model
    from facesearch.training.checkpoint import write_atomically

    if out.suffix != ".onnx":
        raise InputError(f"{out}: the name of an ONNX file must end in .onnx.")
    folder = find_bundle(bundle, tracking_uri=tracking_uri, runs_dir=runs_dir)
    model = load_model(folder, device="cpu")
    content = export_onnx(model)
    check_onnx(content, model, draw_faces(4, 2, model.image_px, 0)[0])
    write_atomically(out, content, "the ONNX file")
    click.echo(
        f"{out}: {len(content) / 1e6:.1f} MB; images uint8 [N, {model.image_px}, "
        f"{model.image_px}, 3] RGB -> embeddings float32 [N, {model.embedding_dim}]"
    )
