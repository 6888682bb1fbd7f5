# Shared by the shell tests: private namespaces, a manager of our own, checks that are counted.
# A test script begins with:   . "$(dirname "$0")/../lib.sh"; enter_private "$@"
# shellcheck shell=bash

set -u
top=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
build=${NSUNITS_BUILD:-$top/build}
PATH=$build/src/ctl/front:$build/src/ctl:$build/src/daemon:$PATH
failures=0

cgroup2_mount() { awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts; }

# A cgroup of the test's own, so that tests of one machine do not meet; those of dead tests are removed.
enter_cgroup() {
        local root old
        root=$(cgroup2_mount)
        for old in "$root"/nsunits-test-*; do
                [[ -e /proc/${old##*-} ]] || find "$old" -depth -type d -exec rmdir {} + 2>/dev/null
        done
        mkdir "$root/nsunits-test-$$" && echo $$ >"$root/nsunits-test-$$/cgroup.procs"
}

# Re-run this script in its own mount, network, cgroup and process namespaces, with empty directories where
# the manager keeps its things. The shell is PID 1 there: it reaps what a killed manager leaves, and its end
# ends every process of the test.
enter_private() {
        if [[ ${NSUNITS_PRIVATE-} != yes ]]; then
                enter_cgroup
                NSUNITS_PRIVATE=yes exec unshare --mount --net --pid --cgroup --fork --kill-child --mount-proc \
                        --propagation private bash "$0" "$@"
        fi
        local root
        root=$(cgroup2_mount)
        umount -l "$root"
        mount -t cgroup2 cgroup2 "$root"
        cgroups=$root/nsunits-.slice # those of units are named after services
        mount -t tmpfs -o mode=755 tmpfs /run
        mkdir -p /etc/nsunits /var/lib/nsunits /var/log/nsunits /run/netns
        mount -t tmpfs -o mode=755 tmpfs /etc/nsunits
        mount -t tmpfs -o mode=711 tmpfs /var/lib/nsunits
        mount -t tmpfs -o mode=750 tmpfs /var/log/nsunits
        # The place at which the manager looks for its helpers, without touching the machine's own.
        local libexec
        libexec=$(sed -n 's/^#define LIBEXECDIR "\(.*\)"/\1/p' "$build/build-config.h")
        mkdir -p "$libexec"
        mount -t tmpfs tmpfs "$libexec"
        cp "$build"/src/{ctl/nsctl{,-import},runtime/{init/nsunits-init,standby/nsunits-standby,keeper/nsunits-keeper,logger/nsunits-logger}} \
                "$build"/src/daemon/nsunits-{worker,archiver,gate} "$libexec" 2>/dev/null
        ip link set lo up
        work=$(mktemp -d)
        trap 'leave $?' EXIT
}

leave() {
        local status=$1
        trap - EXIT
        if [[ $status -ne 0 || $failures -ne 0 ]] && [[ -s ${work-}/nsunitd.log ]]; then
                sed 's/^/# nsunitd: /' "$work/nsunitd.log" | tail -n 60
        fi
        stop_containers
        rm -rf "${work-/nonexistent}"
        [[ $status -ne 0 ]] || [[ $failures -eq 0 ]] || status=1
        exit "$status"
}

# ok|not_ok DESCRIPTION - one line for the runner to count.
ok() { printf 'ok - %s\n' "$*"; }
not_ok() {
        printf 'not ok - %s\n' "$*"
        failures=$((failures + 1))
}

# check DESCRIPTION COMMAND... - the command must succeed.
check() {
        local description=$1 output
        shift
        if output=$("$@" 2>&1); then
                ok "$description"
        else
                not_ok "$description"
                printf '%s\n' "$output" | head -n 20 | sed 's/^/#   /'
        fi
}

# check_fails DESCRIPTION COMMAND... - the command must fail with an exit status, not by a signal.
check_fails() {
        local description=$1 output status=0
        shift
        output=$("$@" 2>&1) || status=$?
        if [[ $status -gt 0 && $status -lt 126 ]]; then
                ok "$description"
        else
                not_ok "$description (exit status $status)"
                printf '%s\n' "$output" | head -n 20 | sed 's/^/#   /'
        fi
}

# check_equal DESCRIPTION EXPECTED ACTUAL
check_equal() {
        if [[ $2 == "$3" ]]; then
                ok "$1"
        else
                not_ok "$1"
                printf '#   expected: %s\n#   actual:   %s\n' "$2" "$3"
        fi
}

# wait_until SECONDS COMMAND... - poll for what no event can be awaited from a shell.
wait_until() {
        local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
        shift
        until "$@" >/dev/null 2>&1; do
                [[ ${EPOCHREALTIME/./} -lt $end ]] || return 1
                sleep 0.02
        done
}

manager_answers() { [[ -S /run/nsunitd/bus ]] && nsctl list >/dev/null 2>&1; }

# start_manager [OPTION...] - its pid is in $manager afterwards.
start_manager() {
        nsunitd "$@" </dev/null >>"$work/nsunitd.log" 2>&1 &
        manager=$!
        wait_until 30 manager_answers || { not_ok "the manager answers"; exit 1; }
}

stop_manager() {
        kill "$manager" 2>/dev/null
        wait "$manager" 2>/dev/null
}

kill_manager() {
        kill -9 "$manager"
        wait "$manager" 2>/dev/null
}

# What the test's manager still runs, so that nothing outlives the test.
stop_containers() {
        [[ -n ${manager-} ]] || return 0
        timeout 30 nsctl stop --all >/dev/null 2>&1
        stop_manager
}

# unit NAME <<EOF - write a unit file.
unit() { cat >"/etc/nsunits/$1"; }

main_process() { pid=$(property "$1" MainPID) && [[ $pid -gt 1 ]]; }

# kill_main UNIT [SIGNAL] - to the main process, which must be there; who is started with another one comes a moment later.
kill_main() {
        local pid
        if wait_until 20 main_process "$1"; then
                kill "-${2:-KILL}" "$pid"
        else
                not_ok "$1 has a main process to be killed"
        fi
}

# property UNIT NAME - one property's value.
property() { nsctl show "$1" -p "$2" --value; }

has_property() { [[ $(property "$1" "$2") == "$3" ]]; }

# standby_of UNIT - the process that is made ready to come after its main process; in $standby then.
standby_of() {
        local pid
        for pid in $(cat "$cgroups/$1.service/cgroup.procs" 2>/dev/null); do
                [[ $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") == "nsunits-standby " ]] || continue
                standby=$pid
                return 0
        done
        return 1
}

image_cache=${NSUNITS_CACHE:-/var/tmp/nsunits-test-images}

# debian_archive NAME PACKAGE... - make an archive of Debian packages, which is kept between tests. To be called
# before enter_private: afterwards there is no network.
debian_archive() {
        local name=$1
        shift
        mkdir -p "$image_cache"
        [[ -e $image_cache/$name.tar ]] || "$top/contrib/make-debian-image" "$image_cache/$name.tar" "$@" ||
                { not_ok "an archive of $* is made"; exit 1; }
}

# debian_image NAME - import such an archive.
debian_image() { nsctl image import --name "$1" "$image_cache/$1.tar" >/dev/null; }

# small_archive FILE - an image of a few static programs: enough for tests of supervision.
small_archive() {
        local root=$work/small
        mkdir -p "$root"/{bin,etc,tmp,proc,sys,dev,run}
        cp /bin/busybox "$root/bin/busybox"
        local name
        for name in sh sleep cat echo true false kill ls id env mount ip nc wget httpd grep ps touch mkdir rm head stat dd hostname nslookup ping; do
                ln -sf busybox "$root/bin/$name"
        done
        echo 'root:x:0:0:root:/:/bin/sh
daemon:x:1:1:daemon:/:/bin/false
app:x:1000:1000:app:/tmp:/bin/sh' >"$root/etc/passwd"
        echo 'root:x:0:
daemon:x:1:
app:x:1000:
extra:x:2000:app' >"$root/etc/group"
        tar -C "$root" --numeric-owner --owner=0 --group=0 -cf "$1" .
}

small_image() {
        small_archive "$work/small.tar"
        nsctl image import --name "$1" "$work/small.tar" >/dev/null
}

# The table and the bridges go a moment after the last link.
network_at_rest() {
        [[ -n $(nsctl links --json | grep -o host_link) ]] ||
                [[ -z $(nft list tables | grep nsunits; ip -o link show type bridge | grep 'link/ether 0a:57:') ]]
}

# footprint - all that containers may leave behind, as text to compare before and after.
footprint() {
        wait_until 20 network_at_rest
        # Where images are made, others may be at work.
        echo "mounts: $(grep nsunit /proc/self/mountinfo | grep -vcF "$image_cache/")"
        echo "links: $(ip -o link | grep -vc ' lo:')"
        echo "tables: $(nft list tables 2>/dev/null | grep -c nsunits)"
        echo "cgroups: $(find "$cgroups" -name '*.service' -type d 2>/dev/null | wc -l)"
        # What is in the trash is on its way.
        echo "containers: $(ls -A /var/lib/nsunits/containers 2>/dev/null | grep -vcx .trash)"
        echo "leases: $(find /run/nsunitd -path '*lease*' -type f -size +2c 2>/dev/null | wc -l)"
        echo "held: $(ls /run/nsunitd/held 2>/dev/null | wc -l)"
}
