"""Replays recorded scenarios of systemd: state.py CASES ROOT PAYLOAD [NAME...]

Each .service of a case becomes a .container of the same name that runs the payload; the steps are given to nsctl.
Compared is what the units have become, how often they were started, and what was said to the verbs.
"""
import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import time

UNITS = "/etc/nsunits/"
RECORDS = "/run/o/"  # what the payload writes
AT_ONCE = 40
# A state that is to last is looked at no sooner; one that has yet to come is waited for.
LAST_AT_LEAST, COME_WITHIN = 1.6, 12.0
# Events that followed one another this closely may have changed places.
TOGETHER_MS = 200

# Keys of [Service] that [Container] has under another name.
CONTAINER_KEYS = {"ExecStart": "Exec", "User": "User", "WorkingDirectory": "WorkingDir"}
HOOKS = ("ExecCondition", "ExecStartPre", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost")

# Where we differ on purpose: part of the case's name, part of what is compared ("" = some of it), reason.
DIFFERENCES = [
    ("a3-forking-", "", "there are no forking services among containers"),
    ("a1-on-failure-200-chdir", "", "a working directory that is missing is made"),
    ("a1-always-200-chdir", "", "a working directory that is missing is made"),
    ("a5-oneshot-noexec", "", "Quadlet takes a file with Rootfs= and without Exec=; the start fails"),
    ("a6-kill-process", "", "Quadlet takes no KillMode= but mixed and control-group"),
    ("a6-kill-none", "", "Quadlet takes no KillMode= but mixed and control-group"),
    ("a7-requires-missing", "", "a name with .service and without a file of ours is a service of the host's"),
    ("a7-dep-dir-wants", "UnitFileState", "what [Install] says is enabled; a link in NAME.wants only pulls in"),
    ("a7-before", "event_order", "the units of one call are one transaction: their order is kept"),
    ("--ignored-203", "", "Exec= has no marks: - begins the name of a program"),
    ("-startpost-fails", ".runs", "ExecStartPost= may have failed before the program has written anything"),
    *((f"a4-{case}0-always", part, "the stop may meet it while it fails, as well as while it waits")
      for case in ("burst", "interval") for part in (".ActiveState", ".SubState", ".is-")),
    ("", "out_has", "status has our words"),
    ("", "stderr", "messages have our words"),
]
# How often something is started again within a time that was recorded on another machine, and with a start that
# costs more: at least so often.
OFTEN = ("a4-burst0-always", "a4-interval0-always", "a4-slow-never-hits")


def container_of(unit):
    return unit.replace(".service", ".container")


def needs_init(lines):
    """A first process dies of no signal of its own. An init does it justice, but cannot end with a status above 128
    that means no signal."""
    runs = [line.split() for line in lines if line.startswith("ExecStart=/oracle/bin/x")]
    return bool(runs) and not any(words[2].startswith("exit:") and int(words[2][5:]) > 128 for words in runs)


def translate(text, root, payload):
    lines = text.splitlines()
    sections = {"[Unit]": [], "[Service]": [], "[Install]": [], "[Container]": []}
    section = None
    for line in lines:
        key, _, value = line.partition("=")
        if line in sections:
            section = sections[line]
        elif key in CONTAINER_KEYS:
            sections["[Container]"].append(f"{CONTAINER_KEYS[key]}={value.replace('/oracle/bin/x', '/x')}")
        elif key in HOOKS:
            section.append(line.replace("/oracle/bin/x", payload))
        elif line:
            section.append(line)
        if key == "Environment":
            sections["[Container]"].append(line)
    sections["[Container]"] += [f"Rootfs={root}", f"Volume={RECORDS}:{RECORDS}", "Network=none", "UserNS=host"]
    if "Type=notify" in lines:
        sections["[Container]"].append("Notify=yes")
    if needs_init(lines):
        sections["[Container]"].append("RunInit=yes")
    return "\n".join(f"{title}\n" + "\n".join(keys) for title, keys in sections.items() if keys) + "\n"


def write_units(case, root, payload):
    for name, text in case["units"].items():
        path = UNITS + container_of(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if text is None:
            os.symlink("/dev/null", path)
        elif text.startswith("->"):
            os.symlink(container_of(text[2:]), path)
        else:
            with open(path, "w", encoding="utf-8") as f:
                f.write(translate(text, root, payload))


def nsctl(*words):
    p = subprocess.run(["nsctl", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True, timeout=120, check=False)
    return p.returncode, p.stdout.strip(), p.stderr.strip()


def properties(unit):
    shown = nsctl("show", unit)[1]
    return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)


def processes(name, how):
    """Of payloads that were started as NAME HOW; an init that runs one bears its words, too."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as f:
                words = f.read().split("\0")
        except OSError:
            continue
        if len(words) > 2 and words[0].endswith("x") and words[1:3] == [name, how]:
            found.append(int(pid))
    return found


def events():
    """By the name of who has written them: (milliseconds, name, event)."""
    found = {}
    try:
        with open(RECORDS + "log", encoding="utf-8") as f:
            for line in f:
                ms, name, event = line.split(" ", 2)
                found.setdefault(name, []).append((int(ms), name, event.strip()))
    except FileNotFoundError:
        pass
    return found


def runs(unit):
    try:
        with open(RECORDS + unit.rsplit(".", 1)[0] + ".count", encoding="utf-8") as f:
            return int(f.read() or 0)
    except FileNotFoundError:
        return 0


def do_step(words):
    """Returns what may be compared, by the name that the cases have for it."""
    verb, arguments = words[0], [container_of(w) for w in words[1:]]
    if verb == "sleep":
        time.sleep(float(words[1]))
        return {}
    if verb == "show":
        return {"state." + k: v for k, v in properties(arguments[0]).items()}
    if verb in ("pgrep", "pkill"):
        pids = processes(*words[1].split())
        for pid in pids if verb == "pkill" else []:
            os.kill(pid, signal.SIGKILL)
        return {"rc": 0 if pids else 1, "survivors": len(pids) if verb == "pgrep" else 0}
    rc, out, err = nsctl(verb, *arguments)
    return {"rc": rc, "out": out, "stderr": err, "out_first": out.split("\n", 1)[0], "out_has": out}


def final_of(unit):
    name = container_of(unit)
    is_active, is_failed = nsctl("is-active", name), nsctl("is-failed", name)
    return properties(name) | {
        "is-active": [is_active[0], is_active[1]],
        "is-failed": [is_failed[0], is_failed[1]],
        "status_rc": nsctl("status", name)[0],
        "runs": runs(unit),
    }


def events_as(expected, case_names):
    """The events as they are expected, when they are those and in that order as far as one can tell."""
    found = sorted(e for name, own in events().items() if name in case_names for e in own)
    seen = [[name, event] for _, name, event in found]
    # The record goes on to the stop of all units.
    ends = len(found) == len(expected) - 1 and expected[-1][1] == "got-SIGTERM"
    if sorted(seen) != sorted(expected[:-1] if ends else expected):
        return seen
    # Which of several equal events each is, is told by their order alone.
    places = {}
    for i, e in enumerate(expected):
        places.setdefault(tuple(e), []).append(i)
    order = [(ms, places[(name, event)].pop(0)) for ms, name, event in found]
    for i, (ms, place) in enumerate(order):
        if any(later < place and later_ms - ms > TOGETHER_MS for later_ms, later in order[i + 1:]):
            return seen
    return expected


def explained(case, what):
    for name, part, reason in DIFFERENCES:
        if part and name in case["id"] and part in what:
            return reason
    return None


def left_out(case):
    for name, part, reason in DIFFERENCES:
        if not part and name in case["id"]:
            return reason
    return None


def equal(expected, actual):
    # The cases' files lie in /run, ours in /etc.
    return str(expected).replace("-runtime", "") == str(actual)


def at_least(expected, actual):
    if isinstance(expected, list):
        return actual[:len(expected)] == expected
    return int(actual) >= int(expected)


class Replay:
    """One case: its steps done, then looked at until it is as it should be or time is up."""

    def __init__(self, case):
        self.case = case
        self.wrong = []
        self.explained = set()
        recorded = case["expect"]
        self.steps = {}
        for key, value in recorded.items():
            if key.startswith("steps."):
                _, n, what = key.split(".", 2)
                self.steps.setdefault(int(n), {})[what] = value
        self.names = {w for text in case["units"].values() for w in self.names_in(text or "")}

    @staticmethod
    def names_in(text):
        for line in text.splitlines():
            words = line.split()
            for i, word in enumerate(words[:-1]):
                if word.endswith("/oracle/bin/x"):
                    yield from (words[i + 1], words[i + 1] + "-child")

    def versions(self):
        """What is expected, once per version of systemd that was recorded."""
        differing = self.case.get("by_version", {})
        for version in sorted({v for values in differing.values() for v in values}) or [None]:
            yield self.case["expect"] | {k: v[version] for k, v in differing.items() if v.get(version) is not None}

    def differ(self, what, expected, actual, into):
        reason = explained(self.case, what)
        if reason:
            self.explained.add(reason)
        else:
            into.append(f"{what}: expected {expected!r}, is {actual!r}")

    def run_steps(self):
        for n in sorted(self.steps):
            step = self.steps[n]
            words = step["cmd"]
            result = do_step(words)
            for what, expected in step.items():
                if what == "cmd":
                    continue
                actual = result.get(what)
                if what == "out_first":
                    expected = container_of(expected.replace("/run/systemd/system/", UNITS))
                if not equal(expected, actual):
                    self.differ(f"step {n}, {words[0]}.{what}", expected, actual, self.wrong)

    def look(self):
        units = {k.split(".", 1)[1].rsplit(".", 1)[0] for k in self.case["expect"] if k.startswith("final.")}
        seen = {unit: final_of(unit) for unit in units}
        best = None
        for expect in self.versions():
            wrong = []
            for key, expected in expect.items():
                if key == "event_order":
                    actual = events_as(expected, self.names)
                elif key.startswith("final."):
                    unit, prop = key.split(".", 1)[1].rsplit(".", 1)
                    actual = seen[unit].get(prop)
                else:
                    continue
                often = self.case["id"] in OFTEN and key.rsplit(".", 1)[-1] in ("NRestarts", "runs", "event_order")
                if not (at_least if often else equal)(expected, actual):
                    self.differ(key, expected, actual, wrong)
            if best is None or len(wrong) < len(best):
                best = wrong
        return best

    def run(self):
        begin = time.monotonic()
        self.run_steps()
        done = time.monotonic()
        time.sleep(max(0.0, LAST_AT_LEAST - (done - begin)))
        wrong = self.look()
        while wrong and not left_out(self.case) and not self.wrong and time.monotonic() - done < COME_WITHIN:
            time.sleep(0.4)
            wrong = self.look()
        self.wrong += wrong

    def clean(self):
        names = [container_of(n) for n in self.case["units"] if "/" not in n]
        nsctl("stop", "--no-block", *names)
        nsctl("kill", "-s", "KILL", *names)


def replay(case):
    r = Replay(case)
    try:
        r.run()
        r.clean()
    except (OSError, subprocess.SubprocessError, KeyError, ValueError) as e:
        r.wrong.append(f"the replay broke off: {e!r}")
    return r


def replay_alone(case):
    """On a machine that has too much to do, what was recorded within seconds may take longer: nothing else runs now."""
    names = [container_of(n) for n in case["units"] if "/" not in n]
    nsctl("stop", *names)
    nsctl("reset-failed", *names)
    for name in os.listdir(RECORDS):
        os.unlink(RECORDS + name)
    return replay(case)


def main():
    path, root, payload, *wanted = sys.argv[1:]
    with open(path, encoding="utf-8") as f:
        cases = json.load(f)["cases"]
    cases = [c for c in cases if not wanted or c["id"].startswith(tuple(wanted))]
    for case in cases:
        write_units(case, root, payload)
    nsctl("daemon-reload")

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        replays = list(pool.map(replay, cases))
    failed, counted = 0, {}
    for case, r in zip(cases, replays):
        reason = left_out(case)
        if r.wrong and not reason:
            first, r = r, replay_alone(case)
            print(f"# {case['id']} again, alone, because of: {first.wrong[0]}")
        if reason:
            # A difference that is none any more has to go from the table.
            bad = not r.wrong
            counted[reason] = counted.get(reason, 0) + 1
            print(f"{'not ok' if bad else 'ok'} - {case['id']} differs: {reason}")
        else:
            bad = bool(r.wrong)
            print(f"{'not ok' if bad else 'ok'} - {case['id']}")
            for line in r.wrong:
                print(f"#   {line}")
        failed += bad
    for reason, n in counted.items():
        print(f"# {n} cases: {reason}")
    return 1 if failed else 0


sys.exit(main())
