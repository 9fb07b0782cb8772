"""The commands of sample.py, a file each: its options, what it checks, and what it does."""
