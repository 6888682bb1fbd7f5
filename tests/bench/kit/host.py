"""What the kit asks of this machine: commands that end, processes, memory, processor time."""
import contextlib
import os
import signal
import subprocess
import time


ALL = "/sys/fs/cgroup"  # of the cgroup namespace: all sides, and the kit


class Unavailable(Exception):
    """Something that this machine can't do, with the reason."""


def run(*argv, seconds=120, **options):
    """Standard output of a command that has to succeed."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=seconds, **options)
    except subprocess.TimeoutExpired as e:
        raise Unavailable(f"{argv[0]} {argv[1] if len(argv) > 1 else ''}: no end within {seconds} s") from e
    if done.returncode != 0:
        # The first line often has the reason, the last one often the place.
        said = (done.stderr or done.stdout).strip().splitlines() or [str(done.returncode)]
        raise Unavailable(f"{argv[0]} {argv[1] if len(argv) > 1 else ''}: {' ... '.join(dict.fromkeys((said[0], said[-1])))}")
    return done.stdout.strip()


def attempt(*argv, seconds=120):
    """The same for what may fail: nothing of it is kept, so that what it leaves running holds no pipe of ours."""
    return execute(argv, seconds)[0] == 0


def execute(argv, seconds, output=subprocess.DEVNULL, errors=subprocess.DEVNULL, cgroup=None):
    """Runs a command in a session of its own: (exit status, or None where it took too long and was killed; seconds)."""
    join = None
    if cgroup:
        def join():
            with open(f"{cgroup}/cgroup.procs", "w", encoding="utf-8") as f:
                f.write("0")
    begin = time.monotonic()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, text=True, start_new_session=True,
                          preexec_fn=join) as process:
        try:
            status = process.wait(seconds)
        except BaseException as e:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(e, subprocess.TimeoutExpired):
                raise
            status = None
        return status, time.monotonic() - begin


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


def lines(path):
    with open(path, "rb") as f:
        return f.read().count(b"\n")


def pss(pids):
    """KiB of memory that the processes have for themselves, shared pages by their share."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total


def settled_pss(pids):
    """The same once it has stopped to change: allocators give back what they don't need a moment later."""
    last = None
    for _ in range(10):
        now = pss(pids)
        if now == last:
            break
        last = now
        time.sleep(1)
    return now


def meminfo(*keys):
    """KiB; of several lines together."""
    with open("/proc/meminfo", encoding="utf-8") as f:
        return sum(int(line.split()[1]) for line in f if line.split(":")[0] in keys)


def kernel_memory():
    return meminfo("Slab", "KernelStack", "PageTables", "Percpu")


def cpu_time(pid):
    """Seconds of processor time, user and kernel."""
    with open(f"/proc/{pid}/schedstat", encoding="utf-8") as f:
        return int(f.read().split()[0]) / 1e9


def cgroup_time(cgroup):
    """The same of all that ever ran in a cgroup: seconds."""
    with open(f"{cgroup}/cpu.stat", encoding="utf-8") as f:
        return int(f.readline().split()[1]) / 1e6


def pids_of(name):
    """Processes of that name, in this namespace."""
    return [int(pid) for pid in subprocess.run(["pgrep", "-x", name], capture_output=True, text=True, check=False).stdout.split()]


def pids_with(argument):
    """Processes that were given @argument, or any of which it is the beginning."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as f:
            if any(word.startswith(argument.encode()) for word in f.read().split(b"\0")):
                yield int(name)
