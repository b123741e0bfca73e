"""Which image files are read: by their suffix when listed, by their content when decoded.

Of a file with several frames or pages (an animation, a TIFF of a scanner) the first is read.
"""

from PIL import features

# AVIF is part of Pillow's wheels, but not of every build of it.
_HAS_AVIF = bool(features.check("avif"))

SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff",
    *((".avif",) if _HAS_AVIF else ()),
)  # fmt: skip
# As Pillow calls them; everything else that it could open is refused.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", *(("AVIF",) if _HAS_AVIF else ()))
FORMATS_IN_WORDS = "JPEG, PNG, WebP, BMP" + (", TIFF or AVIF" if _HAS_AVIF else " or TIFF")

# Images that people have and that are not read, with what helps.
_UNREAD = (
    ".heic", ".heif", ".avif", ".gif", ".jp2", ".j2k", ".jxl", ".psd", ".svg", ".tga", ".pgm",
    ".ppm", ".pnm", ".raw", ".dng", ".cr2", ".nef", ".arw",
)  # fmt: skip
UNREAD = tuple(suffix for suffix in _UNREAD if suffix not in SUFFIXES)
REMEDY = "write them as JPEG or PNG, such as with ImageMagick: mogrify -format jpg"
