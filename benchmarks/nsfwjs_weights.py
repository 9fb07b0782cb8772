"""Write anime_gan/features/nsfwjs.npz from the package nsfwjs of npm.

    npm pack nsfwjs@4.3.0
    python -m benchmarks.nsfwjs_weights nsfwjs-4.3.0.tgz

The package keeps its MobileNetV2 as two scripts: a table of the weights, and their bytes in base64.
The file written has the same bytes and what they mean.
"""

import base64
import re
import tarfile
from pathlib import Path

import numpy as np

from anime_gan.features import nsfwjs
from benchmarks import new_parser

FOLDER = "package/dist/models/mobilenet_v2/"
ENTRY = re.compile(
    r'name:"([^"]+)",shape:\[([\d,]+)\],dtype:"float32",'
    r'quantization:\{min:([^,]+),scale:([^,]+),dtype:"uint8"\}'
)


def main() -> None:
    """Read the package and write the file."""
    parser = new_parser(__doc__)
    parser.add_argument("package", type=Path, help="nsfwjs-4.3.0.tgz")
    with tarfile.open(parser.parse_args().package) as archive:
        table = archive.extractfile(f"{FOLDER}model.min.js").read().decode()
        script = archive.extractfile(f"{FOLDER}group1-shard1of1.min.js").read().decode()
        license = archive.extractfile("package/LICENSE").read()
    data = base64.b64decode(max(re.findall(r'exports="([^"]+)"', script), key=len))
    arrays, at = {}, 0
    for name, shape, low, scale in ENTRY.findall(table):
        shape = [*map(int, shape.split(","))]
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(data, "u1", count, at).reshape(shape)
        arrays[f"{name}:range"] = np.array([low, scale], "float64")
        at += count
    if at != len(data):
        raise SystemExit(f"error: the table names {at:,} bytes of {len(data):,}.")
    np.savez_compressed(nsfwjs.WEIGHTS, **arrays)
    nsfwjs.WEIGHTS.with_suffix(".LICENSE").write_bytes(license)
    print(f"{nsfwjs.WEIGHTS}: {nsfwjs.WEIGHTS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
