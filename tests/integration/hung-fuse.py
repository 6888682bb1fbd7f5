# hung-fuse.py PLACE CONTROL - a file system with one directory in it, /PLACE/d, that does not answer while
# CONTROL/hang exists. CONTROL/served says that it is there, CONTROL/asked that a question waits.
import ctypes
import os
import stat
import struct
import sys
import time

place, control = sys.argv[1:]
LOOKUP, FORGET, GETATTR, STATFS, RELEASE, INIT, OPENDIR = 1, 2, 3, 17, 18, 26, 27
READDIR, RELEASEDIR, ACCESS, INTERRUPT, BATCH_FORGET = 28, 29, 34, 36, 42
ENOENT, ENOSYS = 2, 38
ROOT, DIRECTORY = 1, 2

device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"hung", place.encode(), b"fuse.hung", 0, options.encode()) < 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")


def attributes(node):
    return struct.pack("=6Q10I", node, 0, 0, 0, 0, 0, 0, 0, 0, stat.S_IFDIR | 0o755, 2, 0, 0, 0, 4096, 0)


def answer(opcode, node, body):
    """Everything is forgotten at once, so that each look is a question."""
    if opcode == INIT:
        return 0, struct.pack("=4I2H2I2H8I", 7, 31, 0, 0, 0, 0, 4096, 0, 0, 0, *[0] * 8)
    if opcode == LOOKUP:
        if node != ROOT or body.split(b"\0")[0] != b"d":
            return ENOENT, b""
        return 0, struct.pack("=4Q2I", DIRECTORY, 0, 0, 0, 0, 0) + attributes(DIRECTORY)
    if opcode == GETATTR:
        return 0, struct.pack("=Q2I", 0, 0, 0) + attributes(node)
    if opcode == OPENDIR:
        return 0, struct.pack("=Q2I", 0, 0, 0)
    if opcode == STATFS:
        return 0, bytes(80)
    if opcode in (READDIR, RELEASE, RELEASEDIR, ACCESS):
        return 0, b""
    return ENOSYS, b""


while True:
    try:
        question = os.read(device, 1 << 20)
    except OSError as e:
        if e.errno == ENOENT:  # whoever asked has gone
            continue
        sys.exit(0)  # it is mounted no more
    _, opcode, unique, node = struct.unpack_from("=2I2Q", question)
    if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
        continue
    while os.path.exists(f"{control}/hang"):
        open(f"{control}/asked", "w").close()
        time.sleep(0.02)
    error, body = answer(opcode, node, question[40:])
    try:
        os.write(device, struct.pack("=IiQ", 16 + len(body), -error, unique) + body)
    except OSError:
        pass  # whoever asked has gone
    if opcode == INIT:
        open(f"{control}/served", "w").close()
