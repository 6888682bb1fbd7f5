"""The numbers that nsunits is to reach, each looked up in the same run: reached or missed, and by how much.

A goal is a value of nsunits and the most that it may be: a number, or a part of another value of this run.
"""
from typing import NamedTuple

PROCESSOR = ": processor"  # of a case: what it took of the processors
NET, NONE = "published port", "no network"


class Goal(NamedTuple):
    case: str  # of nsunits
    most: float
    unit: str = ""  # of a number; of a multiple there is none
    of_side: str = None  # most is a multiple of this side's value ...
    of_case: str = None  # ... in this case, if it isn't the same
    at_least: bool = False  # of values of which more is better: the least

    @property
    def text(self):
        if self.of_side is None:
            return f"{self.most:g} {self.unit}"
        part = f"1/{1 / self.most:g}" if self.most <= 0.1 else f"{self.most:.3g} x"
        where = f", {self.of_case}" if self.of_case else ""
        return f"{part} of {self.of_side}{where}"


# As nsunits is without a configuration, unless the name of a case says something else.
GOALS = (
    Goal(f"start to main(), {NET}", 1.25, of_side="floor"),
    Goal(f"start to main(), {NET}", 0.4, of_side="crun", of_case=f"start to main(), {NONE}"),
    Goal(f"start to main(), {NET}", 1 / 40, of_side="podman", of_case=f"run (made and started) to main(), {NET}"),
    Goal(f"restart to main(), {NET}", 0.4, "ms"),
    Goal(f"restart to main(), {NET}", 1 / 100, of_side="podman"),
    Goal(f"restart to main(), {NET}, with standbys", 0.4, "ms"),
    Goal(f"restart to main(), {NET}, with standbys", 1 / 100, of_side="podman", of_case=f"restart to main(), {NET}"),
    Goal(f"killed to main(), {NET}", 1.3, of_side="nsunits", of_case=f"restart to main(), {NET}"),
    Goal(f"killed to main(), {NET}", 1 / 50, of_side="docker"),
    Goal(f"stop, {NET}", 1 / 20, of_side="podman"),
    Goal(f"stop, {NONE}", 1, of_side="crun"),
    Goal("100 started by one command", 1 / 15, of_side="podman"),
    Goal("100 life cycles by one command", 1 / 1.3, of_side="floor", at_least=True),
    Goal("memory beside the payload, 1,000", 8, "KiB each"),
    Goal("resident, with one container", 4096, "KiB"),
    Goal("list of 1,000", 10, "ms"),
    Goal("status of one of 1,000", 5, "ms"),
    Goal("manager's processor time per idle minute, 1,000", 1, "ms"),
    Goal("install of the default seccomp filter", 60, "us"),
    Goal("start beside 10,000 host mounts", 1.1, of_side="nsunits", of_case="start without 10,000 host mounts"),
    Goal("start beside 10,000 open descriptors", 1.1, of_side="nsunits", of_case="start without 10,000 open descriptors"),
    Goal("start beside 1,000 units", 1.1, of_side="nsunits", of_case="start without 1,000 units"),
    Goal("start with a port beside 10,000", 1.1, of_side="nsunits", of_case="start with a port beside 10"),
)


class Verdict(NamedTuple):
    goal: Goal
    value: float = None  # None: not measured
    limit: float = None
    processor_share: float = None  # the same by processor time: for a busy machine

    @property
    def reached(self):
        if self.value is None or self.limit is None:
            return None
        return self.value >= self.limit if self.goal.at_least else self.value <= self.limit

    @property
    def word(self):
        return {None: "not measured", True: "reached", False: "missed"}[self.reached]

    @property
    def share(self):
        """What the value is of the limit; missed above 1, or below it where more is better."""
        return self.value / self.limit if self.reached is not None and self.limit else None

    def to_json(self):
        return {"case": self.goal.case, "at_least" if self.goal.at_least else "at_most": self.goal.text, "value": self.value,
                "limit": self.limit, "result": self.word, "of_limit_by_processor_time": self.processor_share}


def judge(results, goals=GOALS):
    """A verdict on each of the goals."""
    for goal in goals:
        series = results.series(goal.case)
        if "nsunits" not in series:
            yield Verdict(goal)
            continue
        limit, share = goal.most, None
        if goal.of_side is not None:
            limit = limit_of(results, goal)
            processor = limit_of(results, goal, PROCESSOR)
            used = results.series(goal.case + PROCESSOR).get("nsunits")
            share = used.median / processor if used and processor else None
        yield Verdict(goal, series["nsunits"].median, limit, share)


def limit_of(results, goal, suffix=""):
    other = results.series((goal.of_case or goal.case) + suffix).get(goal.of_side)
    return goal.most * other.median if other else None


def table(results, goals=GOALS):
    """Lines: what is wanted, what it is, and whether that is enough."""
    yield f"{'number to reach':54} {'that is':>10} {'it is':>10} {'':12} {'of limit':>8} {'processor':>9}  wanted"
    for v in judge(results, goals):
        unit = results.units.get(v.goal.case, v.goal.unit)
        what = f"{v.goal.case} [{unit}]" if unit else v.goal.case
        limit, value = ("" if number is None else f"{number:.3f}" for number in (v.limit, v.value))
        share, processor = ("" if number is None else f"{number:.2f} x" for number in (v.share, v.processor_share))
        yield f"{what:54} {limit:>10} {value:>10} {v.word:12} {share:>8} {processor:>9}  at {'least' if v.goal.at_least else 'most'} {v.goal.text}"
