"""What is measured. Each group is a function of a Bench, which has the sides that can run, the results and `measure`.

Sides take turns within a round, so that a slow minute of the machine is everybody's.
"""
import json
import os
import shutil
import subprocess
import time

from sides import KINDS, Unavailable, run, wait_for

WITH = {"none": "no network", "net": "published port"}


def life(bench):
    """Start to main(), killed to the next main(), restart, stop."""
    for _ in range(bench.rounds):
        for kind in KINDS:
            for side in bench.sides.values():
                if kind in side.kinds and not bench.is_done(side, kind):
                    one_life(bench, side, kind)


def one_life(bench, side, kind):
    stamp = side.stamps(kind)
    if not bench.timed(f"start to main(), {WITH[kind]}", side, "start", stamp, *side.start(kind)):
        return bench.give_up(side, kind)
    with side.supervised(kind) as pid:
        if pid:
            bench.timed(f"killed to main(), {WITH[kind]}", side, "crash", stamp, str(pid))
    restart = side.restart(kind)
    if restart:
        bench.timed(f"restart to main(), {WITH[kind]}", side, "start", stamp, *restart)
    return bench.timed(f"stop, {WITH[kind]}", side, "exit", *side.stop(kind)) or bench.give_up(side, kind)


# --- many ---------------------------------------------------------------------------------------------------


def write_many(bench, count):
    """Units many-1.container ...: with a bridge and an address each, as far as a bridge takes them."""
    for number in range(1, count + 1):
        with open(f"/etc/nsunits/many-{number}.container", "w", encoding="utf-8") as f:
            network = "many.network" if number <= 1000 else "none"
            f.write(f"[Unit]\nStartLimitIntervalSec=0\n[Container]\nImage=bench\nExec=/stamp /stamps/many\nNetwork={network}\n"
                    f"Volume={bench.work}/stamps:/stamps\n[Service]\nRestart=always\nRestartSec=0\n")
    with open("/etc/nsunits/many.network", "w", encoding="utf-8") as f:
        f.write("[Network]\nSubnet=10.98.0.0/20\n")
    path = f"{bench.work}/stamps/many"
    with open(path, "w", encoding="utf-8"):
        pass
    os.chmod(path, 0o666)
    run("nsctl", "daemon-reload")


def many(bench):
    """Containers started by one command, and what they cost; what answers cost while they are there."""
    nsunits = bench.sides["nsunits"]
    write_many(bench, max(bench.sizes))
    for size in bench.sizes:
        names = [f"many-{number}" for number in range(1, size + 1)]
        kernel = kernel_memory()
        before = pss(nsunits.helpers())
        begin = time.monotonic()
        run("nsctl", "start", *names)
        bench.results.add(f"{size} started by one command", "ms", "nsunits", (time.monotonic() - begin) * 1e3)
        bench.results.add(f"memory beside the payload, {size}", "KiB each", "nsunits", (pss(nsunits.helpers()) - before) / size)
        bench.results.add(f"kernel memory, {size}", "KiB each", "nsunits", max(0, kernel_memory() - kernel) / size)
        bench.results.add(f"resident, with {size}", "KiB", "nsunits", pss(nsunits.helpers()))
        if size == max(bench.sizes):
            answers(bench, size)
            idle(bench, size)
            mass_crash(bench, size)
        begin = time.monotonic()
        run("nsctl", "stop", *names)
        bench.results.add(f"{size} stopped by one command", "ms", "nsunits", (time.monotonic() - begin) * 1e3)
    many_of_peers(bench)


def many_of_peers(bench):
    """A hundred of podman's by one command, as ours: with a bridge and an address each."""
    podman = bench.sides.get("podman")
    size = min(100, max(bench.sizes))
    if podman is None:
        return
    names = [f"many-{number}" for number in range(1, size + 1)]
    try:
        for name in names:
            run(*podman.tool, "create", "--name", name, "--network", "podman", *podman.create_options(), "bench", "/stamp", "/stamps/many")
        begin = time.monotonic()
        run(*podman.tool, "start", *names)
        bench.results.add(f"{size} started by one command", "ms", "podman", (time.monotonic() - begin) * 1e3)
        bench.results.add(f"memory beside the payload, {size}", "KiB each", "podman", pss(podman.helpers()) / size)
        begin = time.monotonic()
        run(*podman.tool, "stop", "-t", "10", *names)
        bench.results.add(f"{size} stopped by one command", "ms", "podman", (time.monotonic() - begin) * 1e3)
        run(*podman.tool, "rm", *names)
    except (Unavailable, subprocess.TimeoutExpired) as e:
        bench.results.fail("many", "podman", str(e))


def answers(bench, size):
    nsunits = bench.sides["nsunits"]
    for _ in range(bench.rounds):
        bench.timed(f"list of {size}", nsunits, "exit", "nsctl", "list")
        bench.timed(f"status of one of {size}", nsunits, "exit", "nsctl", "status", "many-1")
        bench.timed(f"a property of one of {size}", nsunits, "exit", "nsctl", "show", "many-1", "-p", "MainPID", "--value")


def idle(bench, size):
    """Processor time of the manager while nothing happens."""
    pid = bench.sides["nsunits"].helpers()[0]
    before = cpu_time(pid)
    time.sleep(bench.idle_seconds)
    bench.results.add(f"manager's processor time per minute, idle, {size}", "ms", "nsunits", (cpu_time(pid) - before) * 60e3 / bench.idle_seconds)


def mass_crash(bench, size):
    """All main processes killed at once, until all are back."""
    stamps = f"{bench.work}/stamps/many"
    pids = [pid for pid in all_pids("/stamps/many")]
    count = len(pids)
    begin_size = lines(stamps)
    pid = bench.sides["nsunits"].helpers()[0]
    cpu = cpu_time(pid)
    begin = time.monotonic()
    for victim in pids:
        os.kill(victim, 9)
    if wait_for(lambda: lines(stamps) >= begin_size + count, 60):
        bench.results.add(f"{size} killed at once, until all are back", "ms", "nsunits", (time.monotonic() - begin) * 1e3)
        bench.results.add(f"manager's processor time for {size} restarts", "ms", "nsunits", (cpu_time(pid) - cpu) * 1e3)
        bench.results.add(f"resident after {size} restarts", "KiB", "nsunits", pss([pid]))
    else:
        bench.results.fail(f"{size} killed at once", "nsunits", f"{count - lines(stamps) + begin_size} did not come back")


# --- ports and files ----------------------------------------------------------------------------------------


def ports(bench):
    """One port published and taken back while there are few or many: it must not depend on them."""
    nsunits = bench.sides["nsunits"]
    for count in bench.ports:
        with open("/etc/nsunits/crowd.container", "w", encoding="utf-8") as f:
            f.write("[Container]\nImage=bench\nExec=/stamp /stamps/crowd\n" f"Volume={bench.work}/stamps:/stamps\n"
                    f"PublishPort=20000-{20000 + count - 1}:10000-{10000 + count - 1}\n")
        path = f"{bench.work}/stamps/crowd"
        with open(path, "w", encoding="utf-8"):
            pass
        os.chmod(path, 0o666)
        run("nsctl", "daemon-reload")
        run("nsctl", "start", "crowd")
        for _ in range(bench.rounds):
            bench.timed(f"start with a port beside {count}", nsunits, "start", nsunits.stamps("net"), *nsunits.start("net"))
            bench.timed(f"stop with a port beside {count}", nsunits, "exit", *nsunits.stop("net"))
        run("nsctl", "stop", "crowd")
        os.unlink("/etc/nsunits/crowd.container")
    run("nsctl", "daemon-reload")


def reload_units(bench):
    """daemon-reload with a thousand unit files of which none has changed, and with all changed."""
    nsunits = bench.sides["nsunits"]
    for number in range(1000):
        with open(f"/etc/nsunits/file-{number}.container", "w", encoding="utf-8") as f:
            f.write(f"[Unit]\nDescription=Number {number}\n[Container]\nImage=bench\nExec=/stamp\nEnvironment=A=1 B=2\nNetwork=none\n")
    run("nsctl", "daemon-reload")
    for _ in range(bench.rounds):
        bench.timed("reload of 1,000 unit files", nsunits, "exit", "nsctl", "daemon-reload")
    for number in range(1000):
        os.unlink(f"/etc/nsunits/file-{number}.container")
    run("nsctl", "daemon-reload")


# --- data ---------------------------------------------------------------------------------------------------


def serve(bench):
    """A tree with iperf3 and its libraries, in which no image is needed: the same for all sides."""
    root = f"{bench.work}/serve"
    os.makedirs(f"{root}/bin")
    program = run("which", "iperf3")
    shutil.copy(program, f"{root}/bin/iperf3")
    for line in run("ldd", program).splitlines():
        path = next((word for word in line.split() if word.startswith("/")), None)
        if path:
            os.makedirs(f"{root}{os.path.dirname(path)}", exist_ok=True)
            shutil.copy(path, f"{root}{path}")
    for name in ("proc", "sys", "dev", "tmp", "run", "etc"):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    return root


def make_client():
    """A host of its own, reached through a veth pair, with a route to what is published here."""
    run("ip", "netns", "add", "client")
    run("ip", "link", "add", "vc0", "type", "veth", "peer", "name", "vc1", "netns", "client")
    run("ip", "address", "add", "192.0.2.1/24", "dev", "vc0")
    run("ip", "link", "set", "vc0", "up")
    run("ip", "-n", "client", "address", "add", "192.0.2.2/24", "dev", "vc1")
    run("ip", "-n", "client", "link", "set", "vc1", "up")


def throughput_servers(bench, root):
    """Who serves iperf3, and at which port: the host itself, nsunits, podman, and a namespace behind a map of ours."""
    servers = {}
    servers["no container"] = (18200, subprocess.Popen(["iperf3", "-s", "-p", "18200"], stdout=subprocess.DEVNULL))
    with open("/etc/nsunits/serve.container", "w", encoding="utf-8") as f:
        f.write(f"[Container]\nRootfs={root}:O\nExec=/bin/iperf3 -s\nPublishPort=18201:5201\n")
    run("nsctl", "daemon-reload")
    run("nsctl", "start", "serve")
    servers["nsunits"] = (18201, None)
    if "podman" in bench.sides:
        tool = bench.sides["podman"].tool
        subprocess.run([*tool, "run", "-d", "--name", "serve", "--cgroups=disabled", "--log-driver=none", "-p", "18202:5201", "--rootfs",
                        f"{root}:O", "/bin/iperf3", "-s"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        servers["podman"] = (18202, None)
    if "floor" in bench.sides:
        run("ip", "netns", "add", "server")
        run("ip", "link", "add", "vs0", "type", "veth", "peer", "name", "eth0", "netns", "server")
        run("ip", "link", "set", "vs0", "master", "flbr0", "up")
        for words in ("address add 10.99.0.9/24 dev eth0", "link set eth0 up", "route add default via 10.99.0.1"):
            run("ip", "-n", "server", *words.split())
        run("nft", "add element inet floor ports { tcp . 18203 : 10.99.0.9 . 5201 }")
        with open("/proc/sys/net/ipv4/ip_forward", "w", encoding="utf-8") as f:
            f.write("1")
        servers["floor"] = (18203, subprocess.Popen(["ip", "netns", "exec", "server", "iperf3", "-s"], stdout=subprocess.DEVNULL))
    return servers


def throughput(bench):
    """TCP from another host through the published port: more is better."""
    servers = throughput_servers(bench, serve(bench))
    make_client()
    time.sleep(1)
    for _ in range(min(bench.rounds, 5)):
        for side, (port, _) in servers.items():
            try:
                said = json.loads(run("ip", "netns", "exec", "client", "iperf3", "-c", "192.0.2.1", "-p", str(port), "-t", "2", "-J"))
                bench.results.add("published TCP, more is better", "Gbit/s", side, said["end"]["sum_received"]["bits_per_second"] / 1e9)
            except (Unavailable, KeyError, ValueError) as e:
                bench.results.fail("published TCP", side, str(e))
    run("nsctl", "stop", "serve")
    if "podman" in bench.sides:
        subprocess.run([*bench.sides["podman"].tool, "rm", "-f", "-t", "0", "serve"], capture_output=True, check=False)
    for _, process in servers.values():
        if process:
            process.terminate()
            process.wait()
    run("ip", "netns", "del", "client")


def logs(bench):
    """Lines written by a container into its log, and what they cost the manager: it is not in their way."""
    with open("/etc/nsunits/talk.container", "w", encoding="utf-8") as f:
        f.write(f"[Container]\nImage=bench\nExec=/stamp /stamps/talk lines 200000\nVolume={bench.work}/stamps:/stamps\nNetwork=none\n"
                "[Service]\nType=oneshot\n")
    with open(f"{bench.work}/stamps/talk", "w", encoding="utf-8"):
        pass
    os.chmod(f"{bench.work}/stamps/talk", 0o666)
    run("nsctl", "daemon-reload")
    pid = bench.sides["nsunits"].helpers()[0]
    for _ in range(min(bench.rounds, 5)):
        cpu, begin = cpu_time(pid), time.monotonic()
        run("nsctl", "start", "talk")
        seconds = time.monotonic() - begin
        bench.results.add("log lines, more is better", "1000/s", "nsunits", 200 / seconds)
        bench.results.add("manager's processor time for 200,000 lines", "ms", "nsunits", (cpu_time(pid) - cpu) * 1e3)


# --- what the kernel says -----------------------------------------------------------------------------------


def pss(pids):
    """KiB of memory that the processes have for themselves, shared pages by their share."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
        except OSError:
            continue
    return total


def kernel_memory():
    """KiB of slabs, per-processor memory, page tables, stacks."""
    wanted = ("Slab:", "Percpu:", "PageTables:", "KernelStack:", "VmallocUsed:")
    with open("/proc/meminfo", encoding="utf-8") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith(wanted))


def cpu_time(pid):
    """Seconds of processor time, user and kernel."""
    with open(f"/proc/{pid}/schedstat", encoding="utf-8") as f:
        return int(f.read().split()[0]) / 1e9


def all_pids(argument):
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as f:
                if argument.encode() in f.read().split(b"\0"):
                    yield int(name)
        except OSError:
            continue


def lines(path):
    with open(path, "rb") as f:
        return f.read().count(b"\n")


GROUPS = {"life": life, "many": many, "ports": ports, "reload": reload_units, "throughput": throughput, "logs": logs}
# What the chart for readers shows.
CHART = [f"{what}, {kind}" for what in ("start to main()", "restart to main()", "killed to main()", "stop") for kind in WITH.values()]
