"""Waiting for things to happen. Nothing here passes because time went by; time only makes it fail."""
import time

DEADLINE = 10.0  # generous: these tests share small machines


class Late(AssertionError):
    """What was awaited did not happen before the deadline."""


def eventually(probe, what="the condition", timeout=DEADLINE, every=0.02):
    """Calls `probe` until it gives something true and returns that. An assertion inside `probe` counts as 'not yet'."""
    end = time.monotonic() + timeout
    last = None
    while True:
        try:
            found = probe()
            if found:
                return found
            last = found
        except (AssertionError, KeyError, OSError) as error:
            last = error
        if time.monotonic() > end:
            raise Late(f"{what} did not happen within {timeout} s; last seen: {last!r}")
        time.sleep(every)
