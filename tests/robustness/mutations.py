"""Ways to damage what a run reads: bytes, texts, values, images and zips."""

import io
import json
import struct
import zipfile
import zlib
from random import Random

import numpy as np
from PIL import Image, PngImagePlugin

# What stands where something else is expected; a dot in the middle is a space.
_WORDS = """
012 0x10 0b11 1_000 1:30 1e-4 1e400 -1e400 .inf -.inf .nan NaN Infinity -0 +5 5. .5 08 1e 1.2.3
yes no on off true FALSE null ~ = << <<:·{} *a &a !!python/object/apply:os.system·[id] !!set·{a}
!!binary·aGk= !!timestamp·2001-01-01 2001-01-01 2001-01-01T00:00:00Z @ ` % ! | > - ? : , [ ] { } #
[] {} [1] [1,2] [1,2,3] {a:·1} [[]] "" '' "a\\nb" '1' "\\x00" "\\ud800" ../../etc/passwd /dev/zero
adaptive wasserstein hinge report v5 v4 stylegan blog adam in_turn r1 gradient [r1,r1] 0 1 -1 2 4
32 64 512 65536 0.5 1e-13 4294967296 9223372036854775808 \u202e \x7f é 😀 ٣
"""
WORDS = [word.replace("·", " ") for word in _WORDS.split()]
LONG = ["9" * 5_000, "x" * 50_000, "[" * 5_000, "{a: " * 500, "- " * 2_000, "0x" + "f" * 9_999]
BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}]\n"
    for a, b in zip("abcdefghijklmno", "bcdefghijklmnop", strict=True)
)
VALUES = [
    *(None, True, False, 0, 1, -1, 3, 64, 2**31, 2**63, 10**400, 0.5, 1e-300, 1e300),
    *(float("nan"), float("inf"), "", "x", "adaptive", "a\nb", "\x00", "x" * 9_999, "12", "é"),
    *([], {}, [1], [0.1, 0.2], [1, 2, 3], {"a": 1}, {"8": 16}, {8: 16}, [[[]]], ["r1"], [None]),
]


def of_bytes(data: bytes, draw: Random) -> bytes:
    """Return bytes with some bits flipped, some of them replaced, cut off, doubled or moved."""
    found = bytearray(data)
    at = draw.randrange(len(found) or 1)
    size = draw.choice([1, 2, 4, 16, 512, 4096])
    kind = draw.choice(["flip", "flip", "flip", "head", "set", "fill", "cut", "double", "insert"])
    if kind == "flip":
        for _ in range(draw.choice([1, 1, 2, 8])):
            found[draw.randrange(len(found))] ^= 1 << draw.randrange(8)
    elif kind == "head":  # where the formats keep sizes and kinds
        for _ in range(draw.choice([1, 2, 4])):
            found[draw.randrange(min(64, len(found)))] = draw.choice([0, 1, 127, 128, 255])
    elif kind == "set":
        found[at : at + size] = draw.randbytes(len(found[at : at + size]))
    elif kind == "fill":
        found[at : at + size] = bytes([draw.choice([0, 255])]) * len(found[at : at + size])
    elif kind == "cut":
        del found[draw.choice([0, at, max(0, len(found) - size)]) :]
    elif kind == "double":
        found[at:at] = found[at : at + size]
    else:
        found[at:at] = draw.randbytes(size)
    return bytes(found)


def of_text(text: str, draw: Random) -> str:
    """Return a text with words, lines and signs changed, most of which still parses."""
    for _ in range(draw.choice([1, 1, 1, 2, 4])):
        lines = text.split("\n")
        at = draw.randrange(len(lines))
        key, colon, _ = lines[at].partition(": ")
        kind = draw.choice(["value"] * 6 + ["word", "drop", "double", "indent", "sign", "long"])
        if kind == "value" and colon:
            lines[at] = f"{key}: {draw.choice(WORDS)}"
        elif kind in ("value", "word"):
            words = lines[at].split(" ")
            words[draw.randrange(len(words))] = draw.choice(WORDS)
            lines[at] = " ".join(words)
        elif kind == "drop":
            del lines[at]
        elif kind == "double":
            lines.insert(draw.randrange(len(lines) + 1), lines[at])
        elif kind == "indent":
            lines[at] = draw.choice(["  ", " ", "\t", "- "]) + lines[at]
        elif kind == "sign":
            place = draw.randrange(len(lines[at]) + 1)
            sign = draw.choice([*":#-[]{}'\"&*!|>%@`,?\n\r\0\x85\ufeff \t0123456789.e_"])
            lines[at] = lines[at][:place] + sign + lines[at][place + draw.choice([0, 1]) :]
        else:
            lines[at] = f"{key}: {draw.choice(LONG)}" if colon else draw.choice([*LONG, BOMB])
        text = "\n".join(lines)
        if not text:
            break
    return text


def of_values(values, draw: Random):
    """Return a copy of nested dictionaries and lists with one part changed, gone or renamed."""
    found = json.loads(json.dumps(values))
    places: list[tuple] = []

    def visit(parent) -> None:
        items = parent.items() if isinstance(parent, dict) else enumerate(parent)
        for key, value in items:
            places.append((parent, key))
            if isinstance(value, dict | list):
                visit(value)

    visit(found)
    parent, key = draw.choice(places)
    kind = draw.choice(["value"] * 6 + ["drop", "rename", "nest", "deep"])
    if kind == "value" or not isinstance(parent, dict):
        parent[key] = draw.choice(VALUES)
    elif kind == "nest":
        parent[key] = {key: parent[key]}
    elif kind == "deep":
        for _ in range(draw.choice([5, 50, 300])):
            parent[key] = [parent[key]]
    else:
        value = parent.pop(key)
        if kind == "rename":
            parent[draw.choice([f"{key}x", key[1:], "a\nb", "x" * 9_999, "model"])] = value
    return found


def images() -> dict[str, bytes]:
    """Return small images in every format and mode that may be in a set, and some bombs."""
    draw = np.random.default_rng(0)
    colours = Image.fromarray(draw.integers(0, 256, (40, 40, 4), "uint8"))
    deep = Image.fromarray(draw.integers(0, 65536, (40, 40), "uint16"))
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds = {
        **{f"{m}.png": (colours.convert(m), {}) for m in ("RGB", "RGBA", "L", "LA", "P", "1")},
        "deep.png": (deep, {}),
        "profile.png": (colours, {"icc_profile": draw.bytes(500), "exif": exif}),
        "plain.jpg": (colours.convert("RGB"), {"quality": 90, "exif": exif}),
        "progressive.jpg": (colours.convert("RGB"), {"progressive": True}),
        "cmyk.jpg": (colours.convert("CMYK"), {}),
        "grey.jpg": (colours.convert("L"), {}),
        "lossy.webp": (colours, {"quality": 80, "exif": exif}),
        "lossless.webp": (colours, {"lossless": True}),
        "plain.gif": (colours.convert("P"), {}),
        "film.gif": (
            colours.convert("P"),
            {"save_all": True, "append_images": [deep.convert("P")]},
        ),
        "film.webp": (colours, {"save_all": True, "append_images": [colours.rotate(90)]}),
        "plain.bmp": (colours.convert("RGB"), {}),
        "palette.bmp": (colours.convert("P"), {}),
    }
    found = {}
    for name, (image, options) in kinds.items():
        file = io.BytesIO()
        image.save(file, {"jpg": "JPEG"}.get(name[-3:], name.rpartition(".")[2].upper()), **options)
        found[name] = file.getvalue()
    text = PngImagePlugin.PngInfo()
    text.add_text("note", "x" * 10**6, zip=True)
    file = io.BytesIO()
    colours.save(file, "PNG", pnginfo=text)
    found["text.png"] = file.getvalue()
    found["huge.png"] = _png(30_000, 30_000)
    found["wide.png"] = _png(2**31 - 1, 1)
    found["large.png"] = _png(9_000, 9_000)  # within the limit, and empty
    return found


def _png(width: int, height: int) -> bytes:
    """Return a PNG that claims a size, and holds a thousand rows of zeros for it."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    parts += [(b"IDAT", zlib.compress(bytes(27_001 * 1_000))), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def zips(some: dict[str, bytes]) -> dict[str, bytes]:
    """Return zips of images: stored, deflated, and those that lie about what is in them."""
    found = {}
    for name, kind in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", kind) as archive:
            for path, data in some.items():
                archive.writestr(path, data)
        found[name] = file.getvalue()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../up.png", next(iter(some.values())))
        archive.writestr("bomb.png", bytes(300 * 2**20))
        archive.writestr("good.png", next(iter(some.values())))
    found["bomb"] = file.getvalue()
    # The size that is declared, in the directory at the end, is not the one that comes out.
    lie = bytearray(found["bomb"])
    struct.pack_into("<I", lie, lie.rindex(b"bomb.png") - 22, 100)
    found["lie"] = bytes(lie)
    return found


def rezipped(data: bytes, draw: Random, change) -> bytes:
    """Return a zip one of whose members is changed, and whose checksums fit again."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        new.comment = old.comment
        names = old.namelist()
        chosen = draw.choice(names)
        for name in names:
            content = old.read(name)
            if name != chosen:
                new.writestr(name, content)
            elif draw.random() < 0.9:
                new.writestr(name if draw.random() < 0.9 else name + "x", change(name, content))
    return file.getvalue()
