"""Speed, memory and accuracy: each figure in docs/ is printed by python -m benchmarks.NAME."""

import argparse


def new_parser(doc: str) -> argparse.ArgumentParser:
    """Return a parser whose help shows a module's docstring as it is written."""
    return argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
