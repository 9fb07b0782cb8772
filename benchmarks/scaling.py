"""Show that several devices give the numbers of one, and what several would gain.

    export KERAS_BACKEND=jax XLA_FLAGS=--xla_force_host_platform_device_count=4
    python -m benchmarks.scaling --check [--versions v5 r3gan] [--devices 2 4]
    python -m benchmarks.scaling [--versions v5] [--width 0.25] [--batch 64] [--devices 1 2 4]
    python -m benchmarks.scaling --model [--step-ms 24]

XLA_FLAGS makes four devices of a CPU, for a machine without GPUs. They share its cores, so that the
times measured on them show what sharing costs, never what it gains. The first compares losses and
the whole state after some steps; the second measures steps, with as many pictures for each device
(weak) and as many for all (strong), and counts what the compiled step exchanges; the third takes
the bytes of the gradients over a network's bandwidth against the time of a step.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

DUMPED = tempfile.TemporaryDirectory(prefix="scaling-")
if "--check" not in sys.argv:
    # What is read from the cache is not dumped.
    os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"
    os.environ["XLA_FLAGS"] = (
        f"{os.environ.get('XLA_FLAGS', '')} --xla_dump_to={DUMPED.name} --xla_dump_hlo_as_text "
        "--xla_dump_hlo_module_re=jit_pure"
    )

from anime_gan import backend

backend.start()

import keras
import numpy as np

from anime_gan import networks
from anime_gan.config.schema import load_config
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step

TOLERANCE = 1e-4
# What no version's own recipe has.
EXTRAS = {
    "v5, micro batches": ("v5", "training.micro_batch=4"),
    "v5, adaptive, averaged": (
        "v5",
        *("augment.policy=[translation,cutout,colour]", "augment.p=adaptive", "augment.kimg=0.1"),
        "training.ema_kimg=0.01",
    ),
    "dragan, in turn": ("dragan", "training.passes=in_turn"),
    "wgan_gp, micro batches": ("wgan_gp", "training.micro_batch=4"),
}
# Gigabytes a second that a device sends while it receives as many, and microseconds a message.
NETWORKS = {"NVLink": (200, 3), "PCIe 4": (20, 5), "25 GbE": (2.9, 20)}
COLLECTIVES = ("all-reduce", "all-gather", "all-to-all", "collective-permute", "reduce-scatter")
BYTES = {"f32": 4, "s32": 4, "u32": 4, "bf16": 2, "pred": 1, "s64": 8, "f64": 8}


def make(version: str, devices: int, *overrides: str) -> TrainState:
    """Return a gan on so many devices; 0 for one without any distribution."""
    config = load_config(None, [f"version={version}", *overrides], networks.get_recipe)
    names = keras.distribution.list_devices()
    if devices > len(names):
        raise SystemExit(f"error: there are {len(names)} devices, not {devices}; set XLA_FLAGS.")
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=names[:devices]) if devices else None
    )
    try:
        return TrainState.create(config)
    finally:
        keras.distribution.set_distribution(before)


def pictures(gan: TrainState, seed: int) -> np.ndarray:
    """Return as many random pictures as a step takes."""
    shape = (gan.config.training.images_per_step, *gan.discriminator.input_shape[1:])
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def trained(version: str, devices: int, *overrides: str, begin=()) -> list[dict[str, np.ndarray]]:
    """Return the scalars of each of two steps and the state after it, by name.

    Two, since the first pays for what is paid for every so often, and the second does not.
    begin: states that the steps after the first begin from, instead of where the one before ended:
        at a leaky ReLU's kink the last bit of one step may decide much of the next.
    """
    tiny = ["model.width=0.03", "model.resolution=32", "model.latent_dim=8"]
    tiny += ["training.batch_size=8", "growing.batch_at={}"]
    gan = make(version, devices, *tiny, *overrides)
    draw = np.random.default_rng(3)  # away from the zeros that R3GAN's blocks begin with
    for variable in [*gan.generator_weights, *gan.discriminator_weights]:
        variable.assign(variable + 0.05 * draw.normal(size=variable.shape))
    for optimizer in (gan.generator_optimizer, gan.discriminator_optimizer):
        # Divided by itself, a gradient that is nothing but rounding would move as far as any other.
        optimizer.epsilon = 1.0
    step, seen = compile_step(gan), []
    for number in range(2):
        for name, variable in gan.named_variables.items() if number and begin else ():
            variable.assign(begin[number - 1][name])
        scalars = {key: np.array(float(v)) for key, v in step(pictures(gan, number)).items()}
        state = {k: np.array(keras.ops.convert_to_numpy(v)) for k, v in gan.named_variables.items()}
        seen.append(scalars | state)
    return seen


def apart(one: dict, other: dict) -> tuple[float, str]:
    """Return by how much two results differ, over the largest number of an array or 1, and where.

    Moments are over the largest of their network's, which may be of any size.
    """
    sizes = {name: float(np.abs(array).max(initial=0)) for name, array in one.items()}
    differences = {}
    for name, array in one.items():
        part, kind = name.split("/")[0], name.rpartition("_")[2]
        like = [n for n in sizes if n.startswith(part) and n.endswith(kind)]
        size = max(sizes[n] for n in like) if "optimizer" in name else max(sizes[name], 1.0)
        difference = np.abs(array.astype("float64") - other[name]).max(initial=0)
        differences[name] = float(difference) / (size or 1.0)
    return max((value, name) for name, value in differences.items())


def check(names: list[str], counts: list[int]) -> bool:
    """Print a table of versions against devices; return whether all agree."""
    print("| version | devices | largest difference | of | within 1e-4 |\n|---|---|---|---|---|")
    agree = True
    for name in names:
        version, *overrides = EXTRAS.get(name, (name,))
        alone = trained(version, 0, *overrides)
        for devices in counts:
            shared = trained(version, devices, *overrides, begin=alone)
            difference, where = max(apart(*pair) for pair in zip(alone, shared, strict=True))
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


def gradients_of(gan: TrainState) -> int:
    """Return the bytes of a step's gradients, float32."""
    numbers = [sum(int(np.prod(w.shape)) for w in ws) for ws in _weights(gan)]
    return 4 * (numbers[0] + numbers[1] * gan.config.training.n_critic)


def _weights(gan: TrainState) -> tuple[list, list]:
    return gan.generator_weights, gan.discriminator_weights


def seconds_of(gan: TrainState, rounds: int) -> float:
    """Return the median seconds of a step."""
    step, real = compile_step(gan), pictures(gan, 0)
    float(step(real)["g_loss"]), float(step(real)["g_loss"])
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        float(step(real)["g_loss"])
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(version: str, options) -> None:
    """Print seconds, efficiency and what is exchanged, for each number of devices."""
    print(f"{version}, width {options.width:g}, on {backend.device()}")
    print("| devices | batch | s a step | efficiency | gradients MB | all-reduced MB | other MB |")
    print("|---|---|---|---|---|---|---|")
    for kind in ("weak", "strong"):
        first = None
        for devices in options.devices:
            batch = options.batch * devices if kind == "weak" else options.batch
            overrides = [f"model.width={options.width}", f"training.batch_size={batch}"]
            gan = make(version, devices, *overrides)
            seconds = seconds_of(gan, options.rounds)
            sent = exchanged()
            reduced = sent.pop("all-reduce")
            first = first or seconds * (1 if kind == "weak" else devices)
            efficiency = first / seconds / (1 if kind == "weak" else devices)
            print(
                f"| {devices}, {kind} | {batch} | {seconds:.3f} | {efficiency:.0%} | "
                f"{gradients_of(gan) / 1e6:.2f} | {reduced / 1e6:.2f} | "
                f"{sum(sent.values()) / 1e6:.2f} |",
                flush=True,
            )


def model(version: str, options) -> None:
    """Print the efficiency that bytes over bandwidth leave, up to 64 devices.

    A ring sends and receives 2 (d - 1) / d of the gradients, in 2 (d - 1) messages. Without overlap
    that follows the step's work; with it, all but what is longer than the work is hidden.
    """
    size = gradients_of(make(version, 0, f"model.width={options.width}"))
    work = options.step_ms / 1e3
    print(
        f"{version}, width {options.width:g}: {size / 1e6:.1f} MB of gradients a step, which takes "
        f"{options.step_ms:g} ms of a device by itself; without / with overlap"
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare numbers, not times")
    parser.add_argument("--model", action="store_true", help="calculate, up to 64 devices")
    parser.add_argument("--versions", nargs="+", help="v5; with --check, all there are")
    parser.add_argument("--devices", nargs="+", type=int)
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--batch", type=int, default=64, help="pictures for one device")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--step-ms", type=float, default=24, help="of one device, for --model")
    options = parser.parse_args()
    if backend.name() != "jax":
        raise SystemExit("error: several devices are for JAX; set KERAS_BACKEND=jax.")
    if options.check:
        every = options.versions or [*networks.VERSIONS, *EXTRAS]
        return 0 if check(every, options.devices or [2, 4]) else 1
    options.devices = options.devices or [1, 2, 4]
    for version in options.versions or ["v5"]:
        (model if options.model else measure)(version, options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
