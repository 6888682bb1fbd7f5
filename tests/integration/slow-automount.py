# slow-automount.py PLACE CONTROL - an automount point that is not mounted before CONTROL/hang has gone.
# CONTROL/mounts says that it is there, CONTROL/asked that somebody waits.
import ctypes
import fcntl
import os
import struct
import sys
import time

place, control = sys.argv[1:]
READY, FAIL = 0x9360, 0x9361

libc = ctypes.CDLL(None, use_errno=True)
os.setpgrp()  # who may look at it without waiting for himself
questions, answers = os.pipe()
options = f"fd={answers},pgrp={os.getpgrp()},minproto=5,maxproto=5,direct"
if libc.mount(b"auto", place.encode(), b"autofs", 0, options.encode()) < 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
root = os.open(place, os.O_RDONLY)
os.close(answers)
open(f"{control}/mounts", "w").close()

while question := os.read(questions, 4096):
    _, _, token = struct.unpack_from("=3I", question)
    while os.path.exists(f"{control}/hang"):
        open(f"{control}/asked", "w").close()
        time.sleep(0.02)
    mounted = libc.mount(b"tmpfs", place.encode(), b"tmpfs", 0, None) == 0
    fcntl.ioctl(root, READY if mounted else FAIL, token)
