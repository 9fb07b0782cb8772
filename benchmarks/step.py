"""Time the compiled step beside the report's loop, PyTorch, and what the machine can do.

    python -m benchmarks.step --version v5 --width 0.25 --batch 64 --rounds 5
    python -m benchmarks.step --all

All train networks of the same shape on the same random images, without augmentation; PyTorch's are
refused unless copied weights give the same outputs. The rounds alternate, so that a machine whose
speed drifts favors nobody; each ratio is the median of the rounds' own. The report's loop, which
only v5 has, runs as its author would run it: float32, Keras's defaults. Utilization is the step's
operations per second over those of a large matrix product, measured in the same round. PyTorch is
left out where it is not installed: pip install ".[benchmarks]".
"""

import importlib.util
import math
import statistics
import time

from anime_gan import backend

backend.start()

import keras

from anime_gan.backend.precision import fastest_precision
from anime_gan.training import cost
from anime_gan.training.state import TrainState
from anime_gan.training.step import compile_step, train_discriminator, train_generator
from benchmarks import new_parser
from benchmarks.common import make_state, random_images
from benchmarks.report_loop import ReportLoop

# What --all times: (version, width, batch). Widths and batches are those of configs/ for a CPU,
# of the recipe otherwise.
ALL = [
    ("v5", 0.25, 64),
    ("v5", 1.0, 64),
    ("dcgan", 1.0, 128),
    ("r3gan", 0.03125, 8),
    ("r3gan_patch", 0.03125, 8),
    ("r3gan", 0.25, 8),
    ("stylegan2", 0.03125, 16),
]
PARTS = ("discriminator's half", "generator's half", "both optimizers", "images to the device")


def seconds_per_call(run, calls: int) -> float:
    """Return the seconds that one call of `run` takes, over several calls."""
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


def contenders(state: TrainState, real, precision: str, compiled: bool) -> dict:
    """Return functions without arguments that train for one step, by name; ours is the first."""
    step = compile_step(state)
    runs = {f"ours, {precision}": lambda: float(step(real)["g_loss"])}  # fetching waits
    if state.config.version == "v5":
        rule, twin = state.config.generator, TrainState(state.config)
        loop = ReportLoop(twin.generator, twin.discriminator, rule.rate, rule.decay, rule.clipvalue)
        runs["report's loop, float32"] = lambda: loop.step(real)
    if importlib.util.find_spec("torch"):
        from benchmarks.torch_steps import Step

        plain = TrainState(state.config)
        for name in ("eager", "compiled") if compiled else ("eager",):
            other = Step(plain, name == "compiled", precision)
            runs[f"PyTorch {name}, {precision}"] = lambda other=other: other(real)
    else:
        print('PyTorch is not installed: pip install ".[benchmarks]"')
    return runs


def parts(state: TrainState, real) -> dict:
    """Return the parts of a step as functions without arguments, without penalties of some steps.

    The optimizers' updates are within the halves too.
    """
    with_penalties = state.config.objective.penalty_every == 1
    first = backend.compile_step(
        lambda real: train_discriminator(state, real, with_penalties)["d_loss"], state.variables
    )
    second = backend.compile_step(
        lambda real: train_generator(state, real, False)["g_loss"], state.variables
    )

    def apply():
        for optimizer, weights in (
            (state.generator_optimizer, state.generator_weights),
            (state.discriminator_optimizer, state.discriminator_weights),
        ):
            optimizer.apply([keras.ops.zeros(weight.shape) for weight in weights], weights)
        return state.generator_optimizer.iterations + 0

    update = backend.compile_step(apply, state.variables)
    runs = (
        lambda: float(first(real)),
        lambda: float(second(real)),
        lambda: int(update()),
        lambda: float(keras.ops.convert_to_tensor(real)[0, 0, 0, 0]),
    )
    return dict(zip(PARTS, runs, strict=True))


def compare(state: TrainState, real, precision: str, rounds: int, compiled: bool) -> None:
    """Time all contenders and the parts of our step in turn, and print a line for each."""
    objective = state.config.objective
    steps = math.lcm(
        objective.penalty_every if objective.penalties else 1,
        objective.path_every if state.path_mean is not None else 1,
    )
    runs = contenders(state, real, precision, compiled) | parts(state, real)
    for name, run in list(runs.items()):
        try:
            for _ in range(steps + 1):
                run()
        except Exception as error:  # a compiler's, of any kind: the others are still timed
            if not name.startswith("PyTorch compiled"):
                raise
            print(f"{name} failed: {type(error).__name__}: {str(error).splitlines()[0]}")
            del runs[name]
    matmul_rate = cost.matmul_rate(precision)
    seconds, rates = {name: [] for name in runs}, []
    for _ in range(rounds):
        rates.append(matmul_rate())
        for name, run in runs.items():
            seconds[name].append(seconds_per_call(run, steps))
    print_lines(state, seconds, rates)


def print_lines(state: TrainState, seconds: dict, rates: list[float]) -> None:
    """Print a table: for each, seconds, images a second, ratio to ours, and utilization.

    seconds: by name, of each round; rates: of the matrix product in each round, in GFLOP/s.
    """
    ours, batch = next(iter(seconds.values())), state.config.training.batch_size
    work, objective = cost.step_gflops(state), state.config.objective
    work_of = dict.fromkeys(PARTS, 0.0) | {
        PARTS[0]: cost.discriminator_gflops(state, objective.penalty_every == 1),
        PARTS[1]: cost.generator_gflops(state, False),
    }
    rate = statistics.median(rates)
    print(f"{work:.1f} GFLOP a step; a matrix product runs at {rate:.0f} GFLOP/s here\n")
    print("| | s per step | images/s | times ours (lowest, highest) | utilization |")
    print("|---|---|---|---|---|")
    for name, times in seconds.items():
        middle = statistics.median(times)
        ratios = sorted(other / own for other, own in zip(times, ours, strict=True))
        shares = [work_of.get(name, work) / r / s for r, s in zip(rates, times, strict=True)]
        share = f"{statistics.median(shares):.0%}" if work_of.get(name, work) else ""
        speed = "" if name in PARTS else f"{batch / middle:.1f}"
        ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}, {ratios[-1]:.2f})"
        print(f"| {name} | {middle:.4f} | {speed} | {ratio} | {share} |")


def main() -> None:
    """Measure and print a table for each version."""
    parser = new_parser(__doc__)
    parser.add_argument(
        "--version", default="v5", choices=["v5", "dcgan", "r3gan", "r3gan_patch", "stylegan2"]
    )
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--all", action="store_true", help="the table of docs/performance.md")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-compiled", action="store_true", help="leave out torch.compile")
    parser.add_argument("--precision", default="auto", choices=["auto", "float32", "bfloat16"])
    options = parser.parse_args()
    precision = fastest_precision() if options.precision == "auto" else options.precision
    chosen = ALL if options.all else [(options.version, options.width, options.batch)]
    for version, width, batch in chosen:
        state = make_state(
            *(f"version={version}", f"model.width={width}", f"training.batch_size={batch}"),
            *("augment.policy=[]", "augment.p=0"),
            precision=precision,
        )
        print(
            f"\n{version}, width {width:g}, batch {batch}, {options.rounds} rounds, on "
            f"{backend.device()} with {backend.name()}",
            flush=True,
        )
        compare(state, random_images(state), precision, options.rounds, not options.no_compiled)


if __name__ == "__main__":
    main()
