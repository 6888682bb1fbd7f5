"""Runs the measurements; tests/bench/run has made the private namespaces and started the manager.

bench.py --work DIR [--rounds N] [--sides A,B] [--groups A,B] [--json FILE] [--compare FILE] [--chart FILE] [--quick]
"""
import argparse
import subprocess
import sys
import tempfile

import cases
import chart
import stats
from sides import SIDES, Unavailable


class Bench:
    def __init__(self, options):
        self.work = options.work
        self.rounds = options.rounds
        self.sizes = (1, 10, 100) if options.quick else (1, 10, 100, 1000)
        self.ports = (10, 1000) if options.quick else (10, 1000, 10000)
        self.idle_seconds = 5 if options.quick else 60
        self.results = stats.Results()
        self.sides = {}
        self.given_up = set()

    def prepare(self, names):
        for name in names:
            side = SIDES[name](self.work)
            try:
                side.prepare()
                self.sides[name] = side
            except (Unavailable, OSError, subprocess.TimeoutExpired) as e:
                side.clean()
                self.results.fail("prepare", name, str(e))

    def timed(self, case, side, *arguments):
        """One measurement of tests/bench/measure.c; milliseconds. False where it failed, which is told once."""
        # Payloads inherit where errors go: a pipe would stay open as long as they live.
        with tempfile.TemporaryFile("w+") as errors:
            try:
                done = subprocess.run(["measure", *arguments], stdout=subprocess.PIPE, stderr=errors, text=True, check=False, timeout=90)
            except subprocess.TimeoutExpired:
                self.results.fail(case, side.name, "no end within 90 s")
                return False
            if done.returncode != 0 or not done.stdout.strip():
                errors.seek(0)
                self.results.fail(case, side.name, (errors.read().strip().splitlines() or ["failed"])[-1])
                return False
        self.results.add(case, "ms", side.name, int(done.stdout) / 1e6)
        return True

    def give_up(self, side, kind):
        self.given_up.add((side.name, kind))

    def is_done(self, side, kind):
        return (side.name, kind) in self.given_up


def parse():
    p = argparse.ArgumentParser(description="Measure nsunits against its peers and a floor, in one run on this machine.")
    p.add_argument("--work", required=True)
    p.add_argument("--rounds", type=int, default=20)
    p.add_argument("--sides", default=",".join(SIDES))
    p.add_argument("--groups", default=",".join(cases.GROUPS))
    p.add_argument("--json", default="bench.json")
    p.add_argument("--compare")
    p.add_argument("--chart")
    p.add_argument("--quick", action="store_true", help="smaller sizes")
    return p.parse_args()


def main():
    options = parse()
    bench = Bench(options)
    names = [name for name in SIDES if name in options.sides.split(",")]
    bench.prepare(names)
    if "nsunits" not in bench.sides:
        sys.exit(f"nsunits cannot run here: {bench.results.failures}")
    try:
        for group in options.groups.split(","):
            cases.GROUPS[group](bench)
    finally:
        for side in bench.sides.values():
            side.clean()
    for line in stats.table(bench.results):
        print(line)
    stats.write(bench.results, options.json)
    print(f"written: {options.json}")
    if options.compare:
        for line in stats.comparison(bench.results, options.compare):
            print(line)
    if options.chart:
        chart.draw(bench.results, cases.CHART, options.chart)


if __name__ == "__main__":
    main()
