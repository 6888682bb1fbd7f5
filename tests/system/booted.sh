# Shared by the system tests: boots a Debian tree with real systemd, journald and D-Bus, nsunits installed.
# A test script begins with:   . "$(dirname "$0")/booted.sh"; enter_machine "$@"
# and then has boot, inside and shut_down.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# Re-run this script as PID 1 of namespaces of its own, in a cgroup of its own, with cgroup v2 where systemd
# looks for it. Its end ends the machine; this process then removes the cgroups.
enter_machine() {
        if [[ ${NSUNITS_PRIVATE-} != yes ]]; then
                local tree status mount
                tree=$("$top/tests/system/make-tree") || { not_ok "the tree to boot can be made"; exit 1; }
                mount=$(findmnt --noheadings --first-only --output TARGET --types cgroup2)
                [[ -n $mount ]] || { not_ok "the host has cgroup v2"; exit 1; }
                work=$(mktemp -d /var/tmp/nsunits-system.XXXXXX)
                NSUNITS_PRIVATE=yes NSUNITS_TREE=$tree NSUNITS_WORK=$work NSUNITS_CGROUP=${work##*/} \
                        unshare --mount --net --pid --fork --kill-child --mount-proc \
                        --propagation private bash "$0" "$@" &
                trap 'kill $! 2>/dev/null' INT TERM
                wait $!
                status=$?
                # The kernel needs a moment to empty the cgroups of what was killed.
                wait_until 20 remove_cgroups "$mount/${work##*/}" || not_ok "no cgroup of the machine is left"
                rm -rf "$work"
                exit "$status"
        fi

        work=$NSUNITS_WORK
        trap 'leave_machine $?' EXIT
        mount -t tmpfs -o mode=755 tmpfs /run
        join_cgroup
        mkdir -p "$work"/{memory,disk}
        # The machine's root is an overlay, on which there are neither upper directories nor id-mapped mounts:
        # the containers' state and their volumes (/srv) lie beside it.
        [[ $(stat -fc %T "$work/disk") != overlayfs ]] || mount -t tmpfs tmpfs "$work/disk"
        mkdir -p "$work"/disk/{state,srv}
        srv=$work/disk/srv
        mount -t tmpfs -o mode=755 tmpfs "$work/memory"
        mkdir -p "$work"/memory/{upper,work,tree}
        tree=$work/memory/tree
        mount -t overlay -o "lowerdir=$NSUNITS_TREE,upperdir=$work/memory/upper,workdir=$work/memory/work" \
                overlay "$tree"
        install_build
        small_archive "$tree/small.tar"
        mkdir -p "$tree"/etc/nsunits
}

# What the machine has of nsunits; a test may have its own way.
[[ $(type -t install_build) == function ]] || install_build() {
        DESTDIR=$tree meson install -C "$build" --no-rebuild --quiet || { not_ok "meson install"; exit 1; }
        ln -s ../nsunitd.service "$tree/etc/systemd/system/multi-user.target.wants/nsunitd.service"
}

remove_cgroups() {
        [[ ! -d $1 ]] || find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
        [[ ! -d $1 ]]
}

# Into a cgroup that the machine may divide. On this host's hierarchy nothing else changes.
join_cgroup() {
        mountpoint -q /sys/fs/cgroup && [[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]] ||
                mount -t cgroup2 cgroup2 /sys/fs/cgroup
        mkdir -p "/sys/fs/cgroup/$NSUNITS_CGROUP/machine"
        # What the host has: on some v2 has no controllers, and limits are not what these tests are about.
        local controller
        for controller in cpu memory pids; do
                echo "+$controller" >"/sys/fs/cgroup/$NSUNITS_CGROUP/cgroup.subtree_control"
        done 2>/dev/null
        echo 0 >"/sys/fs/cgroup/$NSUNITS_CGROUP/machine/cgroup.procs"
}

# boot - start the machine and wait until it is up. $machine is the pid of its systemd afterwards.
boot() {
        SYSTEMD_SECCOMP=0 systemd-nspawn --quiet --directory="$tree" --boot --register=no --keep-unit --private-network \
                --console=pipe --machine=nsunits-test --capability=all \
                --resolv-conf=off --timezone=off --link-journal=no --bind="$work/disk/state:/var/lib/nsunits" \
                --bind="$srv:/srv" --bind-ro="$NSUNITS_TREE:/opt/debian" --bind=/dev/kmsg \
                </dev/null >>"$work/console" 2>&1 &
        nspawn=$!
        machine=
        wait_until 20 find_machine || { not_ok "the machine boots"; exit 1; }
        wait_until 60 is_up || { not_ok "the boot ends"; inside systemctl list-jobs; exit 1; }
}

find_machine() {
        machine=$(pgrep -P "$nspawn" -x systemd) && [[ -n $machine ]]
}

# "degraded" is an end of the boot as well: what has failed is for the test to say.
is_up() { [[ $(inside systemctl is-system-running 2>/dev/null) =~ ^(running|degraded)$ ]]; }

# inside COMMAND... - run it in the machine, as root.
inside() {
        nsenter --target "$machine" --mount --uts --ipc --net --pid --cgroup \
                env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb "$@"
}

# shell TEXT - the same for a line of shell.
shell() { inside sh -c "$1"; }

# shut_down - poweroff, as an administrator would.
shut_down() {
        inside systemctl --no-block poweroff 2>/dev/null
        wait_until 60 machine_is_off || { not_ok "the machine goes off"; exit 1; }
        wait "$nspawn"
}

machine_is_off() { ! kill -0 "$nspawn"; }

leave_machine() {
        local status=$1
        trap - EXIT
        if [[ $status -ne 0 || $failures -ne 0 ]]; then
                if [[ -n ${machine-} ]] && kill -0 "$machine" 2>/dev/null; then
                        inside ps -eo pid,ppid,stat,wchan:20,args | sed 's/^/# /'
                        inside journalctl --no-pager --boot --lines 60 --output short-monotonic | sed 's/^/# /'
                else
                        tail -n 60 "$work/console" | sed 's/^/# console: /'
                fi
        fi
        [[ $status -ne 0 ]] || [[ $failures -eq 0 ]] || status=1
        exit "$status"
}

# make_small_image - a few static programs as the image "small", in the running machine.
make_small_image() {
        check "nsctl image import" inside nsctl image import --name small /small.tar
}

# property UNIT NAME - one property of a container, as nsctl shows it.
property() { inside nsctl show "$1" -p "$2" --value; }

# state UNIT NAME - one property of a host unit, as systemctl shows it.
state() { inside systemctl show "$1" --property "$2" --value; }
has_state() { [[ $(state "$1" "$2") == "$3" ]]; }

# journal WORD... - the journal of this boot, without the time and the host.
journal() { inside journalctl --quiet --boot --output cat "$@"; }

# unit_file NAME <<EOF - write a unit file of the machine.
unit_file() { cat >"$tree/etc/nsunits/$1"; }

# host_unit_file NAME <<EOF - write one of systemd.
host_unit_file() { cat >"$tree/etc/systemd/system/$1"; }
