"""The same restarts without standbys and with them (restarts.standbys in nsunitd.conf), by turns, and what one takes of memory."""
import contextlib
import time

from host import Unavailable, kernel_memory, pids_of, pss, run, wait_for
from machine import configured

COUNT = 8  # for the container that is measured, and its neighbour
ONE, RUNNING = "bench-net", 2
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
    with crowd(nsunits):
        for _ in bench.turns("standbys, memory", 1 if bench.quick else min(bench.rounds, CROWD_ROUNDS)):
            memory(bench)


def kept_ready(count):
    return configured(f"restarts {{ standbys = {count} }}\n")


def ready():
    """Processes that wait to become a container's program. Until all is set up they have the manager's name."""
    return pids_of("nsunits-standby")


def await_ready(count):
    if not wait_for(lambda: len(ready()) == count, 60):
        raise Unavailable(f"{len(ready())} standbys are ready, and not {count}")


def of_unit(pid, name):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{pid}/cgroup", encoding="utf-8") as f:
        return f"/{name}.service" in f.read()
    return False


def main_process(name):
    return int(run("nsctl", "show", name, "-p", "MainPID", "--value"))


def lives(bench, nsunits, how):
    stamps, restart = nsunits.stamps("net"), nsunits.restart("net")
    run(*nsunits.start("net"))
    # The first one of a manager that was executed anew meets much that is cold.
    run(*restart)
    for _ in range(TIMES):
        one(bench, nsunits, f"killed to main(), published port, {how}", lambda pid: ("crash", stamps, str(pid)))
        one(bench, nsunits, f"restart to main(), published port, {how}", lambda _: ("start", stamps, *restart))
    run(*nsunits.stop("net"))


def one(bench, nsunits, case, arguments):
    """The process that waited is to be the one that runs then; where it is not, that is told beside the values."""
    wanted = case.endswith("with standbys")
    time.sleep(REST_SECONDS)
    await_ready(RUNNING if wanted else 0)
    waiting = [pid for pid in ready() if of_unit(pid, ONE)]
    bench.timed(case, nsunits, *arguments(main_process(ONE)))
    if wanted and main_process(ONE) not in waiting:
        bench.results.fail(case, nsunits.name, "not always by the standby")


# --- memory -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def crowd(nsunits):
    nsunits.crowd_prepare(CROWD)
    try:
        run(*nsunits.crowd_start_all(CROWD))
        yield
    finally:
        run(*nsunits.crowd_stop_all(CROWD))
        nsunits.crowd_clean(CROWD)


def memory(bench):
    """Of one among many that are alike. Of the kernel's, what there is more than in the mean of before and afterwards."""
    count = CROWD + 1  # the neighbour
    before = settled_kernel_memory()
    with kept_ready(count):
        await_ready(count)
        kernel, own = settled_kernel_memory(), pss(ready())
    await_ready(0)
    kernel -= (before + settled_kernel_memory()) / 2
    bench.results.add("memory of a standby", "KiB each", "nsunits", own / count)
    bench.results.add("kernel memory of a standby", "KiB each", "nsunits", kernel / count)


def settled_kernel_memory():
    time.sleep(SETTLE_SECONDS)
    return kernel_memory()
