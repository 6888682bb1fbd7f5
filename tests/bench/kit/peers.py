"""The sides that others have made, as Debian has them: each with a directory, a daemon or a cgroup of its own."""
import contextlib
import json
import os
import shutil
import subprocess

from host import Unavailable, attempt, pids_of, pids_with, run, wait_for, write
from sides import FIRST_ID, IDS, KINDS, Side

NO_PORTS = "it publishes no ports"


class OciRuntime(Side):
    """crun or runc with the system-call filter that podman gives them, and an empty network namespace."""
    cannot = {"net": NO_PORTS, "exit-net": NO_PORTS, "logs": "its containers write where it writes"}
    crowd_network = False
    options = ()

    def prepare(self):
        for kind in [*self.kinds(), None]:
            self.bundle(kind)

    def bundle(self, kind):
        """A directory with a root and a config.json for one kind, or for the crowd."""
        path = self.directory(kind.name if kind else "many")
        run("mkdir", "-p", path)
        run("cp", "-a", f"{self.work}/root", f"{path}/rootfs")
        run(self.name, "spec", cwd=path)
        with open(f"{path}/config.json", encoding="utf-8") as f:
            config = json.load(f)
        config["process"].update(terminal=False, args=self.payload(kind.name if kind else "many"))
        config["root"]["readonly"] = False
        linux = config["linux"]
        linux.pop("resources", None)
        if kind is None or kind.seccomp:
            linux["seccomp"] = podman_filter()
        if kind and kind.user_namespace:
            linux["namespaces"].append({"type": "user"})
            linux["uidMappings"] = linux["gidMappings"] = [{"containerID": 0, "hostID": FIRST_ID, "size": IDS}]
            run("chown", "-R", f"{FIRST_ID}:{FIRST_ID}", f"{path}/rootfs")
        config["mounts"].append({"destination": "/stamps", "source": f"{self.work}/stamps", "type": "bind", "options": ["bind", "rw"]})
        write(f"{path}/config.json", json.dumps(config))

    def directory(self, kind):
        return f"{self.work}/{self.name}-{kind}"

    def command(self, *arguments):
        return [self.name, *self.options, "--root", f"{self.work}/{self.name}-state", *arguments]

    def end(self, container):
        """kill and delete, as a shell that asks in between."""
        tool = " ".join(self.command())
        return ["sh", "-c", f"{tool} kill {container} TERM && while {tool} state {container} | grep -q running; do :; done; "
                f"{tool} delete {container}"]

    def start(self, kind):
        detach = [] if KINDS[kind].exits else ["-d"]
        return self.command("run", *detach, "--bundle", self.directory(kind), f"{self.name}-one-{kind}")

    def stop(self, kind):
        return self.end(f"{self.name}-one-{kind}")

    def crowd_start(self):
        return self.command("run", "-d", "--bundle", self.directory("many"), self.name + "-many-{}")

    def crowd_stop(self):
        return self.end(self.name + "-many-{}")

    def answers(self):
        return {"list": self.command("list"), "status of one": self.command("state", f"{self.name}-many-1")}


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
    network = "podman"
    log_driver = "k8s-file"
    # Its --cgroups=enabled raises a limit of memory that is locked, which is not everybody's right.
    options = ("--cgroups=disabled",)

    def prepare(self):
        self.prepare_tool()
        run(*self.tool, "import", f"{self.work}/root.tar", "bench")
        for kind in self.kinds():
            network = ["-p", f"{self.port}:80"] if kind.port else ["--network", "none"]
            if not kind.seccomp:
                network += ["--security-opt", "seccomp=unconfined"]
            if kind.user_namespace:
                network += ["--uidmap", f"0:{FIRST_ID}:{IDS}", "--gidmap", f"0:{FIRST_ID}:{IDS}"]
            run(*self.tool, "create", "--name", f"bench-{kind.name}", *network, *self.create_options(restart=not kind.exits), "bench",
                *self.payload(kind.name))
        if not attempt(*self.tool, "run", "-d", "--name", "bench-neighbour", "-p", f"{self.port + 10}:80", *self.create_options(), "bench",
                       *self.payload("neighbour")):
            raise Unavailable("a container with a published port does not start")

    def prepare_tool(self):
        pass

    def create_options(self, restart=True):
        return [*self.options, *(["--restart=always"] if restart else []), "--log-driver=none", "-v", f"{self.work}/stamps:/stamps"]

    def start(self, kind):
        return [*self.tool, "start", *(["-a"] if KINDS[kind].exits else []), f"bench-{kind}"]

    def stop(self, kind):
        return [*self.tool, "stop", "-t", "10", f"bench-{kind}"]

    def restart(self, kind):
        return [*self.tool, "restart", f"bench-{kind}"]

    def run_command(self):
        return ([*self.tool, "run", "-d", "--name", "bench-run", "-p", f"{self.port + 20}:80", *self.create_options(), "bench",
                 *self.payload("run")], [*self.tool, "rm", "-f", "bench-run"])

    @contextlib.contextmanager
    def supervised(self, kind):
        yield int(run(*self.tool, "inspect", "-f", "{{.State.Pid}}", f"bench-{kind}"))

    def helpers(self):
        return pids_of("conmon")

    def crowd_prepare(self, count):
        for number in range(1, count + 1):
            run(*self.tool, "create", "--name", f"many-{number}", "--network", self.network, *self.create_options(restart=False), "bench",
                *self.payload("many"))

    def crowd_start(self):
        return [*self.tool, "start", "many-{}"]

    def crowd_start_all(self, count):
        return [*self.tool, "start", *(f"many-{number}" for number in range(1, count + 1))]

    def crowd_stop(self):
        return [*self.tool, "stop", "-t", "10", "many-{}"]

    def crowd_stop_all(self, count):
        return [*self.tool, "stop", "-t", "10", *(f"many-{number}" for number in range(1, count + 1))]

    def crowd_clean(self, count):
        attempt(*self.tool, "rm", "-f", *(f"many-{number}" for number in range(1, count + 1)), seconds=600)

    def answers(self):
        return {"list": [*self.tool, "ps"], "status of one": [*self.tool, "inspect", "many-1"],
                "a property of one": [*self.tool, "inspect", "-f", "{{.State.Pid}}", "many-1"]}


class Docker(Podman):
    name = "docker"
    # Debian's own, whatever else is in the path.
    tool = ("/usr/bin/docker", "-H", "unix:///run/bench-docker.sock")
    port = 18083
    network = "bridge"
    log_driver = "json-file"
    options = ()
    cannot = {"userns": "only its daemon as a whole has user namespaces"}

    def prepare_tool(self):
        if not os.path.exists(self.tool[0]):
            raise Unavailable("not installed")
        path = f"{self.work}/docker.log"
        with open(path, "w", encoding="utf-8") as log:
            self.daemon = subprocess.Popen(
                ["dockerd", "-H", "unix:///run/bench-docker.sock", "--data-root", f"{self.work}/docker", "--exec-root", "/run/bench-docker",
                 "-p", f"{self.work}/docker.pid", "--iptables=true", "--cgroup-parent", "/bench/docker"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        answers = wait_for(lambda: self.daemon.poll() is not None or attempt(*self.tool, "version", seconds=10), 60)
        if not answers or self.daemon.poll() is not None:
            with open(path, encoding="utf-8") as f:
                raise Unavailable("dockerd does not answer: " + (f.read().strip().splitlines() or ["nothing said"])[-1])

    def clean(self):
        if hasattr(self, "daemon"):
            self.daemon.terminate()
            try:
                self.daemon.wait(30)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()

    def helpers(self):
        return [pid for name in ("dockerd", "containerd", "containerd-shim", "docker-proxy") for pid in pids_of(name[:15])]


class Nspawn(Side):
    name = "systemd-nspawn"
    cannot = {"net": NO_PORTS, "exit-net": NO_PORTS, "bare": "its filter is always on",
              "answers": "machinectl needs a systemd that runs", "logs": "its containers write where it writes"}
    crowd_network = False

    def prepare(self):
        if not shutil.which(self.name):
            raise Unavailable("not installed")
        self.root = f"{self.work}/nspawn-root"
        run("cp", "-a", f"{self.work}/root", self.root)
        os.makedirs(f"{self.root}/usr", exist_ok=True)

    def command(self, name, payload, *options):
        return ["systemd-nspawn", "-q", "-D", self.root, "-M", name, "--register=no", "--keep-unit", "--private-network",
                "--console=pipe", f"--bind={self.work}/stamps:/stamps", "--kill-signal=SIGTERM", *options, *payload]

    def background(self, name, command):
        """It stays with its container: a shell goes on without it and keeps its pid."""
        return ["sh", "-c", "pid=$0; \"$@\" </dev/null >/dev/null 2>&1 & echo $! >\"$pid\"", f"{self.work}/{name}.pid", *command]

    def end(self, name):
        """The shell has the fastest look at a process that is there: its own kill."""
        return ["sh", "-c", "read pid <\"$0\"; kill -TERM $pid && while kill -0 $pid 2>/dev/null; do sleep 0.001; done",
                f"{self.work}/{name}.pid"]

    def start(self, kind):
        options = [f"--private-users={FIRST_ID}:{IDS}", "--private-users-ownership=map"] if KINDS[kind].user_namespace else []
        command = self.command(f"nspawn-{kind}", self.payload(kind), *options)
        return command if KINDS[kind].exits else self.background(f"nspawn-{kind}", command)

    def stop(self, kind):
        return self.end(f"nspawn-{kind}")

    def helpers(self):
        return pids_of("systemd-nspawn"[:15])

    def crowd_start(self):
        """All with one root, which one of them alone could write to."""
        return self.background("nspawn-many-{}", self.command("many-{}", self.payload("many"), "--read-only"))

    def crowd_stop(self):
        return self.end("nspawn-many-{}")


class Lxc(Side):
    name = "lxc"
    cannot = {"net": NO_PORTS, "exit-net": NO_PORTS, "logs": "its containers write where it writes"}
    crowd_network = False

    def prepare(self):
        if not shutil.which("lxc-start"):
            raise Unavailable("not installed")
        for kind in self.kinds():
            self.container(f"bench-{kind.name}", self.payload(kind.name), kind.seccomp, kind.user_namespace)

    def container(self, name, payload, seccomp=True, user_namespace=False, rootfs=None):
        base = f"{self.work}/lxc/{name}"
        os.makedirs(base)
        if rootfs is None:
            rootfs = f"{base}/rootfs"
            run("cp", "-a", f"{self.work}/root", rootfs)
        text = (f"lxc.rootfs.path = dir:{rootfs}\nlxc.uts.name = bench\nlxc.net.0.type = empty\nlxc.signal.halt = SIGTERM\n"
                f"lxc.mount.auto = proc:mixed sys:ro\nlxc.mount.entry = {self.work}/stamps stamps none bind 0 0\n"
                f"lxc.execute.cmd = {' '.join(payload)}\nlxc.init.cmd = {' '.join(payload)}\n")
        if seccomp:
            text += "lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp\n"
        if user_namespace:
            text += f"lxc.idmap = u 0 {FIRST_ID} {IDS}\nlxc.idmap = g 0 {FIRST_ID} {IDS}\n"
            run("chown", "-R", f"{FIRST_ID}:{FIRST_ID}", rootfs)
        write(f"{base}/config", text)

    def command(self, tool, name, *options):
        return [tool, "-P", f"{self.work}/lxc", "-n", name, *options]

    def start(self, kind):
        return self.command("lxc-start", f"bench-{kind}", *(["-F"] if KINDS[kind].exits else []))

    def stop(self, kind):
        return self.command("lxc-stop", f"bench-{kind}")

    def helpers(self):
        return list(pids_with("[lxc monitor]"))

    def crowd_prepare(self, count):
        for number in range(1, count + 1):
            self.container(f"many-{number}", self.payload("many"), rootfs=f"{self.work}/lxc/bench-none/rootfs")

    def crowd_start(self):
        return self.command("lxc-start", "many-{}")

    def crowd_stop(self):
        return self.command("lxc-stop", "many-{}")

    def crowd_clean(self, count):
        for number in range(1, count + 1):
            shutil.rmtree(f"{self.work}/lxc/many-{number}")

    def answers(self):
        return {"list": ["lxc-ls", "-P", f"{self.work}/lxc"], "status of one": self.command("lxc-info", "many-1"),
                "a property of one": self.command("lxc-info", "many-1", "-pH")}
