"""Published ports: what a change costs beside few and beside many, and what goes through them."""
import contextlib
import json
import os
import shutil
import subprocess

from host import Unavailable, attempt, run, wait_for, write
from sides import Side

# Where the servers of the traffic listen; each side publishes both.
STREAM, CONNECTIONS = 5201, 5202
CHANGES = {"published": ["PublishPort=18061:81"], "moved": ["PublishPort=18062:81"],
           "taken back": ["PublishPort=", "PublishPort=18060:80"]}
SERVER = "/bin/connect serve 5202 & exec /bin/iperf3 -s"


def ports(bench):
    """Publish, move and take back: it must not depend on how many there are."""
    nsunits = bench.sides["nsunits"]
    for side in bench.sides.values():
        if side.name not in ("nsunits", "floor"):
            bench.results.note("a port published, moved, taken back", side.name, side.unable.get("net", "it cannot while a container runs"))
    for count in bench.ports:
        bench.say(f"ports: beside {count:,}")
        with bench.noting_failure(f"ports, beside {count:,}", nsunits.name), crowd_of_ports(nsunits, count):
            for _ in bench.turns("ports", bench.rounds):
                changes(bench, nsunits, count)
            elements(bench, count)


@contextlib.contextmanager
def crowd_of_ports(nsunits, count):
    """A container with so many published ports, and the one whose ports are changed."""
    nsunits.unit("crowd", nsunits.payload("crowd"), "".join(f"PublishPort={20000 + i}:{10000 + i}\n" for i in range(count)))
    nsunits.unit("mover", nsunits.payload("mover"), "PublishPort=18060:80\n")
    run("nsctl", "daemon-reload")
    try:
        run("nsctl", "start", "crowd", "mover")
        yield
    finally:
        attempt("nsctl", "stop", "crowd", "mover")
        for name in ("crowd", "mover"):
            os.unlink(f"/etc/nsunits/{name}.container")
        shutil.rmtree("/run/nsunits/mover.container.d", ignore_errors=True)
        attempt("nsctl", "daemon-reload")


def changes(bench, nsunits, count):
    for what, keys in CHANGES.items():
        bench.timed(f"a port {what} while it runs, beside {count:,}", nsunits, "exit", "nsctl", "set-property", "--runtime", "mover", *keys)
    if bench.timed(f"start with a port beside {count:,}", nsunits, "start", nsunits.stamps("net"), *nsunits.start("net")):
        bench.timed(f"stop with a port beside {count:,}", nsunits, "exit", *nsunits.stop("net"))


def elements(bench, count):
    """The transaction alone, as src/network makes it, and the same by the nft command with a map of its own."""
    for line in run(os.environ["BENCH_PORTS"], str(count), str(bench.rounds * 10)).splitlines():
        what, nanoseconds = line.rsplit(" ", 1)
        bench.results.add(f"transaction: a port {what}, beside {count:,}", "us", "nsunits", int(nanoseconds) / 1e3)
    if "floor" not in bench.sides:
        return
    many = ", ".join(f"tcp . {20000 + i} : 10.99.0.9 . {10000 + i}" for i in range(count))
    write(f"{bench.work}/elements", f"add element inet floor ports {{ {many} }}\n")
    run("nft", "-f", f"{bench.work}/elements")
    change = "element inet floor ports { tcp . 18061 : 10.99.0.9 . 81 }"
    for _ in range(bench.rounds):
        for what, verb in (("published", "add"), ("taken back", "delete")):
            bench.timed(f"a port {what} while it runs, beside {count:,}", Command("nft command"), "exit", "nft", verb, change)
    run("nft", "flush map inet floor ports")


class Command(Side):
    """Somebody in a table who is no side."""

    def __init__(self, name):  # pylint: disable=super-init-not-called
        self.name = name


# --- traffic ------------------------------------------------------------------------------------------------


def serve(bench):
    """A tree with the servers and their libraries, in which no image is needed: the same for all sides."""
    root = f"{bench.work}/serve"
    for name in ("bin", "proc", "sys", "dev", "tmp", "run", "etc"):
        os.makedirs(f"{root}/{name}")
    shutil.copy(f"{bench.work}/tools/connect", f"{root}/bin/connect")
    for program in ("iperf3", "sh"):
        path = os.path.realpath(run("which", program))
        shutil.copy(path, f"{root}/bin/{program}")
        for line in run("ldd", path).splitlines():
            library = next((word for word in line.split() if word.startswith("/")), None)
            if library:
                os.makedirs(f"{root}{os.path.dirname(library)}", exist_ok=True)
                shutil.copy(library, f"{root}{library}")
    run("tar", "-C", root, "--owner=0", "--group=0", "--numeric-owner", "-cf", f"{root}.tar", ".")
    return root


def make_client():
    """A host of its own, reached through a veth pair, with a route to what is published here."""
    run("ip", "netns", "add", "client")
    run("ip", "link", "add", "vc0", "type", "veth", "peer", "name", "vc1", "netns", "client")
    run("ip", "address", "add", "192.0.2.1/24", "dev", "vc0")
    run("ip", "link", "set", "vc0", "up")
    run("ip", "-n", "client", "address", "add", "192.0.2.2/24", "dev", "vc1")
    run("ip", "-n", "client", "link", "set", "vc1", "up")


def serve_here(arguments=(), port=STREAM):
    """Both servers, as processes of ours."""
    return [subprocess.Popen([*arguments, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for command in (["iperf3", "-s", "-p", str(port)], ["connect", "serve", str(port + 1)])]


def serve_nsunits(bench, root, port):
    write("/etc/nsunits/serve.container", f"[Container]\nRootfs={root}:O\nExec=/bin/sh -c '{SERVER}'\n"
          f"PublishPort={port}:{STREAM}\nPublishPort={port + 1}:{CONNECTIONS}\n")
    run("nsctl", "daemon-reload")
    run("nsctl", "start", "serve")
    return lambda: run("nsctl", "stop", "serve")


def serve_peer(side, root, port):
    run(*side.tool, "import", f"{root}.tar", "serve")
    if not attempt(*side.tool, "run", "-d", "--name", "serve", *side.options, "--log-driver=none", "-p", f"{port}:{STREAM}",
                   "-p", f"{port + 1}:{CONNECTIONS}", "serve", "/bin/sh", "-c", SERVER):
        raise Unavailable("the servers do not start")
    return lambda: attempt(*side.tool, "rm", "-f", "serve")


def serve_floor(port):
    """A namespace behind a bridge and a map that was written by hand."""
    run("ip", "netns", "add", "server")
    run("ip", "link", "add", "vs0", "type", "veth", "peer", "name", "eth0", "netns", "server")
    run("ip", "link", "set", "vs0", "master", "flbr0", "up")
    for words in ("address add 10.99.0.9/16 dev eth0", "link set eth0 up", "route add default via 10.99.0.1"):
        run("ip", "-n", "server", *words.split())
    for offset in (0, 1):
        run("nft", f"add element inet floor ports {{ tcp . {port + offset} : 10.99.0.9 . {STREAM + offset} }}")
    run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
    processes = serve_here(["ip", "netns", "exec", "server"])
    return lambda: (end(processes), run("ip", "netns", "del", "server"), run("nft", "flush map inet floor ports"))


def end(processes):
    for process in processes:
        process.terminate()
        process.wait()


def servers(bench, root, stack):
    """(side's name, port) of all that serve; they end with the stack."""
    here = serve_here(port=18200)
    stack.callback(end, here)
    yield "no container", 18200
    makers = {"nsunits": lambda port: serve_nsunits(bench, root, port), "floor": serve_floor}
    for number, side in enumerate(bench.sides.values()):
        if "net" in side.unable:
            bench.results.note("published TCP, connections", side.name, side.unable["net"])
            continue
        port = 18210 + number * 10
        try:
            stack.callback(makers[side.name](port) if side.name in makers else serve_peer(side, root, port))
            yield side.name, port
        except (Unavailable, OSError, subprocess.SubprocessError) as e:
            bench.results.fail("published TCP, connections", side.name, str(e))


def traffic(bench):
    """TCP from another host through the published port: more is better."""
    client = ["ip", "netns", "exec", "client"]
    with contextlib.ExitStack() as stack:
        ready = list(servers(bench, serve(bench), stack))
        make_client()
        stack.callback(run, "ip", "netns", "del", "client")
        for name, port in ready:
            if not wait_for(lambda port=port: attempt(*client, "connect", "once", "192.0.2.1", str(port + 1), seconds=5), 20):
                bench.results.fail("published TCP, connections", name, "nobody answers")
                ready = [other for other in ready if other[0] != name]
        for _ in bench.turns("traffic", min(bench.rounds, 5)):
            for name, port in ready:
                with bench.noting_failure("published TCP", name):
                    said = json.loads(run(*client, "iperf3", "-c", "192.0.2.1", "-p", str(port), "-t", "2", "-J", seconds=30))
                    bench.results.add("published TCP, more is better", "Gbit/s", name, said["end"]["sum_received"]["bits_per_second"] / 1e9)
                with bench.noting_failure("published connections", name):
                    said = run(*client, "connect", "count", "192.0.2.1", str(port + 1), "2", seconds=30)
                    bench.results.add("published connections, more is better", "1/s", name, float(said))
