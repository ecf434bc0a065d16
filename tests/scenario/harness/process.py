"""What the processes of a test run have in common."""
import ctypes
import signal

PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def end_with_us():
    """preexec_fn: the kernel ends this process when the run that started it ends, also when that is killed and cleans up nothing.
    (More exactly with the thread that started it: start what lives longer from the main one.)"""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
