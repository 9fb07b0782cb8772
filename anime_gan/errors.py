"""Mistakes that a user can make, each reported in one sentence, and how a script ends on one."""

import functools
import io
import sys


class UserError(Exception):
    """An error that the user can fix; its text is one sentence with the cause and the remedy."""


def clean_exit(main):
    """Wrap a script's `main` so that a UserError or a failing disk ends it with status 2.

    Everything else keeps its traceback: it is a bug.
    """

    @functools.wraps(main)
    def run(*args, **kwargs):
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a notebook's is not
                stream.reconfigure(errors="backslashreplace")  # of a terminal without UTF-8
        try:
            return main(*args, **kwargs)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
        except OSError as error:
            if error.errno is None:
                raise
            where = f" {error.filename}" if error.filename else ""
            print(f"error: {error.strerror}{where}; saved files are complete.", file=sys.stderr)
        raise SystemExit(2)

    return run
