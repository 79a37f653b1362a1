"""Makes the pictures beside this file: python3 make.py (needs Pillow, pillow-heif and imagecodecs; made with 13.0).

Every picture but fifth.tif shows, once upright, the same 24 x 16 pixels: the left upper quarter red, the right upper one green, the
left lower one blue, the right lower one grey. They are forms that OpenCV cannot write.
"""

from pathlib import Path

import imagecodecs
import numpy
import pillow_heif
from PIL import Image

FOLDER = Path(__file__).resolve().parent
WIDTH, HEIGHT = 24, 16
RED, GREEN, BLUE, GREY = (220, 30, 40), (20, 200, 60), (30, 50, 210), (128, 128, 128)
# What was done to the stored picture, by EXIF orientation; the inverse of what a viewer has to do.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def quarters():
    picture = Image.new("RGB", (WIDTH, HEIGHT), GREY)
    picture.paste(RED, (0, 0, WIDTH // 2, HEIGHT // 2))
    picture.paste(GREEN, (WIDTH // 2, 0, WIDTH, HEIGHT // 2))
    picture.paste(BLUE, (0, HEIGHT // 2, WIDTH // 2, HEIGHT))
    return picture


def main():
    upright = quarters()
    for orientation in range(1, 9):
        stored = upright.transpose(STORED[orientation]) if orientation in STORED else upright
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored.save(FOLDER / f"orientation{orientation}.jpg", quality=95, subsampling=0, exif=exif)
        if orientation == 6:
            stored.save(FOLDER / "orientation6.png", exif=exif)
            stored.save(FOLDER / "orientation6.webp", lossless=True, exif=exif)
            stored.save(FOLDER / "orientation6.tif", tiffinfo={274: 6})
            stored.save(FOLDER / "orientation6.avif", quality=95, subsampling="4:4:4", exif=exif)  # also says it in irot
    upright.save(FOLDER / "picture.avif", quality=95, subsampling="4:4:4")
    pillow_heif.from_pillow(upright).save(FOLDER / "picture.heic", quality=95, chroma=444)
    (FOLDER / "picture.jxl").write_bytes(imagecodecs.jpegxl_encode(numpy.asarray(upright), lossless=True))
    upright.convert("CMYK").save(FOLDER / "cmyk.jpg", quality=95, subsampling=0)
    upright.convert("CMYK").save(FOLDER / "cmyk.tif")
    upright.quantize(16).save(FOLDER / "palette.png")
    # The grey quarter becomes fully transparent over a loud colour that must not show.
    loud = upright.copy()
    loud.paste((255, 0, 255), (WIDTH // 2, HEIGHT // 2, WIDTH, HEIGHT))
    alpha = Image.new("L", (WIDTH, HEIGHT), 255)
    alpha.paste(0, (WIDTH // 2, HEIGHT // 2, WIDTH, HEIGHT))
    loud.quantize(16).save(FOLDER / "colour_key.png", transparency=loud.quantize(16).getpixel((WIDTH - 1, HEIGHT - 1)))
    loud.putalpha(alpha)
    loud.save(FOLDER / "alpha.png")
    loud.save(FOLDER / "alpha.tif")
    loud.save(FOLDER / "alpha.jp2")
    pillow_heif.from_pillow(loud).save(FOLDER / "alpha.heic", quality=95, chroma=444)
    # A fifth of the colour, which the decoder hands on multiplied by alpha.
    Image.new("RGBA", (8, 8), (200, 100, 10, 51)).save(FOLDER / "fifth.tif")
    loud.convert("LA").save(FOLDER / "grey_alpha.png")
    upright.save(FOLDER / "animated.webp", save_all=True, append_images=[upright.transpose(STORED[3])])
    upright.save(FOLDER / "picture.gif")


if __name__ == "__main__":
    main()
