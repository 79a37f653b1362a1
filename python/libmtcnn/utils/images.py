"""load_image() and load_images_batch() of ipazc's mtcnn."""

from collections.abc import Sequence
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


def load_images_batch(images: Sequence[ImageLike], dtype: Any = None, device: Any = None) -> list[Pixels]:
    """load_image() of each."""
    return [load_image(image, dtype, device) for image in images]
