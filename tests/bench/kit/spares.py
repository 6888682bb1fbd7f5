"""The same starts without spare namespaces and with them (spare-namespaces in nsunitd.conf), by turns."""
import contextlib
import os

from host import Unavailable, pids_of, run, wait_for
from machine import configured
from many import start_and_stop

CROWD = 100
COUNT = 110  # for all of them, and the others
ROUNDS = 10


def spares(bench):
    nsunits = bench.sides["nsunits"]
    nsunits.crowd_prepare(CROWD)
    try:
        for _ in bench.turns("spares", min(bench.rounds, ROUNDS)):
            starts(bench, nsunits, "without spare namespaces", 0)
            with configured(f"network {{ spare-namespaces = {COUNT} }}\n"):
                starts(bench, nsunits, "with spare namespaces", COUNT)
    finally:
        nsunits.crowd_clean(CROWD)


def ready():
    """Network namespaces that the manager has descriptors of, and no unit."""
    directory = f"/proc/{pids_of('nsunitd')[0]}/fd"
    found = set()
    for name in os.listdir(directory):
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f"{directory}/{name}"))
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        found -= {line.split()[3] for line in mounts}
    return sum(1 for link in found - {os.readlink("/proc/self/ns/net")} if link.startswith("net:"))


def await_ready(count):
    if not wait_for(lambda: ready() == count, 60):
        raise Unavailable(f"{ready()} network namespaces are ready, and not {count}")


def starts(bench, nsunits, how, count):
    start, (made, removed) = nsunits.start("net"), nsunits.run_command()
    # The first one of a manager that was executed anew meets much that is cold.
    run(*start)
    run(*nsunits.stop("net"))
    for what, kind, command, end in (("start", "net", start, nsunits.stop("net")), ("run (made and started)", "run", made, removed)):
        await_ready(count)
        bench.timed(f"{what} to main(), published port, {how}", nsunits, "start", nsunits.stamps(kind), *command)
        run(*end)
    await_ready(count)
    start_and_stop(bench, nsunits, CROWD, (f"by one command, {how}", nsunits.crowd_start_all(CROWD), 0), None)
