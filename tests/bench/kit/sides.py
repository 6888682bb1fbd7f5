"""The sides of a measurement: how each of them starts, stops and loses containers of the same payload.

A side has a container of each kind that is prepared before the clock runs, so that a start is a start and not an
unpacking. A neighbour runs all the time in the same network, as on a machine that is used for something: who makes
bridges on demand has one. Besides there is a crowd: containers 1 to N, all alike.
"""
import contextlib
import os
import subprocess
from typing import NamedTuple

from host import attempt, pids_of, run, wait_for, write


class Kind(NamedTuple):
    name: str
    text: str
    port: bool = False
    seccomp: bool = True
    user_namespace: bool = None  # None: what the side does if it isn't told
    exits: bool = False


KINDS = {kind.name: kind for kind in (
    Kind("none", "no network"),
    Kind("net", "published port", port=True),
    Kind("bare", "no network, seccomp nor user namespace", seccomp=False, user_namespace=False),
    Kind("userns", "no network, user namespace", user_namespace=True),
    Kind("exit", "no network", exits=True),
    Kind("exit-net", "published port", port=True, exits=True),
)}
FIRST_ID, IDS = 3000000, 65536


class Side:
    name = ""
    cannot = {}  # kind, or another thing that is measured: why not
    crowd_network = True  # has the crowd a network and addresses?

    def __init__(self, work):
        self.work = work
        self.cgroup = os.path.join(os.environ["BENCH_CGROUP"], self.name)
        self.unable = dict(self.cannot)

    def stamps(self, kind):
        """The file that the payload's main() stamps; made anew for a side and kind that never ran."""
        path = f"{self.work}/stamps/{self.name}-{kind}"
        if not os.path.exists(path):
            write(path, "", 0o666)
        return path

    def payload(self, kind):
        self.stamps(kind)
        exits = ["exit"] if kind in KINDS and KINDS[kind].exits else []
        return ["/stamp", f"/stamps/{self.name}-{kind}", *exits]

    def kinds(self):
        return [kind for kind in KINDS.values() if kind.name not in self.unable]

    def prepare(self):
        """Make what all starts share. Raises Unavailable."""

    def start(self, kind):
        """A command that starts the container of a kind; of one that exits, and waits for its end."""
        raise NotImplementedError

    def stop(self, kind):
        raise NotImplementedError

    def forget(self, kind):
        """A command to be run after the end of a container that has exited, not measured; or None."""

    def restart(self, kind):
        """A command, or None where the side has no such thing."""

    def run_command(self):
        """Commands (make and start a container with a published port; remove it) or None where start() makes them."""

    @contextlib.contextmanager
    def supervised(self, kind):
        """The process to be killed where something restarts it, or None."""
        yield None

    def clean(self):
        pass

    def helpers(self):
        """Processes of the side's own, for their memory."""
        return []

    # --- the crowd: commands in which {} is a container's number

    def crowd_prepare(self, count):
        pass

    def crowd_start(self):
        raise NotImplementedError

    def crowd_start_all(self, count):
        """One command for all, or None where the side has no such thing."""

    def crowd_stop(self):
        raise NotImplementedError

    def crowd_stop_all(self, count):
        pass

    def crowd_clean(self, count):
        pass

    # --- questions, while there is a crowd: commands by what is asked

    def answers(self):
        return {}


class Nsunits(Side):
    name = "nsunits"

    def unit(self, name, command, container="", service="Restart=always\nRestartSec=0\n"):
        write(f"/etc/nsunits/{name}.container",
              f"[Unit]\nStartLimitIntervalSec=0\n[Container]\nImage=bench\nExec={' '.join(command)}\n"
              f"Volume={self.work}/stamps:/stamps\n{container}[Service]\nTimeoutStopSec=10\n{service}")

    def prepare(self):
        run("nsctl", "image", "import", "--name", "bench", f"{self.work}/root.tar")
        for kind in KINDS.values():
            keys = "PublishPort=18080:80\n" if kind.port else "Network=none\n"
            if not kind.seccomp:
                keys += "SeccompProfile=unconfined\n"
            if kind.user_namespace is not None:
                keys += f"UserNS={'auto' if kind.user_namespace else 'host'}\n"
            service = {"service": "Type=oneshot\n"} if kind.exits else {}
            self.unit(f"bench-{kind.name}", self.payload(kind.name), keys, **service)
        self.unit("bench-neighbour", self.payload("neighbour"), "PublishPort=18090:80\n")
        write("/etc/nsunits/many.network", "[Network]\nSubnet=10.98.0.0/20\n")
        run("nsctl", "daemon-reload")
        run("nsctl", "start", "bench-neighbour")

    def start(self, kind):
        return ["nsctl", "start", f"bench-{kind}"]

    def stop(self, kind):
        return ["nsctl", "stop", f"bench-{kind}"]

    def restart(self, kind):
        return ["nsctl", "restart", f"bench-{kind}"]

    def run_command(self):
        return (["nsctl", "run", "--name", "bench-run", "--rm", "-p", "18070:80", "-v", f"{self.work}/stamps:/stamps", "bench",
                 *self.payload("run")], ["nsctl", "stop", "bench-run"])

    @contextlib.contextmanager
    def supervised(self, kind):
        yield int(run("nsctl", "show", f"bench-{kind}", "-p", "MainPID", "--value"))

    def helpers(self):
        return pids_of("nsunitd")

    def crowd_prepare(self, count):
        """Units many-1.container ...: with a bridge and an address each, as far as a bridge takes them."""
        for number in range(1, count + 1):
            self.unit(f"many-{number}", self.payload("many"), f"Network={'many.network' if number <= 1000 else 'none'}\n")
        run("nsctl", "daemon-reload")

    def crowd_start(self):
        return ["nsctl", "start", "many-{}"]

    def crowd_start_all(self, count):
        return ["nsctl", "start", *(f"many-{number}" for number in range(1, count + 1))]

    def crowd_stop(self):
        return ["nsctl", "stop", "many-{}"]

    def crowd_stop_all(self, count):
        return ["nsctl", "stop", *(f"many-{number}" for number in range(1, count + 1))]

    def crowd_clean(self, count):
        for number in range(1, count + 1):
            os.unlink(f"/etc/nsunits/many-{number}.container")
        run("nsctl", "daemon-reload")

    def answers(self):
        return {"list": ["nsctl", "list"], "status of one": ["nsctl", "status", "many-1"],
                "a property of one": ["nsctl", "show", "many-1", "-p", "MainPID", "--value"]}


class Floor(Side):
    """Raw system calls; see floor.c."""
    name = "floor"
    cannot = {"bare": "everything that it does is always on", "answers": "it has nobody who could be asked",
              "logs": "its containers write where it writes"}
    network = "flbr0,10.99.0.2/16,10.99.0.1,18081"

    def prepare(self):
        program = os.environ["BENCH_FLOOR"]
        os.environ["FLOOR_FILTER"] = f"{self.work}/filter"
        run(program, "filter", os.environ["FLOOR_FILTER"])
        run("ip", "link", "add", "flbr0", "type", "bridge")
        run("ip", "address", "add", "10.99.0.1/16", "dev", "flbr0")
        run("ip", "link", "set", "flbr0", "up")
        run("nft", "add table inet floor; add map inet floor ports "
            "{ type inet_proto . inet_service : ipv4_addr . inet_service; }; "
            "add chain inet floor in { type nat hook prerouting priority -100; }; "
            "add rule inet floor in fib daddr type local dnat ip to meta l4proto . th dport map @ports")
        # As the images and upper directories of nsunits: what a disk has to do would hide the rest.
        os.makedirs(f"{self.work}/floor")
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", f"{self.work}/floor")
        for kind in [*KINDS, "many"]:
            os.makedirs(self.directory(kind))
        run("cp", "-a", f"{self.work}/root", f"{self.work}/floor/layer")
        os.makedirs(self.cgroup, exist_ok=True)

    def directory(self, kind):
        return f"{self.work}/floor/{kind}"

    def command(self, *verb, kind):
        network = self.network if kind == "many" or KINDS[kind].port else "none"
        return [os.environ["BENCH_FLOOR"], *verb, f"{self.work}/floor/layer", self.directory(kind), f"{self.cgroup}/{kind}",
                f"{self.work}/stamps", network, *self.payload(kind)]

    @contextlib.contextmanager
    def supervised(self, kind, verb="supervise"):
        """The container once more, by a process that starts it again: what runs already is put down for it."""
        stamps = self.stamps(kind)
        run(*self.stop(kind))
        before = os.path.getsize(stamps)
        with subprocess.Popen(self.command(verb, kind=kind), stdin=subprocess.DEVNULL) as supervisor:
            try:
                wait_for(lambda: os.path.getsize(stamps) > before)
                with open(f"{self.directory(kind)}/pid", encoding="utf-8") as f:
                    yield int(f.read())
            finally:
                supervisor.kill()
        run(*self.stop(kind))
        before = os.path.getsize(stamps)
        attempt(*self.start(kind))
        wait_for(lambda: os.path.getsize(stamps) > before)

    def start(self, kind):
        return self.command("run" if KINDS[kind].exits else "start", kind=kind)

    def stop(self, kind):
        return self.command("stop", kind=kind)

    def crowd_start(self):
        return self.command("start-nth", "{}", kind="many")

    def crowd_start_all(self, count):
        """Two of its processes: as many as the kernel's own limit was found with."""
        return self.command("start-many", str(count), "2", kind="many")

    def crowd_stop(self):
        return self.command("stop-nth", "{}", kind="many")

    def crowd_stop_all(self, count):
        return self.command("stop-many", str(count), "2", kind="many")
