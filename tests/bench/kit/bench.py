"""Runs the measurements; tests/bench/run has made the private namespaces and started the manager.

bench.py --work DIR [--rounds N] [--sides A,B] [--groups A,B] [--limit SECONDS] [--json FILE] [--compare FILE]
         [--chart FILE] [--quick]
"""
import argparse
import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import chart
import goals
import life
import machine
import many
import network
import spares
import standbys
import stats
from host import Unavailable, execute
from peers import Crun, Docker, Lxc, Nspawn, Podman, Runc
from sides import Floor, Nsunits

SIDES = {side.name: side for side in (Nsunits, Floor, Crun, Runc, Podman, Docker, Nspawn, Lxc)}
# The longest last: an interrupt loses least.
GROUPS = {"life": life.life, "ports": network.ports, "traffic": network.traffic, "reload": machine.reload_units,
          "scale": machine.scale, "logs": machine.logs, "spares": spares.spares,
          "standbys": standbys.standbys, "many": many.many}
# What the chart for readers shows.
CHART = [f"{what}, {kind}" for what in ("start to main()", "restart to main()", "killed to main()", "stop")
         for kind in ("no network", "published port")]

# Seconds on an idle machine with two processors: of a round of one side, and of what comes once. For the estimate.
ROUND = {"nsunits": 0.4, "floor": 0.4, "crun": 0.4, "runc": 0.6, "podman": 4, "docker": 6, "systemd-nspawn": 0.6, "lxc": 0.4}
EACH_OF_A_CROWD = {"nsunits": 0.06, "floor": 0.06, "crun": 0.15, "runc": 0.3, "podman": 0.6, "docker": 0.9, "systemd-nspawn": 0.3, "lxc": 0.2}
GROUP = {"ports": (5, 2), "reload": (1, 0.3), "scale": (5, 1), "traffic": (10, 5), "logs": (2, 1.5), "spares": (3, 4),
         "standbys": (20, 5)}  # once, and a round
DISK = 3 << 30
# Whose large crowds are measured in every way, more than once; of the others' the start and the stop may take so long.
OWN = ("nsunits", "floor")
LARGE, LARGE_LIMIT = 100, 60
# Whose crowds --quick makes as large as the numbers to reach want them.
QUICK_CROWDS = ("nsunits", "floor", "podman")


class Bench:
    def __init__(self, options):
        self.work = options.work
        self.quick = options.quick
        self.rounds = options.rounds or (3 if options.quick else 20)
        self.limit = options.limit or (20 if options.quick else 300)
        self.sizes = (1, 10, 100) if options.quick else (1, 10, 100, 1000)
        self.ports = (10, 1000) if options.quick else (10, 1000, 10000)
        self.idle_seconds = 5 if options.quick else 60
        self.results = stats.Results()
        self.sides = {}
        self.durations = {}
        self.own = OWN

    def estimate(self, names, groups):
        """Seconds, on an idle machine."""
        seconds = 15 + 3 * len(names)
        if "life" in groups:
            seconds += self.rounds * sum(ROUND[name] for name in names)
        if "many" in groups:
            seconds += self.idle_seconds + sum(self.estimate_crowd(name, size) for name in names for size in self.sizes)
        return seconds + sum(once + round_ * self.rounds for group, (once, round_) in GROUP.items() if group in groups)

    def estimate_crowd(self, name, size):
        """All of it; of a large one of somebody else's one way of three."""
        if self.quick and size > 10 and name not in QUICK_CROWDS:
            return 0
        if size > LARGE and name not in OWN:
            return min(3 * LARGE_LIMIT, size * EACH_OF_A_CROWD[name] / 3)
        many_times = not self.quick and (size <= 10 or name in OWN and size <= LARGE)
        return min(3 * self.limit, size * EACH_OF_A_CROWD[name] * (3 if many_times else 1))

    def prepare(self, names):
        for name in names:
            self.say(f"prepare: {name}")
            side = SIDES[name](self.work)
            # It is in the list before, so that it is cleaned however this ends.
            self.sides[name] = side
            try:
                side.prepare()
            except (Unavailable, OSError, subprocess.SubprocessError) as e:
                del self.sides[name]
                side.clean()
                self.results.fail("prepare", name, str(e))

    @staticmethod
    def say(text):
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)

    def turns(self, what, rounds):
        for number in range(1, rounds + 1):
            self.say(f"{what}: round {number} of {rounds}")
            yield number

    def timed(self, case, side, *arguments):
        """One measurement of tests/bench/measure.c; milliseconds. False where it failed, which is told once."""
        # Payloads inherit where errors go: a pipe would stay open as long as they live.
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            status, _ = execute(["measure", *arguments], min(self.limit, 60), output, errors)
            if status is None:
                self.results.fail(case, side.name, f"no end within {min(self.limit, 60)} s")
                return False
            output.seek(0)
            errors.seek(0)
            said = output.read().strip()
            if status != 0 or not said:
                self.results.fail(case, side.name, (errors.read().strip().splitlines() or ["failed"])[-1])
                return False
        nanoseconds, microseconds = map(int, said.split())
        self.results.add(case, "ms", side.name, nanoseconds / 1e6)
        self.results.add(case + goals.PROCESSOR, "ms", side.name, microseconds / 1e3)
        return True

    @contextlib.contextmanager
    def noting_failure(self, case, name):
        """What fails here is told in the end, and is no reason to leave the rest."""
        try:
            yield
        except (Unavailable, OSError, KeyError, ValueError, IndexError, subprocess.SubprocessError) as e:
            self.results.fail(case, name, str(e))

    def give_up(self, side, what):
        side.unable.setdefault(what, "given up after a failure")

    def too_long(self, side, what, size):
        """By what fewer took: would so many take longer than the limit? Then that is told."""
        before, seconds = self.durations.get((side.name, what), (size, 0))
        if self.quick and size > 10 and side.name not in QUICK_CROWDS:
            self.results.note(f"{size:,} {what}", side.name, "not with --quick")
            return True
        limit = min(self.limit, LARGE_LIMIT) if self.is_large_peer(side, size) else self.limit
        if seconds * size / before <= limit:
            return False
        self.results.note(f"{size:,} {what}", side.name, f"given up: {before:,} took {seconds:.1f} s, and {limit} s is the limit")
        return True

    @staticmethod
    def is_large_peer(side, size):
        return size > LARGE and side.name not in OWN

    def took(self, side, what, size, seconds):
        self.durations[side.name, what] = (size, seconds)


def parse():
    p = argparse.ArgumentParser(prog="tests/bench/run", description="Measure nsunits against its peers and a floor, in one run on this machine.")
    p.add_argument("--work", required=True, help=argparse.SUPPRESS)
    p.add_argument("--rounds", type=int, help="of each measurement (20; 3 with --quick)")
    p.add_argument("--sides", default=",".join(SIDES), help="%(default)s")
    p.add_argument("--groups", default=",".join(GROUPS), help="%(default)s")
    p.add_argument("--limit", type=int, help="seconds after which a start or stop is given up (300; 20 with --quick)")
    p.add_argument("--json", default="bench.json", help="where everything is written (BUILD/bench.json)")
    p.add_argument("--compare", metavar="JSON", help="print what has changed against an earlier run")
    p.add_argument("--chart", metavar="SVG", help="draw the main values")
    p.add_argument("--quick", action="store_true", help="fewer rounds, smaller crowds: less than five minutes")
    options = p.parse_args()
    for what, known in (("sides", SIDES), ("groups", GROUPS)):
        unknown = set(getattr(options, what).split(",")) - set(known)
        if unknown:
            p.error(f"--{what}: there is no {', '.join(sorted(unknown))}")
    return options


def report(bench, options):
    for line in stats.table(bench.results):
        print(line)
    print()
    for line in goals.table(bench.results):
        print(line)
    stats.write(bench.results, options.json, goals=[verdict.to_json() for verdict in goals.judge(bench.results)])
    print(f"written: {options.json}")
    if options.compare:
        for line in stats.comparison(bench.results, options.compare):
            print(line)
    if options.chart:
        chart.draw(bench.results, CHART, options.chart)


def interrupted(number, frame):
    raise KeyboardInterrupt


def main():
    options = parse()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)
    bench = Bench(options)
    names = [name for name in SIDES if name in options.sides.split(",") or name == "nsunits"]
    groups = [name for name in GROUPS if name in options.groups.split(",")]
    if shutil.disk_usage(options.work).free < DISK:
        sys.exit(f"{options.work}: less than {DISK >> 30} GiB are free")
    bench.say(f"about {max(1, round(bench.estimate(names, groups) / 60))} minutes on an idle machine, at most {DISK >> 30} GiB of disk")
    status = 0
    try:
        bench.prepare(names)
        if "nsunits" not in bench.sides:
            sys.exit(f"nsunits cannot run here: {bench.results.failures}")
        many.base(bench)
        for group in groups:
            with bench.noting_failure(f"group {group}", "nsunits"):
                GROUPS[group](bench)
    except KeyboardInterrupt:
        bench.say("interrupted: this is what there is")
        status = 130
    finally:
        for side in bench.sides.values():
            side.clean()
    report(bench, options)
    sys.exit(status)


if __name__ == "__main__":
    main()
