#!/usr/bin/python3
"""photos.py DEBIAN_FOLDER OUTPUT_FOLDER

Collects real photographs from unpacked Debian packages (DEBIAN_FOLDER/NAME/usr/...): free to use, and of things that
a classifier has names for. OUTPUT_FOLDER gets three folders: demo/ (what the demo classifies), calibration/ (what ranges
of activations are taken from) and test/ (never used for calibration). JPEG and PNG are copied, WebP is written as JPEG.
"""

import io
import os
import shutil
import struct
import sys
import zlib

from PIL import Image

SKIMAGE = "python3-skimage/usr/lib/python3/dist-packages/skimage/data"
GCOMPRIS = "gcompris-qt-data/usr/share/gcompris-qt/rcc"
PALAPELI = "palapeli-data/usr/share/palapeli/collection"

DEMO = {  # name here: file there
    "cat": f"{SKIMAGE}/chelsea.png", "coffee": f"{SKIMAGE}/coffee.png", "motorcycle": f"{SKIMAGE}/motorcycle_left.png",
    "rocket": f"{SKIMAGE}/rocket.jpg", "bee": f"{PALAPELI}/european-honey-bee.jpg",
    "lemons": f"{PALAPELI}/citrus-fruits.jpg", "castle": f"{PALAPELI}/castle-maintenon.jpg",
}
FILES = [
    f"{SKIMAGE}/astronaut.png", f"{SKIMAGE}/camera.png", f"{SKIMAGE}/motorcycle_right.png", f"{SKIMAGE}/coins.png",
    f"{SKIMAGE}/moon.png", f"{SKIMAGE}/brick.png", f"{SKIMAGE}/grass.png",
    f"{PALAPELI}/cincinnati-bridge.jpg", f"{PALAPELI}/panther-chameleon-female.jpg",
]
# Qt resource files whose pictures are photographs, and the folders inside of them that hold others.
RESOURCES = ["categorization", "erase", "explore_farm_animals", "explore_monuments", "explore_world_animals"]
SMALLEST_SIDE = 128  # smaller ones are icons
CALIBRATION_EVERY = 6  # each sixth photograph is for calibration


def entries(data):
    """(path, bytes) of each file of a Qt resource file of version 2 or 3."""
    magic, version, tree, content, names = struct.unpack_from(">4sIIII", data)
    if magic != b"qres" or version not in (2, 3):
        raise ValueError("not a Qt resource file of version 2 or 3")

    def name_at(offset):
        length = struct.unpack_from(">H", data, names + offset)[0]
        return data[names + offset + 6:names + offset + 6 + 2 * length].decode("utf-16-be")

    def walk(index, path):
        at = tree + 22 * index
        name_offset, flags = struct.unpack_from(">IH", data, at)
        if flags & 2:  # a folder: count and first of its children
            count, first = struct.unpack_from(">II", data, at + 6)
            for child in range(first, first + count):
                yield from walk(child, path + [name_at(struct.unpack_from(">I", data, tree + 22 * child)[0])])
            return
        offset = content + struct.unpack_from(">I", data, at + 10)[0]
        size = struct.unpack_from(">I", data, offset)[0]
        body = data[offset + 4:offset + 4 + size]
        if flags & 1:
            body = zlib.decompress(body[4:])
        if not flags & 4:  # zstd: none of the photographs
            yield "/".join(path), body

    yield from walk(0, [])


def photographs(folder):
    """(name, bytes) of everything but the demo's own."""
    for path in FILES:
        with open(os.path.join(folder, path), "rb") as file:
            yield os.path.splitext(os.path.basename(path))[0], file.read()
    for resource in RESOURCES:
        with open(os.path.join(folder, GCOMPRIS, resource + ".rcc"), "rb") as file:
            found = sorted(entries(file.read()))
        for path, body in found:
            if os.path.splitext(path)[1] in (".jpg", ".jpeg", ".webp"):
                parts = path.split("/resource/")[-1].split("/")
                yield resource + "-" + os.path.splitext("-".join(parts[-2:]))[0], body


def save(body, path):
    """False if the picture is too small to be a photograph."""
    image = Image.open(io.BytesIO(body))
    if min(image.size) < SMALLEST_SIDE:
        return False
    if image.format == "WEBP":
        image.convert("RGB").save(path + ".jpg", quality=95)
    else:
        with open(path + {"JPEG": ".jpg", "PNG": ".png"}[image.format], "wb") as file:
            file.write(body)
    return True


def main(source, output):
    work = output.rstrip("/") + ".part"
    shutil.rmtree(work, ignore_errors=True)
    for part in ("demo", "calibration", "test"):
        os.makedirs(os.path.join(work, part))
    for name, path in DEMO.items():
        with open(os.path.join(source, path), "rb") as file:
            save(file.read(), os.path.join(work, "demo", name))
    count = 0
    for name, body in photographs(source):
        part = "test" if count % CALIBRATION_EVERY else "calibration"
        count += save(body, os.path.join(work, part, name))
    shutil.rmtree(output, ignore_errors=True)
    os.replace(work, output)
    print(f"{count} photographs, each {CALIBRATION_EVERY}th of them for calibration")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
