"""What is measured, in numbers: medians with their spread, ratios, and JSON to compare with an earlier run."""
import json
import os
import statistics


class Series:
    """The values of one case on one side, all in the case's unit."""

    def __init__(self, values):
        self.values = sorted(values)

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def spread(self):
        return self.values[0], self.values[-1]

    def to_json(self):
        low, high = self.spread
        return {"median": self.median, "min": low, "max": high, "rounds": len(self.values)}


class Results:
    """Everything that a run has measured: per case and side one series, and what could not be measured."""

    def __init__(self):
        self.values = {}
        self.units = {}
        self.failures = {}
        self.notes = {}

    def add(self, case, unit, side, value):
        self.units[case] = unit
        self.values.setdefault(case, {}).setdefault(side, []).append(value)

    def fail(self, case, side, why):
        """Something went wrong; the first word about it is kept."""
        self.failures.setdefault((case, side), why)

    def note(self, case, side, why):
        """A side has no such thing."""
        self.notes.setdefault((case, side), why)

    def series(self, case):
        return {side: Series(values) for side, values in self.values.get(case, {}).items()}

    def cases(self):
        return list(self.values)

    def to_json(self):
        return {
            "kernel": os.uname().release,
            "cpus": os.cpu_count(),
            "cases": {
                case: {"unit": self.units[case], "sides": {side: s.to_json() for side, s in self.series(case).items()}}
                for case in self.cases()
            },
            "not_measured": [{"case": case, "side": side, "why": why}
                             for missing in (self.failures, self.notes) for (case, side), why in missing.items()],
        }


def ratio(own, other):
    """What ours is of another's, for people; nothing where one of them is nothing."""
    if other == 0 or own == 0:
        return ""
    return f"{own / other:.2f} x" if own >= other / 10 else f"1/{other / own:.0f}"


def table(results):
    """Lines: a case, a side, the median, its spread, and what our value is of that side's."""
    yield f"{'case':64} {'side':15} {'median':>10} {'min .. max':>23} {'n':>4}  nsunits is"
    for case in results.cases():
        series = results.series(case)
        own = series.get("nsunits")
        for side, s in series.items():
            low, high = s.spread
            against = ratio(own.median, s.median) if own and side != "nsunits" else ""
            yield (f"{case + ' [' + results.units[case] + ']':64} {side:15} {s.median:10.3f}"
                   f" {f'{low:.3f} .. {high:.3f}':>23} {len(s.values):4}  {against}".rstrip())
    for word, missing in (("cannot", results.notes), ("failed", results.failures)):
        for (case, side), why in missing.items():
            yield f"# {word}: {case}, {side}: {why}"


def write(results, path, **more):
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump({**results.to_json(), **more}, f, indent=2)
        f.write("\n")
    os.replace(path + ".new", path)


def comparison(results, path):
    """Lines: what has changed against the run in @path. Machines differ: ratios to the floor, where there is one."""
    with open(path, encoding="utf-8") as f:
        before = json.load(f)["cases"]
    yield f"against {path}: a value of nsunits divided by the floor's (or as it is), then and now"
    for case in results.cases():
        series = results.series(case)
        then = before.get(case, {}).get("sides", {})
        if "nsunits" not in series or "nsunits" not in then:
            continue
        now_value, then_value = series["nsunits"].median, then["nsunits"]["median"]
        if "floor" in series and "floor" in then and series["floor"].median and then["floor"]["median"]:
            now_value /= series["floor"].median
            then_value /= then["floor"]["median"]
        change = f"{(now_value / then_value - 1) * 100:+7.1f} %" if then_value else ""
        yield f"{case:64} {then_value:10.3f} {now_value:10.3f} {change}".rstrip()
