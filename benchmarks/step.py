"""Time the compiled step beside the report's loop, PyTorch, and what the machine can do.

    python -m benchmarks.step --version v5 --width 0.25 --batch 64 --rounds 5
    python -m benchmarks.step --all

All train networks of the same shape on the same random pictures, without augmentation; PyTorch's
are refused unless copied weights give the same outputs. The rounds alternate, so that a machine
whose speed drifts favours nobody; each ratio is the median of the rounds' own. The literal loop,
which only v5 has, runs as its author would run it: float32, Keras's defaults. The floor is the
step's operations over the rate of a large product of matrices, measured in the same round. PyTorch
is left out where it is not installed (requirements-benchmarks.txt).
"""

import argparse
import importlib.util
import math
import statistics
import time

from anime_gan import backend

backend.start()

import keras
import numpy as np

from anime_gan import networks
from anime_gan.backend.precision import fastest_precision
from anime_gan.config.schema import load_config
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step, train_discriminator, train_generator
from benchmarks import floor
from benchmarks.report_loop import ReportLoop

# What --all times: (version, width, batch). Widths and batches are those of configs/ for a CPU,
# of the recipe otherwise.
ALL = [
    ("v5", 0.25, 64),
    ("v5", 1.0, 64),
    ("dcgan", 1.0, 128),
    ("r3gan", 0.03125, 8),
    ("r3gan", 0.25, 8),
    ("stylegan2", 0.03125, 16),
]


def seconds_of(run, steps: int) -> float:
    """Return the seconds that one call of `run` takes, over `steps` calls."""
    start = time.perf_counter()
    for _ in range(steps):
        run()
    return (time.perf_counter() - start) / steps


def contenders(gan, real, precision: str, compiled: bool) -> dict:
    """Return functions without arguments that train for one step, by name; ours comes first."""
    step = compile_step(gan)
    runs = {f"ours, {precision}": lambda: float(step(real)["g_loss"])}  # fetching waits
    plain = TrainState.create(gan.config)
    if gan.config.version == "v5":
        rule, twin = gan.config.generator, TrainState.create(gan.config)
        loop = ReportLoop(twin.generator, twin.discriminator, rule.rate, rule.decay, rule.clipvalue)
        runs["literal loop, float32"] = lambda: loop.step(real)
    if importlib.util.find_spec("torch"):
        from benchmarks.torch_steps import Step

        for name in ("eager", "compiled") if compiled else ("eager",):
            other = Step(plain, name == "compiled", precision)
            runs[f"PyTorch {name}, {precision}"] = lambda other=other: other(real)
    else:
        print("PyTorch is not installed: pip install -r requirements-benchmarks.txt")
    return runs


def compare(gan, real, precision: str, rounds: int, compiled: bool) -> None:
    """Time all contenders in turn and print their lines, then the floor and the parts of ours."""
    rule = gan.config.objective
    steps = math.lcm(
        rule.penalty_every if rule.penalties else 1,
        rule.path_every if gan.path_mean is not None else 1,
    )
    runs = contenders(gan, real, precision, compiled)
    runs |= parts(gan, real)
    for name, run in list(runs.items()):
        try:
            for _ in range(steps + 1):
                run()
        except Exception as error:  # a compiler's, of any kind: the others are still timed
            if not name.startswith("PyTorch compiled"):
                raise
            print(f"{name} does not work: {type(error).__name__}: {str(error).splitlines()[0]}")
            del runs[name]
    rate_now = floor.matrix_rate(precision)
    seconds, rates = {name: [] for name in runs}, []
    for _ in range(rounds):
        rates.append(rate_now())
        for name, run in runs.items():
            seconds[name].append(seconds_of(run, steps))
    print_lines(gan, seconds, rates)


def print_lines(gan, seconds: dict, rates: list) -> None:
    """Print a table: for each, seconds, pictures a second, ratio to ours, and share of the floor.

    seconds: by name, of each round; rates: the product of matrices' in each round, in GFLOP/s.
    """
    ours, batch = next(iter(seconds.values())), gan.config.training.batch_size
    work = floor.step_gflops(gan)
    rate = statistics.median(rates)
    print(f"{work:.1f} GFLOP a step; a product of matrices runs at {rate:.0f} GFLOP/s here\n")
    print("| | s a step | images/s | times ours (lowest, highest) | of the floor's speed |")
    print("|---|---|---|---|---|")
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        ratios = sorted(other / own for other, own in zip(taken, ours, strict=True))
        own_work = {
            "discriminator's half": floor.discriminator_gflops(gan, _every_step(gan)),
            "generator's half": floor.generator_gflops(gan, False),
        }.get(name, 0.0 if name in PARTS else work)
        shares = [own_work / r / s for r, s in zip(rates, taken, strict=True)]
        share = f"{statistics.median(shares):.0%}" if own_work else ""
        speed = "" if name in PARTS else f"{batch / middle:.1f}"
        times = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}, {ratios[-1]:.2f})"
        print(f"| {name} | {middle:.4f} | {speed} | {times} | {share} |")


PARTS = ("discriminator's half", "generator's half", "both optimizers", "pictures to the device")


def _every_step(gan) -> bool:
    """Say whether penalties are paid in every step."""
    return gan.config.objective.penalty_every == 1


def parts(gan, real) -> dict:
    """Return the parts of a step as functions without arguments; penalties now and then left out.

    The optimizers' updates are within the halves too.
    """
    paid = _every_step(gan)
    first = backend.compile_step(
        lambda real: train_discriminator(gan, real, paid)["d_loss"], gan.variables
    )
    second = backend.compile_step(
        lambda real: train_generator(gan, real, False)["g_loss"], gan.variables
    )

    def apply():
        for optimizer, weights in (
            (gan.generator_optimizer, gan.generator_weights),
            (gan.discriminator_optimizer, gan.discriminator_weights),
        ):
            optimizer.apply([keras.ops.zeros(weight.shape) for weight in weights], weights)
        return gan.generator_optimizer.iterations + 0

    update = backend.compile_step(apply, gan.variables)
    runs = (
        lambda: float(first(real)),
        lambda: float(second(real)),
        lambda: int(update()),
        lambda: float(keras.ops.convert_to_tensor(real)[0, 0, 0, 0]),
    )
    return dict(zip(PARTS, runs, strict=True))


def main() -> None:
    """Measure and print a table for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", default="v5", choices=["v5", "dcgan", "r3gan", "stylegan2"])
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--all", action="store_true", help="the table of docs/performance.md")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-compiled", action="store_true", help="leave out torch.compile")
    parser.add_argument("--precision", default="auto", choices=["auto", "float32", "bfloat16"])
    options = parser.parse_args()
    precision = options.precision
    if precision == "auto":
        precision = fastest_precision()
    chosen = ALL if options.all else [(options.version, options.width, options.batch)]
    for version, width, batch in chosen:
        overrides = [f"version={version}", f"model.width={width}", f"training.batch_size={batch}"]
        overrides += ["augment.policy=[]", "augment.p=0"]
        config = load_config(None, overrides, networks.get_recipe)
        size, channels = config.model.resolution, config.model.channels
        draw = np.random.default_rng(0)
        real = draw.uniform(-1, 1, (batch, size, size, channels)).astype("float32")
        print(
            f"\n{version}, width {width:g}, batch {batch}, {options.rounds} rounds, on "
            f"{backend.device()} with {backend.name()}",
            flush=True,
        )
        gan = TrainState.create(config, precision)
        compare(gan, real, precision, options.rounds, not options.no_compiled)


if __name__ == "__main__":
    main()
