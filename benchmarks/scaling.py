"""Show that several devices give the numbers of one, and what several would gain.

    export KERAS_BACKEND=jax XLA_FLAGS=--xla_force_host_platform_device_count=4
    python -m benchmarks.scaling --check [--versions v5 r3gan] [--devices 2 4]
    python -m benchmarks.scaling [--versions v5] [--width 0.25] [--batch 64] [--devices 1 2 4]
    python -m benchmarks.scaling --model [--step-ms 24]

XLA_FLAGS makes four devices of a CPU, for a machine without GPUs. They share its cores, so times
measured on them show what sharing costs, never what it gains. --check compares losses and the whole
state after some steps. Without it, steps are timed, with as many images for each device (weak
scaling) and as many in all (strong scaling), and what the compiled step exchanges is counted.
--model divides the bytes of the gradients by a network's bandwidth and compares that with the time
of a step.
"""

import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

DUMPED = tempfile.TemporaryDirectory(prefix="scaling-")
if "--check" not in sys.argv:
    # What is read from the compilation cache is not dumped.
    os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"
    os.environ["XLA_FLAGS"] = (
        f"{os.environ.get('XLA_FLAGS', '')} --xla_dump_to={DUMPED.name} --xla_dump_hlo_as_text "
        "--xla_dump_hlo_module_re=jit_pure"
    )

from anime_gan import backend
from anime_gan.config.versions import VERSIONS

backend.start()

import keras
import numpy as np

from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step
from benchmarks import new_parser
from benchmarks.common import make_state, random_images

TOLERANCE = 1e-4
# What no version's own recipe has.
EXTRAS = {
    "v5, micro-batches": ("v5", "training.micro_batch=4"),
    "v5, adaptive, EMA": (
        "v5",
        *("augment.policy=[translation,cutout,colour]", "augment.p=adaptive", "augment.kimg=0.1"),
        "training.ema_kimg=0.01",
    ),
    "dragan, in turn": ("dragan", "training.passes=in_turn"),
    "wgan_gp, micro-batches": ("wgan_gp", "training.micro_batch=4"),
    "dragan, dropout, noise": (
        "dragan",
        *("discriminator.dropout=0.5", "discriminator.noise=[0.5,0.1]"),
    ),
}
# Gigabytes a second that a device sends while it receives as many, and microseconds a message.
NETWORKS = {"NVLink": (200, 3), "PCIe 4": (20, 5), "25 GbE": (2.9, 20)}
COLLECTIVES = ("all-reduce", "all-gather", "all-to-all", "collective-permute", "reduce-scatter")
BYTES = {"f32": 4, "s32": 4, "u32": 4, "bf16": 2, "pred": 1, "s64": 8, "f64": 8}


def make(version: str, devices: int, *overrides: str) -> TrainState:
    """Return a state on so many devices; 0 for one without any distribution."""
    names = keras.distribution.list_devices()
    if devices > len(names):
        raise SystemExit(f"error: there are {len(names)} devices, not {devices}; set XLA_FLAGS.")
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=names[:devices]) if devices else None
    )
    try:
        return make_state(f"version={version}", *overrides)
    finally:
        keras.distribution.set_distribution(before)


def train(version: str, devices: int, *overrides: str, start=()) -> list[dict[str, np.ndarray]]:
    """Return the scalars of each of two steps and the state after it, by name.

    Two, since lazy penalties are in the first and not in the second.

    Args:
        start: the states that the steps after the first begin with, in place of those where the
            step before ended. At a leaky ReLU's kink the last bit of one step may decide much of
            the next.
    """
    tiny = ["model.width=0.03", "model.resolution=32", "model.latent_dim=8"]
    tiny += ["training.batch_size=8", "growing.batch_at={}"]
    state = make(version, devices, *tiny, *overrides)
    draw = np.random.default_rng(3)  # away from the zeros that R3GAN's blocks begin with
    for variable in [*state.generator_weights, *state.discriminator_weights]:
        variable.assign(variable + 0.05 * draw.normal(size=variable.shape))
    for optimizer in (state.generator_optimizer, state.discriminator_optimizer):
        # Divided by itself, a gradient that is only rounding would move as far as any other.
        optimizer.epsilon = 1.0
    step, results = compile_step(state), []
    for number in range(2):
        for name, variable in state.named_variables.items() if number and start else ():
            variable.assign(start[number - 1][name])
        scalars = {k: np.array(float(v)) for k, v in step(random_images(state, number)).items()}
        values = {k: keras.ops.convert_to_numpy(v) for k, v in state.named_variables.items()}
        results.append(scalars | {name: value.copy() for name, value in values.items()})
    return results


def largest_difference(one: dict, other: dict) -> tuple[float, str]:
    """Return the largest difference of two results, and where it is.

    It is relative to the array's largest number, or to 1; for an optimizer's moments, which may be
    tiny, to the largest one of the network.
    """
    sizes = {name: float(np.abs(array).max(initial=0)) for name, array in one.items()}
    differences = {}
    for name, array in one.items():
        part, kind = name.split("/")[0], name.rpartition("_")[2]
        alike = [n for n in sizes if n.startswith(part) and n.endswith(kind)]
        size = max(sizes[n] for n in alike) if "optimizer" in name else max(sizes[name], 1.0)
        difference = np.abs(array.astype("float64") - other[name]).max(initial=0)
        differences[name] = float(difference) / (size or 1.0)
    return max((value, name) for name, value in differences.items())


def check(names: list[str], counts: list[int]) -> bool:
    """Print a table of versions against devices; return whether all agree."""
    print("| version | devices | largest difference | of | within 1e-4 |\n|---|---|---|---|---|")
    agree = True
    for name in names:
        version, *overrides = EXTRAS.get(name, (name,))
        alone = train(version, 0, *overrides)
        for devices in counts:
            shared = train(version, devices, *overrides, start=alone)
            difference, where = max(
                largest_difference(*pair) for pair in zip(alone, shared, strict=True)
            )
            good = difference <= TOLERANCE
            agree &= good
            word = "yes" if good else "NO"
            print(f"| {name} | {devices} | {difference:.1e} | {where} | {word} |", flush=True)
    return agree


def exchanged() -> dict[str, int]:
    """Return the bytes that the modules compiled since the last call exchange, by collective."""
    found = dict.fromkeys(COLLECTIVES, 0)
    for path in Path(DUMPED.name).glob("*after_optimizations.txt"):
        for line in path.read_text().splitlines():
            match = re.search(r"= (.+?) (" + "|".join(COLLECTIVES) + r")(?:-start)?\(", line)
            for dtype, shape in re.findall(r"(\w+)\[([\d,]*)\]", match[1]) if match else ():
                count = int(np.prod([int(n) for n in shape.split(",") if n]))
                found[match[2]] += BYTES[dtype] * count
    for path in Path(DUMPED.name).glob("*.txt"):
        path.unlink()
    return found


def gradient_bytes(state: TrainState) -> int:
    """Return the bytes of a step's gradients, float32."""
    both = (state.generator_weights, state.discriminator_weights)
    generator, discriminator = (sum(int(np.prod(w.shape)) for w in weights) for weights in both)
    return 4 * (generator + discriminator * state.config.training.n_critic)


def seconds_per_step(state: TrainState, rounds: int) -> float:
    """Return the median seconds of a step."""
    step, real = compile_step(state), random_images(state)
    float(step(real)["g_loss"]), float(step(real)["g_loss"])
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        float(step(real)["g_loss"])
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(version: str, options) -> None:
    """Print seconds, efficiency and bytes exchanged, for each number of devices."""
    print(f"{version}, width {options.width:g}, on {backend.device()}")
    print("| devices | batch | s/step | efficiency | gradients MB | all-reduced MB | other MB |")
    print("|---|---|---|---|---|---|---|")
    for kind in ("weak", "strong"):
        first = None
        for devices in options.devices:
            batch = options.batch * devices if kind == "weak" else options.batch
            overrides = [f"model.width={options.width}", f"training.batch_size={batch}"]
            state = make(version, devices, *overrides)
            seconds = seconds_per_step(state, options.rounds)
            sent = exchanged()
            reduced = sent.pop("all-reduce")
            first = first or seconds * (1 if kind == "weak" else devices)
            efficiency = first / seconds / (1 if kind == "weak" else devices)
            print(
                f"| {devices}, {kind} | {batch} | {seconds:.3f} | {efficiency:.0%} | "
                f"{gradient_bytes(state) / 1e6:.2f} | {reduced / 1e6:.2f} | "
                f"{sum(sent.values()) / 1e6:.2f} |",
                flush=True,
            )


def model(version: str, options) -> None:
    """Print the efficiency that is left by exchanging gradients, up to 64 devices.

    A ring all-reduce sends and receives 2 (d - 1) / d of the gradients, in 2 (d - 1) messages.
    Without overlap that follows the step's work; with it, only what takes longer than the work
    counts.
    """
    size = gradient_bytes(make(version, 0, f"model.width={options.width}"))
    work = options.step_ms / 1e3
    print(
        f"{version}, width {options.width:g}: {size / 1e6:.1f} MB of gradients a step, which takes "
        f"{options.step_ms:g} ms on one device; without / with overlap"
    )
    print("| devices | " + " | ".join(f"{n}, weak | {n}, strong" for n in NETWORKS) + " |")
    print("|---" * (1 + 2 * len(NETWORKS)) + "|")
    for devices in (1, 2, 4, 8, 16, 32, 64):
        cells = []
        for rate, delay in NETWORKS.values():
            sent = 2 * (devices - 1) / devices * size / (rate * 1e9)
            sent += 2 * (devices - 1) * delay * 1e-6
            for own in (work, work / devices):
                cells.append(f"{own / (own + sent):.0%} / {own / max(own, sent):.0%}")
        print(f"| {devices} | " + " | ".join(cells) + " |")


def main() -> int:
    """Do what the options say."""
    parser = new_parser(__doc__)
    parser.add_argument("--check", action="store_true", help="compare numbers, not times")
    parser.add_argument("--model", action="store_true", help="calculate, up to 64 devices")
    parser.add_argument("--versions", nargs="+", help="v5; with --check, all there are")
    parser.add_argument("--devices", nargs="+", type=int)
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--batch", type=int, default=64, help="images for one device")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--step-ms", type=float, default=24, help="of one device, for --model")
    options = parser.parse_args()
    if backend.name() != "jax":
        raise SystemExit("error: several devices are for JAX; set KERAS_BACKEND=jax.")
    if options.check:
        every = options.versions or [*VERSIONS, *EXTRAS]
        return 0 if check(every, options.devices or [2, 4]) else 1
    options.devices = options.devices or [1, 2, 4]
    for version in options.versions or ["v5"]:
        (model if options.model else measure)(version, options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
