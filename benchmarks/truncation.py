"""Measure a generator at several truncations, each with the images of the same seeds.

    python -m benchmarks.truncation stylegan-cpu --count 2000
    python -m benchmarks.truncation stylegan-cpu --real faces.zip --psi 0.5,0.7,1,1.2

Precision says how good single images are, and recall how many kinds of them there are: truncation
gives up the one for the other.
"""

from anime_gan import backend

backend.start()

from anime_gan.features.network import NETWORKS, open_network
from anime_gan.metrics import evaluate, measures
from benchmarks import new_parser

KEYS = ("frechet", "precision", "recall")


def main() -> None:
    """Measure and print a table."""
    parser = new_parser(__doc__)
    parser.add_argument("source", help="a run, or a weights file")
    parser.add_argument("--real", help="real images (default: those the run was trained on)")
    parser.add_argument("--psi", default="0.5,0.7,1,1.2", help="default %(default)s")
    parser.add_argument("--count", type=int, default=2_000, help="on each side")
    parser.add_argument("--network", default="lite0", choices=NETWORKS)
    options = parser.parse_args()
    network, results = open_network(options.network), {}
    for psi in map(float, options.psi.split(",")):
        subject = evaluate.of_weights(options.source, options.real, options.count, psi)
        result, _ = evaluate.measure(subject, [network], options.count, copies=False)
        (results[f"{psi:g}"],) = result["comparisons"]
    first = next(iter(results.values()))
    views = [*measures.SIDES.values()]
    heads = " | ".join(f"{key}, {view}" for view in views for key in KEYS)
    print(f"\n{first['network']}, {first['count']:,} images on each side\n")
    print(f"| psi | {heads} |\n|---{'|---' * len(views) * len(KEYS)}|")
    print(row("real vs real", {view: first[view]["real_vs_real"] for view in views}))
    for psi, found in results.items():
        print(row(psi, {view: found[view] for view in views}))


def row(name: str, found: dict[str, dict[str, float]]) -> str:
    """Return a line of the table."""
    cells = [
        f"{values[key]:.1f}" if key == "frechet" else f"{values[key]:.3f}"
        for values in found.values()
        for key in KEYS
    ]
    return f"| {name} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
