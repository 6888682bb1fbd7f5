"""The same restarts without standbys and with them (restarts.standbys in nsunitd.conf), by turns, and what one takes of memory."""
import contextlib
import time

from host import Unavailable, attempt, kernel_memory, pids_of, pss, run, wait_for
from machine import configured

COUNT = 8  # for the container that is measured, and whatever else runs
ONE, NEIGHBOUR = "bench-net", "bench-neighbour"
TIMES = 2  # in each round
# Before each measurement: longer than it takes until the next standby is made, and for both the same.
REST_SECONDS = 0.3
CROWD = 50
CROWD_ROUNDS = 2
SETTLE_SECONDS = 3  # for what the kernel gives back later


def standbys(bench):
    nsunits = bench.sides["nsunits"]
    for _ in bench.turns("standbys", bench.rounds):
        lives(bench, nsunits, "without standbys")
        with kept_ready(COUNT):
            lives(bench, nsunits, "with standbys")
        if "floor" in bench.sides:
            floor_life(bench, bench.sides["floor"])
    with crowd(nsunits) as names:
        for _ in bench.turns("standbys, memory", 1 if bench.quick else min(bench.rounds, CROWD_ROUNDS)):
            memory(bench, [*names, NEIGHBOUR])


def kept_ready(count):
    return configured(f"restarts {{ standbys = {count} }}\n")


def ready():
    """Processes that wait to become a container's program. Until all is set up they have the manager's name."""
    return pids_of("nsunits-standby")


def of_unit(pid, name):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{pid}/cgroup", encoding="utf-8") as f:
        return f"/{name}.service" in f.read()
    return False


def of_one():
    return [pid for pid in ready() if of_unit(pid, ONE)]


def await_count(found, count):
    """How many processes @found is to find."""
    if not wait_for(lambda: len(found()) == count, 60):
        raise Unavailable(f"{len(found())} standbys are ready, and not {count}")


def main_process(name):
    return int(run("nsctl", "show", name, "-p", "MainPID", "--value"))


def lives(bench, nsunits, how):
    stamps, restart = nsunits.stamps("net"), nsunits.restart("net")
    run(*nsunits.start("net"))
    # The first one of a manager that was executed anew meets much that is cold; and only what it has launched has a standby.
    run(*restart)
    for _ in range(TIMES):
        one(bench, nsunits, f"killed to main(), published port, {how}", lambda pid: ("crash", stamps, str(pid)))
        one(bench, nsunits, f"restart to main(), published port, {how}", lambda _: ("start", stamps, *restart))
    run(*nsunits.stop("net"))


def one(bench, nsunits, case, arguments):
    """The process that waited is to be the one that runs then; where it is not, that is told beside the values."""
    wanted = case.endswith("with standbys")
    time.sleep(REST_SECONDS)
    await_count(of_one if wanted else ready, 1 if wanted else 0)
    waiting = of_one()
    bench.timed(case, nsunits, *arguments(main_process(ONE)))
    if wanted and main_process(ONE) not in waiting:
        bench.results.fail(case, nsunits.name, "not always by the standby")


def floor_life(bench, floor):
    """The least that is left to do for a process that was made ahead: an end, a byte in a pipe, an execve."""
    attempt(*floor.start("net"))
    for _ in range(TIMES):
        with floor.supervised("net", "ahead") as pid:
            time.sleep(REST_SECONDS)
            bench.timed("killed to main(), published port, with standbys", floor, "crash", floor.stamps("net"), str(pid))
    run(*floor.stop("net"))


# --- memory -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def crowd(nsunits):
    nsunits.crowd_prepare(CROWD)
    try:
        run(*nsunits.crowd_start_all(CROWD))
        yield [f"many-{number}" for number in range(1, CROWD + 1)]
    finally:
        run(*nsunits.crowd_stop_all(CROWD))
        nsunits.crowd_clean(CROWD)


def memory(bench, names):
    """Of one among many that are alike. Of the kernel's, what there is more than in the mean of before and afterwards."""
    count = len(names)
    before = settled_kernel_memory()
    with kept_ready(count):
        run("nsctl", "restart", *names)
        await_count(ready, count)
        kernel, own = settled_kernel_memory(), pss(ready())
    await_count(ready, 0)
    kernel -= (before + settled_kernel_memory()) / 2
    bench.results.add("memory of a standby", "KiB each", "nsunits", own / count)
    bench.results.add("kernel memory of a standby", "KiB each", "nsunits", kernel / count)


def settled_kernel_memory():
    time.sleep(SETTLE_SECONDS)
    return kernel_memory()
