#!/usr/bin/env python3
"""What tests/bench/many measures, against the manager that runs: starts and crashes of one container, the death of
all, the manager's own."""
import os, signal, socket, statistics, struct, subprocess, sys, time

BUS = '/run/nsunitd/bus'
STAMPS, CGROUPS, N, ROUNDS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
NAMES = [f'many@{i}.container' for i in range(1, N + 1)]


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def stamps():
    with open(STAMPS, 'rb') as f:
        data = f.read()
    return struct.unpack(f'<{len(data) // 8}Q', data)


def manager():
    with open('/run/nsunitd/pid') as f:
        return int(f.read())


def memory():
    with open(f'/proc/{manager()}/status') as f:
        fields = dict(line.split(':', 1) for line in f if ':' in line)
    return int(fields['VmRSS'].split()[0]) / 1024, int(fields['VmHWM'].split()[0]) / 1024


def cpu():
    with open(f'/proc/{manager()}/stat') as f:
        words = f.read().rsplit(')', 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf('SC_CLK_TCK')


def pids(stem):
    with open(f'{CGROUPS}/nsunits-.slice/{stem}.service/cgroup.procs') as f:
        return [int(line) for line in f]


def await_stamp(slot, after, limit=60):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        at = stamps()[slot]
        if at > after:
            return at
        time.sleep(0.0005)
    sys.exit(f'container {slot} does not come')


def nsctl(*words):
    begin = now()
    subprocess.run(['nsctl', *words], check=words[0] != 'status', stdout=subprocess.DEVNULL)
    return (now() - begin) / 1e6


def show(what, value, unit, goal=None):
    print(f'{what:58} {value:10.2f} {unit:4}' + (f' (wanted: {goal})' if goal else ''), flush=True)


def one():
    cold, crash, heard = [], [], []
    for _ in range(ROUNDS):
        nsctl('stop', 'many@0')
        begin = now()
        nsctl('start', 'many@0')
        cold.append((await_stamp(0, begin) - begin) / 1e6)
        time.sleep(0.05)
        victim = pids('many@0')[0]
        begin = now()
        os.kill(victim, signal.SIGKILL)
        crash.append((await_stamp(0, begin) - begin) / 1e6)
        time.sleep(0.05)
    nsctl('stop', 'many@0')
    show('nsctl start of one until its main()', statistics.median(cold), 'ms')
    show('its SIGKILL until the next main()', statistics.median(crash), 'ms')
    show('their ratio', statistics.median(crash) / statistics.median(cold), '', '<= 1.3')


def start_all():
    begin = now()
    nsctl('start', *NAMES)
    show(f'start of {N}', (now() - begin) / 1e9, 's')
    show('resident memory of the manager', memory()[0], 'MiB', '< 24')


def kill_all():
    victims = [pids(f'many@{i}')[0] for i in range(1, N + 1)]
    before = cpu()
    # Already there while all die: what one asks, and how long the answer takes.
    asked = {'list': [], 'status': []}
    begin = now()
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    killed = now()
    while True:
        for verb, words in (('list', ['list']), ('status', ['status', 'many@7'])):
            asked[verb].append(nsctl(*words))
        if min(stamps()[1:]) > begin:
            break
        if now() - begin > 120e9:
            sys.exit('they do not come back')
    at = stamps()
    show(f'SIGKILL of all {N}: the last one is back after', (max(at[1:]) - killed) / 1e9, 's')
    show('processor time of the manager for it', cpu() - before, 's')
    for verb, times in asked.items():
        show(f'nsctl {verb} meanwhile, median of {len(times)}', statistics.median(times), 'ms', '< 10')
        show(f'nsctl {verb} meanwhile, slowest', max(times), 'ms')
    show('resident memory of the manager, highest', memory()[1], 'MiB', '< 24')
    time.sleep(2)
    before = cpu()
    time.sleep(2)
    show('processor time of the manager in 2 s at rest', cpu() - before, 's')
    for verb, words in (('list', ['list']), ('status', ['status', 'many@7'])):
        show(f'nsctl {verb} at rest', statistics.median(nsctl(*words) for _ in range(10)), 'ms')


def answers():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        try:
            s.connect(BUS)
            return True
        except OSError:
            return False


def restart_manager():
    times, memories = [], []
    for _ in range(max(3, ROUNDS // 2)):
        pid = manager()
        os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            while os.path.exists(f'/proc/{pid}/root'):
                time.sleep(0.001)
        while answers():
            time.sleep(0.001)
        begin = now()
        subprocess.Popen(['nsunitd'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(os.environ['LOG'], 'a'))
        while not answers():
            time.sleep(0.0005)
        times.append((now() - begin) / 1e6)
        memories.append(memory()[0])
        time.sleep(0.5)
    show(f'SIGKILL of the manager: the next one has adopted {N} after', statistics.median(times), 'ms', '< 150')
    show('its resident memory', statistics.median(memories), 'MiB', '< 24')


one()
start_all()
kill_all()
restart_manager()
