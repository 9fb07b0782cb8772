"""The benchmarks run; what they measure is for docs/, not for a test."""


def test_the_step_benchmark_prints_a_ratio(script):
    """Both loops at a tiny width."""
    done = script("benchmarks/step.py", "--width", "0.02", "--batch", "4", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert "literal loop" in done.stdout and "ratio" in done.stdout


def test_the_loader_benchmark_prints_ratios(script, faces):
    """The report's reading against cold and warm cache."""
    done = script("benchmarks/loader.py", faces, "--count", "24")
    assert done.returncode == 0, done.stderr
    assert "cold" in done.stdout and "warm" in done.stdout


def test_the_memory_benchmark_prints_its_figures(script):
    """A folder of a few files."""
    done = script("benchmarks/memory.py", "--count", "130")
    assert done.returncode == 0, done.stderr
    assert "later start" in done.stdout and "private memory" in done.stdout
