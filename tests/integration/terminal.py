"""Runs a command (a shell by `nsctl exec -it`) behind a pseudo terminal and types into it.

Exit status 0 when all is as it would be in a terminal window.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Terminal:
    def __init__(self, command):
        self.output = b""
        self.master, self.slave = pty.openpty()
        set_size(self.master, 33, 77)
        self.mode = termios.tcgetattr(self.slave)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.execvp(command[0], command)

    def wait_for(self, text, seconds=10):
        end = time.monotonic() + seconds
        while text not in self.output:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                sys.exit(f"no {text!r} in {self.output!r}")
            self.output += os.read(self.master, 4096)
        self.output = self.output.split(text, 1)[1]

    def type(self, text):
        os.write(self.master, text)


def main():
    t = Terminal(sys.argv[1:])
    t.wait_for(b"# ")
    t.type(b"echo size $(stty size 2>/dev/null || busybox stty size); echo term $TERM\n")
    t.wait_for(b"size 33 77")
    set_size(t.master, 40, 100)
    t.type(b"sleep 0.3; echo now $(stty size 2>/dev/null || busybox stty size)\n")
    t.wait_for(b"now 40 100")
    t.type(b"sleep 1000\n")
    t.wait_for(b"sleep 1000")
    time.sleep(0.2)
    t.type(b"\x03")
    t.type(b"echo interrupted $?\n")
    t.wait_for(b"interrupted 130")
    t.type(b"exit 7\n")
    _, status = os.waitpid(t.pid, 0)
    if os.waitstatus_to_exitcode(status) != 7:
        sys.exit(f"exit status {status:#x}")
    if termios.tcgetattr(t.slave) != t.mode:
        sys.exit("the terminal was not restored")


main()
