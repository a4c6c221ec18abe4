"""Makes the pictures of this folder with Pillow, which nothing else here uses: files of another encoder.

Run it in this folder: python3 -m venv v && v/bin/pip install pillow numpy && v/bin/python make.py PROFILES
PROFILES is a folder with AdobeRGB1998.icc and DisplayP3.icc (any copies; they only have to mean these spaces).
"""

import io
import sys

import numpy
from PIL import Image, ImageCms, ImageDraw

profiles = sys.argv[1]
width, height = 480, 320
y, x = numpy.mgrid[0:height, 0:width]
sky = numpy.stack([60 + y * 0.4, 110 + y * 0.3, 220 - y * 0.25], -1)
sky += (numpy.sin(x / 9.0) * numpy.cos(y / 7.0) * 12)[..., None]
scene = Image.fromarray(sky.clip(0, 255).astype("uint8"), "RGB")
draw = ImageDraw.Draw(scene)
draw.rectangle([0, 220, width, height], fill=(70, 120, 60))
draw.ellipse([60, 60, 180, 180], fill=(200, 100, 50))
draw.rectangle([240, 80, 340, 260], fill=(90, 60, 160))
draw.polygon([(380, 260), (430, 90), (470, 260)], fill=(230, 220, 120))
for step in range(12):
    draw.rectangle([10 + step * 38, 290, 40 + step * 38, 312], fill=(step * 23,) * 3)

srgb = ImageCms.createProfile("sRGB")


def profile(name):
    with open(f"{profiles}/{name}", "rb") as file:
        return file.read()


def to_space(name):
    icc = ImageCms.ImageCmsProfile(io.BytesIO(profile(name)))
    return ImageCms.profileToProfile(scene, srgb, icc, renderingIntent=1)


scene.save("baseline.jpg", quality=90)
scene.save("progressive.jpg", quality=90, progressive=True)
scene.save("chroma-444.jpg", quality=90, subsampling=0)
scene.save("chroma-422.jpg", quality=90, subsampling=1)
scene.convert("L").save("grey.jpg", quality=90)
scene.convert("CMYK").save("cmyk.jpg", quality=92)
to_space("AdobeRGB1998.icc").save("adobe-rgb.jpg", quality=92, subsampling=0, icc_profile=profile("AdobeRGB1998.icc"))
to_space("DisplayP3.icc").save("display-p3.jpg", quality=92, subsampling=0, icc_profile=profile("DisplayP3.icc"))
scene.save("broken-profile.jpg", quality=90, icc_profile=b"this is no profile" * 20)

scene.save("rgb.png", optimize=True)
scene.quantize(64).save("palette.png", optimize=True)
scene.convert("L").save("grey.png", optimize=True)
deep = (numpy.asarray(scene.convert("L")).astype("uint16") * 257).astype("<u2")
Image.fromarray(deep[::2, ::2].copy()).save("grey-16-bit.png")
see_through = scene.convert("RGBA")
fade = Image.fromarray((x * 255 / width).astype("uint8"), "L")
see_through.putalpha(fade)
see_through.resize((240, 160)).save("alpha.png", optimize=True)
scene.convert("1").save("black-and-white.png", optimize=True)
