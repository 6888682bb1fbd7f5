"""Many containers at once: starts one after another, by several commands at a time, by one command; what they cost in
memory, what answers cost while they are there, and what nothing at all costs.
"""
import os
import socket
import subprocess
import tempfile
import time

from goals import PROCESSOR
from host import (ALL, Unavailable, cgroup_time, cpu_time, execute, kernel_memory, lines, meminfo, pids_with, pss, run, settled_pss,
                  wait_for, write)
from machine import restart_manager

AT_A_TIME = 4
# How often a crowd is started and stopped in each way, at the most: the first time meets much that is cold.
TIMES = {1: 5, 10: 3, 100: 3}
ENOUGH = 100  # containers for questions about them, and so that a rate means something
SETTLE_SECONDS = 15  # longer than whatever looks every few seconds whether there is still something to do
# What containers 1 to N of a side may take at the most, in KiB each, with what is on disk or in memory for them.
KIB_EACH = 6000


def many(bench):
    for side in bench.sides.values():
        if not side.crowd_network:
            bench.results.note("many containers", side.name, "no network in its crowd: it does less than the others")
        if "answers" in side.unable:
            bench.results.note("list, status", side.name, side.unable["answers"])
    for size in bench.sizes:
        for side in bench.sides.values():
            if "many" in side.unable:
                continue
            if meminfo("MemAvailable") < size * KIB_EACH:
                bench.results.note(f"{size:,} containers", side.name, "given up: not enough memory")
            elif not bench.too_long(side, "prepared", size):
                bench.say(f"many: {size:,} of {side.name}")
                crowd(bench, side, size)


def base(bench):
    """Of a manager that has just begun, and of the others' helpers: there is only the neighbour."""
    for side in bench.sides.values():
        helpers = side.helpers()
        if helpers:
            bench.results.add("resident, with one container", "KiB", side.name, settled_pss(helpers))


def ways_of(bench, side, size):
    """How they are started: (words, one command for all or None, how many commands at a time), the best first."""
    ways = [("by one command", side.crowd_start_all(size), 0), (f"by {AT_A_TIME} commands at a time", None, AT_A_TIME),
            ("one after another", None, 1)]
    ways = [way for way in ways if way[1] or way[2]]
    # Of the large crowds of others nothing is to be learnt but what the best way takes, and what memory.
    if bench.is_large_peer(side, size):
        ways = ways[:1]
    return [way for way in ways if not bench.too_long(side, f"started {way[0]}", size)]


def times_of(bench, side, size):
    """How often each way: the slow ones once, where it takes them long."""
    if bench.quick or (size > 10 and side.name not in bench.own):
        return 1
    return min(bench.rounds, TIMES.get(size, 1))


def crowd(bench, side, size):
    """All that is measured of one side at one size. After a failure the other ways would meet what it has left."""
    ways = ways_of(bench, side, size)
    if not ways:
        return
    case = f"{size:,} prepared"
    try:
        if side.name == "nsunits":
            # Its heap has seen other groups, and what it gave back there would hide what these containers take.
            restart_manager(bench, "")
        # A unit that is loaded is a part of what a container takes.
        helpers = settled_pss(side.helpers())
        begin = time.monotonic()
        side.crowd_prepare(size)
        bench.took(side, "prepared", size, time.monotonic() - begin)
        before = helpers, kernel_memory()
        for way in ways:
            case = f"{size:,} started {way[0]}"
            for number in range(times_of(bench, side, size)):
                start_and_stop(bench, side, size, way, before if way is ways[0] and number == 0 else None)
        case = f"{size:,} removed"
        side.crowd_clean(size)
    except (Unavailable, OSError, subprocess.SubprocessError) as e:
        bench.results.fail(case, side.name, str(e))
        bench.give_up(side, "many")
        put_down(bench, side, size)


def put_down(bench, side, size):
    """So that what is left of them is nobody else's burden."""
    for_each(bench, side.crowd_stop(), size, AT_A_TIME)
    with bench.noting_failure(f"{size:,} removed", side.name):
        side.crowd_clean(size)


def said(errors):
    """What a command that failed has written to @errors, as the end of a sentence: the first line of it is the nearest to the cause."""
    errors.seek(0)
    text = errors.read().strip().splitlines()
    return f": {text[0]}" if text else ""


def for_each(bench, command, size, jobs, errors=subprocess.DEVNULL):
    """The command for the containers 1 to @size, @jobs at a time: (exit status, seconds)."""
    numbers = f"{bench.work}/numbers"
    write(numbers, "".join(f"{number}\n" for number in range(1, size + 1)))
    return execute(["xargs", "-a", numbers, "-P", str(jobs), "-I{}", *command], bench.limit, errors=errors)


def links():
    """Of the host: a container that is gone has none."""
    return len(socket.if_nameindex())


def start_and_stop(bench, side, size, way, before):
    text, command, jobs = way
    stamps = side.stamps("many")
    seen, links_before = lines(stamps), links()
    used, began = cgroup_time(ALL), time.monotonic()
    # A file, not a pipe: payloads inherit it.
    with tempfile.TemporaryFile("w+") as errors:
        status, _ = execute(command, bench.limit, errors=errors) if command else for_each(bench, side.crowd_start(), size, jobs, errors)
        if status is None:
            raise Unavailable(f"started {text}: no end within {bench.limit} s")
        if not wait_for(lambda: lines(stamps) - seen >= size, bench.limit):
            raise Unavailable(f"started {text}: {lines(stamps) - seen} of {size} have come up, status {status}{said(errors)}")
    started = time.monotonic() - began
    used = cgroup_time(ALL) - used
    bench.results.add(f"{size:,} started {text}", "ms", side.name, started * 1e3)
    bench.results.add(f"{size:,} started {text}{PROCESSOR}", "ms", side.name, used * 1e3)
    if before:
        measure_crowd(bench, side, size, before)
    used, began = cgroup_time(ALL), time.monotonic()
    stop_all = side.crowd_stop_all(size) if command else None
    status, stopped = execute(stop_all, bench.limit) if stop_all else for_each(bench, side.crowd_stop(), size, jobs or AT_A_TIME)
    if status != 0:
        raise Unavailable(f"stopped {text}: " + ("no end" if status is None else f"status {status}"))
    bench.results.add(f"{size:,} stopped {text}", "ms", side.name, stopped * 1e3)
    # Some answer before the kernel has done all: a life that is over has left nothing.
    if not wait_for(lambda: links() <= links_before, bench.limit):
        raise Unavailable(f"stopped {text}: {links() - links_before} links are left")
    gone = time.monotonic() - began
    bench.results.add(f"{size:,} stopped {text}{PROCESSOR}", "ms", side.name, (cgroup_time(ALL) - used) * 1e3)
    bench.took(side, f"started {text}", size, max(started, stopped))
    if command and size >= ENOUGH:
        bench.results.add(f"{size:,} life cycles {text}", "1/s", side.name, size / (started + gone))
        bench.results.add(f"{size:,} stopped {text}, until their links are gone", "ms", side.name, gone * 1e3)


def measure_crowd(bench, side, size, before):
    """While they are all there."""
    helpers, kernel = before
    if side.helpers():
        now = settled_pss(side.helpers())
        bench.results.add(f"memory beside the payload, {size:,}", "KiB each", side.name, max(0, now - helpers) / size)
        bench.results.add(f"resident, with {size:,}", "KiB", side.name, now)
    else:
        bench.results.add(f"memory beside the payload, {size:,}", "KiB each", side.name, 0)
    bench.results.add(f"kernel memory, {size:,}", "KiB each", side.name, max(0, kernel_memory() - kernel) / size)
    if size >= ENOUGH and side.answers():
        # What so many starts have left to be done behind them is no part of an answer, nor of doing nothing.
        time.sleep(SETTLE_SECONDS)
    for _ in range(min(bench.rounds, 10) if size >= ENOUGH else 0):
        for what, command in side.answers().items():
            bench.timed(f"{what} of {size:,}", side, "exit", *command)
    if side.name == "nsunits" and size == max(bench.sizes):
        idle(bench, side, size)
        mass_crash(bench, side, size)


def idle(bench, side, size):
    """Processor time of the manager while nothing happens."""
    pid = side.helpers()[0]
    time.sleep(SETTLE_SECONDS)
    before = cpu_time(pid)
    time.sleep(bench.idle_seconds)
    bench.results.add(f"manager's processor time per idle minute, {size:,}", "ms", "nsunits", (cpu_time(pid) - before) * 60e3 / bench.idle_seconds)


def mass_crash(bench, side, size):
    """All main processes killed at once, until all are back."""
    stamps = side.stamps("many")
    victims = list(pids_with("/stamps/nsunits-many"))
    seen = lines(stamps)
    pid = side.helpers()[0]
    cpu = cpu_time(pid)
    begin = time.monotonic()
    for victim in victims:
        os.kill(victim, 9)
    if wait_for(lambda: lines(stamps) >= seen + len(victims), bench.limit):
        bench.results.add(f"{size:,} killed at once, until all are back", "ms", "nsunits", (time.monotonic() - begin) * 1e3)
        bench.results.add(f"manager's processor time for {size:,} restarts", "ms", "nsunits", (cpu_time(pid) - cpu) * 1e3)
        bench.results.add(f"resident after {size:,} restarts", "KiB", "nsunits", pss([pid]))
    else:
        bench.results.fail(f"{size:,} killed at once", "nsunits", f"{len(victims) - lines(stamps) + seen} did not come back")
    # What is asked for from now on must not meet the last of them.
    run("nsctl", "list")
