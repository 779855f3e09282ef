"""Named checks of libraries that block: one line for each, and the exit code tells whether all were passed."""

import os
import sys
import time

DEADLINE = 20
failures = 0


def check(name, body):
    global failures
    try:
        body()
        print(f"ok {name}", flush=True)
    except Exception as error:  # whatever it is, it is this check's
        failures += 1
        why = f"{type(error).__name__}: {error}".replace("\n", " ")
        print(f"FAIL {name}: {why[:600]}", flush=True)


def equal(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def until(what, satisfied):
    deadline = time.monotonic() + DEADLINE
    while not satisfied():
        assert time.monotonic() < deadline, f"{what}: not within {DEADLINE} s"
        time.sleep(0.05)


def finish():
    """Ends the process: threads of the libraries do not hold it up."""
    sys.stdout.flush()
    os._exit(1 if failures else 0)
