"""Prints the memory of a step: what the compiler means it to take, or what the process took.

    KERAS_BACKEND=jax python -m benchmarks.step_memory version=v5 --micro null,16,4
    python -m benchmarks.step_memory version=v5 model.width=0.25

On JAX nothing is run: the figure is the compiler's, of the larger half of the step, its arguments,
results and all between. TensorFlow's compiler says nothing, so two steps are run and the figure is
the most that the process had resident over what it had before the first: it holds what the
allocator keeps for later too, and the scratch of convolutions. Beside either stands what
training/memory.py estimates before anything is compiled. Every row is a process of its own.
"""

import argparse
import os
import subprocess
import sys

import numpy as np

ROW = "| {:<12} | {:>6} | {:>5} | {:>11} | {:>8} | {:>8} | {:>8} |"


def main() -> None:
    """Read the command line and print the table, each row from a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="of the config")
    parser.add_argument("--micro", default="null", metavar="LIST", help="values of micro_batch")
    parser.add_argument("--row", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_intermixed_args()
    if arguments.row:
        print_row([*arguments.overrides, f"training.micro_batch={arguments.micro}"])
        return
    names = ("version", "width", "batch", "micro_batch", "GiB", "estimate", "ratio")
    print(ROW.format(*names), ROW.format(*["---"] * 7), sep="\n", flush=True)
    for micro in arguments.micro.split(","):
        row = [sys.executable, __file__, *arguments.overrides, "--micro", micro, "--row"]
        done = subprocess.run(row, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"})
        if done.returncode:
            sys.exit(done.returncode)


def print_row(overrides: list[str]) -> None:
    """Build the networks in float32 and print what a step of theirs takes."""
    from anime_gan import backend, networks
    from anime_gan.config.schema import load_config
    from anime_gan.training import micro_batch
    from anime_gan.training.step import compile_step, train_discriminator, train_generator

    config = load_config(None, overrides, networks.get_recipe)
    gan = TrainState.create(config)
    shape, training = config.model, config.training
    size = (training.images_per_step, shape.resolution, shape.resolution, shape.channels)
    real = np.zeros(size, "float32")
    # The state is there before the first step.
    state = sum(4 * np.prod(variable.shape) for variable in gan.variables)
    before = backend.peak_memory()
    taken = [
        backend.compiled_bytes(
            lambda real, half=half: half(gan, real), gan.variables, real[: training.batch_size]
        )
        for half in (train_discriminator, train_generator)
    ]
    if None in taken:
        step = compile_step(gan)
        for _ in range(2):
            float(step(real)["g_loss"])
        taken = [backend.peak_memory() - before + state]
    found, estimate = (
        max(taken),
        micro_batch.step_bytes(gan, gan.micro_batch or training.batch_size),
    )
    figures = (f"{found / 2**30:.3f}", f"{estimate / 2**30:.3f}", f"{estimate / found:.2f}")
    micro = gan.micro_batch or "null"
    print(ROW.format(config.version, f"{shape.width:g}", training.batch_size, micro, *figures))


if __name__ == "__main__":
    main()
