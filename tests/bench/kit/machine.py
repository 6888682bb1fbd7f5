"""What depends on the machine around: unit files that are read again, the host's mounts, descriptors and units beside a
start, and lines of logs.
"""
import contextlib
import ctypes
import os
import subprocess
import time

from host import ALL, Unavailable, attempt, cgroup_time, cpu_time, execute, pids_of, run, wait_for, write

UNITS = 1000
THINGS = 10000
LINES = 200000
MS_BIND = 4096
CONFIGURATION = "/etc/nsunits/nsunitd.conf"


def reload_units(bench):
    """daemon-reload with a thousand unit files of which none has changed, and with all changed."""
    nsunits = bench.sides["nsunits"]
    bench.results.note("reload of unit files", "podman", "4.3 has no unit files of its own; the others have none at all")
    with unit_files():
        for number in bench.turns("reload", bench.rounds):
            # Files that were written a moment ago may have been written again since, unseen: they are read once more.
            time.sleep(0.2)
            run("nsctl", "daemon-reload")
            bench.timed(f"reload of {UNITS:,} unit files, none changed", nsunits, "exit", "nsctl", "daemon-reload")
            write_units(f"in round {number}")
            bench.timed(f"reload of {UNITS:,} unit files, all changed", nsunits, "exit", "nsctl", "daemon-reload")
    run("nsctl", "daemon-reload")


def write_units(text):
    for number in range(UNITS):
        write(f"/etc/nsunits/file-{number}.container", f"[Unit]\nDescription=Number {number} {text}\n[Container]\nImage=bench\n"
              "Exec=/stamp\nEnvironment=A=1 B=2\nNetwork=none\n")


@contextlib.contextmanager
def unit_files():
    try:
        write_units("")
        yield
    finally:
        for number in range(UNITS):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"/etc/nsunits/file-{number}.container")


# --- nothing scales with the host ---------------------------------------------------------------------------


@contextlib.contextmanager
def loaded_units(bench):
    with unit_files():
        run("nsctl", "daemon-reload")
        yield
    run("nsctl", "daemon-reload")


@contextlib.contextmanager
def host_mounts(bench):
    """All below one mount, with which they go; by the system call, as mount(8) reads all others for each."""
    base = f"{bench.work}/mounts"
    os.makedirs(base, exist_ok=True)
    run("mount", "-t", "tmpfs", "tmpfs", base)
    try:
        os.mkdir(f"{base}/one")
        libc = ctypes.CDLL(None, use_errno=True)
        for number in range(THINGS):
            os.mkdir(f"{base}/{number}")
            if libc.mount(f"{base}/one".encode(), f"{base}/{number}".encode(), None, MS_BIND, None) < 0:
                raise OSError(ctypes.get_errno(), f"mount {number}")
        yield
    finally:
        run("umount", "-l", base)


@contextlib.contextmanager
def open_descriptors(bench):
    """A manager in the old one's place that has been given them, if it keeps them; containers stay as they are."""
    restart_manager(bench, f"ulimit -n $(ulimit -H -n); for ((i = 100; i < {THINGS + 100}; i++)); do eval \"exec $i</dev/null\"; done; ")
    try:
        count = len(os.listdir(f"/proc/{bench.sides['nsunits'].helpers()[0]}/fd"))
        if count < THINGS:
            raise Unavailable(f"the manager has {count} descriptors open, not {THINGS}: it closes what it doesn't know")
        yield
    finally:
        restart_manager(bench, "")


def restart_manager(bench, before):
    pid = pids_of("nsunitd")[0]
    os.kill(pid, 15)
    if not wait_for(lambda: not pids_of("nsunitd"), 30):
        raise Unavailable("the manager does not end")
    with open(f"{bench.work}/nsunitd.log", "a", encoding="utf-8") as log:
        subprocess.Popen(["bash", "-c", f"{before}exec nsunitd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=True,
                         start_new_session=True)
    if not wait_for(lambda: attempt("nsctl", "list", seconds=10), 60):
        raise Unavailable("the next manager does not answer")


@contextlib.contextmanager
def configured(text):
    """The manager with another nsunitd.conf, and as it was again afterwards; containers stay as they are."""
    try:
        write(CONFIGURATION, text)
        execute_anew()
        yield
    finally:
        os.unlink(CONFIGURATION)
        execute_anew()


def execute_anew():
    run("nsctl", "daemon-reexec")
    if not wait_for(lambda: attempt("nsctl", "list", seconds=10), 60):
        raise Unavailable("the manager that was executed anew does not answer")


SURROUNDINGS = {f"{THINGS:,} host mounts": host_mounts, f"{THINGS:,} open descriptors": open_descriptors,
                f"{UNITS:,} units": loaded_units}


def scale(bench):
    """Starts beside much and beside nothing by turns: half of those beside nothing before, half after."""
    for text, surroundings in SURROUNDINGS.items():
        bench.say(f"scale: {text}")
        with bench.noting_failure(f"start beside {text}", "nsunits"):
            starts(bench, f"start without {text}")
            with surroundings(bench):
                starts(bench, f"start beside {text}")
                starts(bench, f"start beside {text}")
            starts(bench, f"start without {text}")


def starts(bench, case):
    nsunits = bench.sides["nsunits"]
    for _ in range(bench.rounds):
        if bench.timed(case, nsunits, "start", nsunits.stamps("net"), *nsunits.start("net")):
            run(*nsunits.stop("net"))


# --- logs ---------------------------------------------------------------------------------------------------


def logs(bench):
    """Lines that a container writes into its log, and the processor time of all that takes part."""
    nsunits = bench.sides["nsunits"]
    nsunits.unit("talk", ["/stamp", "/stamps/talk", "lines", str(LINES)], "Network=none\n", service="Type=oneshot\n")
    write(f"{bench.work}/stamps/talk", "", 0o666)
    run("nsctl", "daemon-reload")
    talkers = {nsunits.name: (["nsctl", "start", "talk"], None)}
    for side in bench.sides.values():
        if side.unable.get("logs"):
            bench.results.note("log lines", side.name, side.unable["logs"])
        elif side is not nsunits:
            talkers[side.name] = ([*side.tool, "run", "-d", "--name", "talk", "--network=none", *side.options,
                                   f"--log-driver={side.log_driver}", "-v", f"{bench.work}/stamps:/stamps", "bench", "/stamp",
                                   "/stamps/talk", "lines", str(LINES)], [*side.tool, "wait", "talk"])
    for _ in bench.turns("logs", min(bench.rounds, 5)):
        for name, commands in talkers.items():
            with bench.noting_failure("log lines", name):
                talk(bench, bench.sides[name], *commands)


def talk(bench, side, start, wait):
    manager = cpu_time(side.helpers()[0]) if side.name == "nsunits" else 0
    everything = cgroup_time(ALL)
    status, seconds = execute(start, bench.limit)
    if status == 0 and wait:
        status, more = execute(wait, bench.limit)
        seconds += more
    everything = cgroup_time(ALL) - everything
    if wait:
        attempt(*side.tool, "rm", "-f", "talk")
    if status != 0:
        raise Unavailable("the container does not end well")
    bench.results.add("log lines, more is better", "1000/s", side.name, LINES / 1000 / seconds)
    bench.results.add(f"processor time for {LINES:,} log lines, payload and start included", "ms", side.name, everything * 1e3)
    if side.name == "nsunits":
        bench.results.add(f"manager's processor time for {LINES:,} log lines", "ms", side.name, (cpu_time(side.helpers()[0]) - manager) * 1e3)
