# never-reaps.py COMMAND... - run it, and be the parent of what it leaves behind; nobody is ever waited for.
# PID 1 of some machines and containers is like that, or takes seconds.
import ctypes
import os
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36

ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
if os.fork() == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    signal.pause()
