"""One container's life: start to main() and to its end, killed to the next main(), restart, stop.

Sides take turns within a round, so that a slow minute of the machine is everybody's.
"""
import os
import subprocess

from host import attempt
from sides import KINDS

WHOLE = ("none", "net")  # kinds whose whole life is measured; of the others the start alone


def life(bench):
    for side in bench.sides.values():
        for kind, why in side.unable.items():
            if kind in KINDS:
                bench.results.note(f"start to {'exit' if KINDS[kind].exits else 'main()'}, {KINDS[kind].text}", side.name, why)
    for _ in bench.turns("life", bench.rounds):
        for kind in KINDS.values():
            for side in bench.sides.values():
                if kind.name not in side.unable:
                    with bench.noting_failure(f"life, {kind.text}", side.name):
                        one_life(bench, side, kind)
        for side in bench.sides.values():
            made_and_started(bench, side)
    filter_install(bench)


def one_life(bench, side, kind):
    stamp = side.stamps(kind.name)
    if kind.exits:
        if not bench.timed(f"start to exit, {kind.text}", side, "exit", *side.start(kind.name)):
            bench.give_up(side, kind.name)
        return
    if not bench.timed(f"start to main(), {kind.text}", side, "start", stamp, *side.start(kind.name)):
        bench.give_up(side, kind.name)
        return
    if kind.name in WHOLE:
        with side.supervised(kind.name) as pid:
            if pid:
                bench.timed(f"killed to main(), {kind.text}", side, "crash", stamp, str(pid))
        restart = side.restart(kind.name)
        if restart:
            bench.timed(f"restart to main(), {kind.text}", side, "start", stamp, *restart)
        stopped = bench.timed(f"stop, {kind.text}", side, "exit", *side.stop(kind.name))
    else:
        stopped = attempt(*side.stop(kind.name), seconds=bench.limit)
    if not stopped:
        bench.give_up(side, kind.name)


def made_and_started(bench, side):
    """What has no definition beforehand: made and started by one command."""
    commands = side.run_command()
    if commands is None or "run" in side.unable:
        return
    started = bench.timed("run (made and started) to main(), published port", side, "start", side.stamps("run"), *commands[0])
    if not attempt(*commands[1], seconds=bench.limit) or not started:
        bench.give_up(side, "run")


def filter_install(bench):
    """What the kernel takes for our filter; see src/runtime/seccomp.c."""
    floor = bench.sides.get("floor")
    for _ in range(bench.rounds if floor else 0):
        done = subprocess.run([os.environ["BENCH_FLOOR"], "install"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            bench.results.add("install of the default seccomp filter", "us", "nsunits", int(done.stdout) / 1e3)
