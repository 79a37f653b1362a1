"""load_image() of ipazc's mtcnn."""

from typing import Any

from libmtcnn.images import ImageLike, Pixels, to_pixels


def load_image(image: ImageLike, dtype: Any = None, device: Any = None) -> Pixels:
    """A picture from a file, its bytes, an array or a tensor, as uint8 [h, w, 3], RGB, upright as its EXIF orientation says.

    Args:
        dtype, device: without effect.

    Raises:
        exceptions of libmtcnn.read_image() and libmtcnn.to_pixels().
    """
    return to_pixels(image)
