"""Labeled Faces in the Wild, by torchvision's download."""

from pathlib import Path

from facesearch.errors import InputError


def download_lfw(folder: Path) -> Path:
    """Download LFW and its pairs into ``folder``; return it, as `read_layout` takes it.

    Raises:
        InputError: If the server cannot be reached or sends something else.

    """
    from torchvision.datasets import LFWPairs

    try:
        folder.mkdir(parents=True, exist_ok=True)
        LFWPairs(str(folder), split="10fold", image_set="funneled", download=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"LFW cannot be downloaded ({error}). Put lfw-funneled.tgz, unpacked, and pairs.txt "
            f"into {folder} by hand: {folder}/lfw_funneled/<name>/<name>_0001.jpg."
        ) from None
    return folder
