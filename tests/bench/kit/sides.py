"""The sides of a measurement: how each of them starts, stops and loses one container of the same payload.

A side has for each kind ("none": without network, "net": with bridge, address and a published port) a container that
is prepared before the clock runs, so that a start is a start and not an unpacking. A neighbour runs all the time in the
same network, as on a machine that is used for something: who makes bridges on demand has one.
"""
import contextlib
import json
import os
import shutil
import subprocess
import time

KINDS = ("none", "net")


class Unavailable(Exception):
    """A side that this machine can't run, with the reason."""


def run(*argv, **options):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120, **options)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(f"{argv[0]} {argv[1] if len(argv) > 1 else ''}: {lines[-1] if lines else done.returncode}")
    return done.stdout.strip()


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Side:
    name = ""
    kinds = KINDS

    def __init__(self, work):
        self.work = work

    def stamps(self, kind):
        """The file that the payload's main() stamps; made anew for a side and kind that never ran."""
        path = os.path.join(self.work, "stamps", f"{self.name}-{kind}")
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8"):
                pass
            os.chmod(path, 0o666)
        return path

    def payload(self, kind, *arguments):
        self.stamps(kind)
        return ["/stamp", f"/stamps/{self.name}-{kind}", *arguments]

    def prepare(self):
        """Make what all starts share. Raises Unavailable."""

    def start(self, kind):
        raise NotImplementedError

    def stop(self, kind):
        raise NotImplementedError

    def restart(self, kind):
        """A command, or None where the side has no such thing."""

    def main_pid(self, kind):
        """The process to be killed where something restarts it, or None."""

    @contextlib.contextmanager
    def supervised(self, kind):
        """The same for who has to be watched over for it."""
        yield self.main_pid(kind)

    def clean(self):
        pass

    def helpers(self):
        """Processes of the side's own, for their memory."""
        return []


class Nsunits(Side):
    name = "nsunits"

    def prepare(self):
        run("nsctl", "image", "import", "--name", "bench", f"{self.work}/root.tar")
        for kind in KINDS:
            network = "Network=none" if kind == "none" else "PublishPort=18080:80"
            with open(f"/etc/nsunits/bench-{kind}.container", "w", encoding="utf-8") as f:
                f.write(f"[Unit]\nStartLimitIntervalSec=0\n[Container]\nImage=bench\nExec={' '.join(self.payload(kind))}\n"
                        f"Volume={self.work}/stamps:/stamps\n{network}\n"
                        "[Service]\nRestart=always\nRestartSec=0\nTimeoutStopSec=10\n")
        with open("/etc/nsunits/bench-neighbour.container", "w", encoding="utf-8") as f:
            f.write(f"[Container]\nImage=bench\nExec={' '.join(self.payload('neighbour'))}\nVolume={self.work}/stamps:/stamps\n"
                    "PublishPort=18090:80\n")
        run("nsctl", "daemon-reload")
        run("nsctl", "start", "bench-neighbour")

    def start(self, kind):
        return ["nsctl", "start", f"bench-{kind}"]

    def stop(self, kind):
        return ["nsctl", "stop", f"bench-{kind}"]

    def restart(self, kind):
        return ["nsctl", "restart", f"bench-{kind}"]

    def main_pid(self, kind):
        return int(run("nsctl", "show", f"bench-{kind}", "-p", "MainPID", "--value"))

    def helpers(self):
        return [int(pid) for pid in run("pgrep", "-x", "nsunitd").split()]


class Floor(Side):
    """Raw system calls; see floor.c."""
    name = "floor"
    networks = {"none": "none", "net": "flbr0,10.99.0.2/24,10.99.0.1,18081"}

    def prepare(self):
        program = os.environ["BENCH_FLOOR"]
        os.environ["FLOOR_FILTER"] = f"{self.work}/filter"
        run(program, "filter", os.environ["FLOOR_FILTER"])
        run("ip", "link", "add", "flbr0", "type", "bridge")
        run("ip", "address", "add", "10.99.0.1/24", "dev", "flbr0")
        run("ip", "link", "set", "flbr0", "up")
        run("nft", "add table inet floor; add map inet floor ports "
            "{ type inet_proto . inet_service : ipv4_addr . inet_service; }; "
            "add chain inet floor in { type nat hook prerouting priority -100; }; "
            "add rule inet floor in fib daddr type local dnat ip to meta l4proto . th dport map @ports")
        for kind in KINDS:
            os.makedirs(self.directory(kind))
        layer = f"{self.work}/layer"
        shutil.copytree(f"{self.work}/root", layer)

    def directory(self, kind):
        return f"{self.work}/floor-{kind}"

    def command(self, verb, kind):
        cgroup = os.path.join(os.environ["BENCH_CGROUP"], f"floor-{kind}")
        return [os.environ["BENCH_FLOOR"], verb, f"{self.work}/layer", self.directory(kind), cgroup, f"{self.work}/stamps",
                self.networks[kind], *self.payload(kind)]

    @contextlib.contextmanager
    def supervised(self, kind):
        """The container once more, by a process that starts it again: what runs already is put down for it."""
        subprocess.run(self.stop(kind), check=True)
        stamps = self.stamps(kind)
        before = os.path.getsize(stamps)
        supervisor = subprocess.Popen(self.command("supervise", kind))
        wait_for(lambda: os.path.getsize(stamps) > before)
        with open(f"{self.directory(kind)}/pid", encoding="utf-8") as f:
            yield int(f.read())
        supervisor.kill()
        supervisor.wait()
        subprocess.run(self.stop(kind), check=True)
        before = os.path.getsize(stamps)
        subprocess.run(self.start(kind), check=True)
        wait_for(lambda: os.path.getsize(stamps) > before)

    def start(self, kind):
        return self.command("start", kind)

    def stop(self, kind):
        return self.command("stop", kind)


class OciRuntime(Side):
    """crun or runc with the system-call filter that podman gives them, and an empty network namespace."""
    kinds = ("none",)
    options = ()

    def prepare(self):
        bundle = f"{self.work}/{self.name}-bundle"
        os.makedirs(bundle)
        shutil.copytree(f"{self.work}/root", f"{bundle}/rootfs")
        run(self.name, "spec", cwd=bundle)
        with open(f"{bundle}/config.json", encoding="utf-8") as f:
            config = json.load(f)
        config["process"].update(terminal=False, args=self.payload("none"))
        config["root"]["readonly"] = False
        config["linux"].pop("resources", None)
        config["linux"]["seccomp"] = podman_filter()
        config["mounts"].append({"destination": "/stamps", "source": f"{self.work}/stamps", "type": "bind",
                                 "options": ["bind", "rw"]})
        with open(f"{bundle}/config.json", "w", encoding="utf-8") as f:
            json.dump(config, f)
        self.bundle = bundle

    def command(self, *arguments):
        return [self.name, *self.options, "--root", f"{self.work}/{self.name}-state", *arguments]

    def start(self, kind):
        return self.command("run", "-d", "--bundle", self.bundle, "bench")

    def stop(self, kind):
        tool = " ".join(self.command())
        return ["sh", "-c", f"{tool} kill bench TERM && while {tool} state bench | grep -q running; do :; done; {tool} delete bench"]


class Crun(OciRuntime):
    name = "crun"
    options = ("--cgroup-manager=disabled",)


class Runc(OciRuntime):
    name = "runc"


def podman_filter():
    """podman's default list as the OCI specification wants it, for amd64 and no more rights than usual."""
    with open("/usr/share/containers/seccomp.json", encoding="utf-8") as f:
        profile = json.load(f)
    calls = [{key: rule[key] for key in ("names", "action", "args", "errnoRet") if rule.get(key)}
             for rule in profile["syscalls"]
             if not rule.get("includes", {}).get("caps") and "amd64" in rule.get("includes", {}).get("arches", ["amd64"])]
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
            "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": calls}


class Podman(Side):
    name = "podman"
    tool = ("podman", "--cgroup-manager=cgroupfs", "--events-backend=none")
    port = 18082

    def prepare(self):
        run(*self.tool, "import", f"{self.work}/root.tar", "bench")
        for kind in KINDS:
            network = ["--network", "none"] if kind == "none" else ["-p", f"{self.port}:80"]
            run(*self.tool, "create", "--name", f"bench-{kind}", *network, *self.create_options(), "bench", *self.payload(kind))
        # Not captured: what podman leaves behind would hold the pipe open.
        subprocess.run([*self.tool, "run", "-d", "--name", "bench-neighbour", "-p", f"{self.port + 10}:80", *self.create_options(),
                        "bench", *self.payload("neighbour")], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False, timeout=60)

    def create_options(self):
        return ["--cgroups=disabled", "--restart=always", "--log-driver=none", "-v", f"{self.work}/stamps:/stamps"]

    def start(self, kind):
        return [*self.tool, "start", f"bench-{kind}"]

    def stop(self, kind):
        return [*self.tool, "stop", "-t", "10", f"bench-{kind}"]

    def restart(self, kind):
        return [*self.tool, "restart", f"bench-{kind}"]

    def main_pid(self, kind):
        return int(run(*self.tool, "inspect", "-f", "{{.State.Pid}}", f"bench-{kind}"))

    def helpers(self):
        return [int(pid) for pid in run("pgrep", "-x", "conmon").split()]


class Docker(Podman):
    name = "docker"
    tool = ("docker", "-H", "unix:///run/bench-docker.sock")
    port = 18083

    def prepare(self):
        log = open(f"{self.work}/docker.log", "w", encoding="utf-8")
        self.daemon = subprocess.Popen(
            ["dockerd", "-H", "unix:///run/bench-docker.sock", "--data-root", f"{self.work}/docker", "--exec-root", "/run/bench-docker",
             "-p", f"{self.work}/docker.pid", "--iptables=true", "--cgroup-parent", "/bench-docker"], stdout=log, stderr=log)
        if not wait_for(lambda: subprocess.run([*self.tool, "version"], capture_output=True, check=False).returncode == 0, 30):
            with open(log.name, encoding="utf-8") as f:
                raise Unavailable("dockerd does not answer: " + (f.read().strip().splitlines() or ["nothing said"])[-1])
        super().prepare()

    def create_options(self):
        return ["--restart=always", "--log-driver=none", "-v", f"{self.work}/stamps:/stamps"]

    def clean(self):
        if hasattr(self, "daemon"):
            self.daemon.terminate()
            self.daemon.wait(30)

    def helpers(self):
        return [int(pid) for name in ("dockerd", "containerd", "containerd-shim", "docker-proxy")
                for pid in subprocess.run(["pgrep", "-f", f"^[^ ]*{name}"], capture_output=True, text=True, check=False).stdout.split()]


class Nspawn(Side):
    name = "systemd-nspawn"
    kinds = ("none",)

    def prepare(self):
        if not shutil.which(self.name):
            raise Unavailable("not installed")
        self.root = f"{self.work}/nspawn-root"
        shutil.copytree(f"{self.work}/root", self.root)
        os.makedirs(f"{self.root}/usr", exist_ok=True)

    def start(self, kind):
        return ["sh", "-c", "systemd-nspawn -q -D \"$0\" --register=no --keep-unit --private-network --console=pipe"
                " --bind=\"$1\":/stamps --kill-signal=SIGTERM \"$2\" \"$3\" </dev/null >/dev/null 2>&1 & echo $! >\"$4\"",
                self.root, f"{self.work}/stamps", *self.payload(kind), f"{self.work}/nspawn.pid"]

    def stop(self, kind):
        return ["sh", "-c", "kill -TERM $(cat \"$0\") && while kill -0 $(cat \"$0\") 2>/dev/null; do sleep 0.001; done", f"{self.work}/nspawn.pid"]


class Lxc(Side):
    name = "lxc"
    kinds = ("none",)

    def prepare(self):
        base = f"{self.work}/lxc/bench"
        shutil.copytree(f"{self.work}/root", f"{base}/rootfs")
        with open(f"{base}/config", "w", encoding="utf-8") as f:
            f.write(f"lxc.rootfs.path = dir:{base}/rootfs\nlxc.uts.name = bench\nlxc.net.0.type = empty\nlxc.signal.halt = SIGTERM\n"
                    "lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp\nlxc.mount.auto = proc:mixed sys:ro\n"
                    f"lxc.mount.entry = {self.work}/stamps stamps none bind 0 0\nlxc.execute.cmd = {' '.join(self.payload('none'))}\n"
                    f"lxc.init.cmd = {' '.join(self.payload('none'))}\n")

    def start(self, kind):
        return ["lxc-start", "-P", f"{self.work}/lxc", "-n", "bench"]

    def stop(self, kind):
        return ["lxc-stop", "-P", f"{self.work}/lxc", "-n", "bench"]


SIDES = {side.name: side for side in (Nsunits, Floor, Crun, Runc, Podman, Docker, Nspawn, Lxc)}
