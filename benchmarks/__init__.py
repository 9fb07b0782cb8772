"""Speed, memory and accuracy: each figure in docs/ is printed by python -m benchmarks.NAME."""
