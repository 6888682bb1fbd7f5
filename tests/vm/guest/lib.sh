# Shared by the scripts that run in the test machine: tests/lib.sh, and a machine that is theirs alone.
# shellcheck shell=bash
. /opt/nsunits-tests/lib.sh
work=$(mktemp -d)
trap 'leave $?' EXIT

# cgroup_file UNIT FILE - the content of a control file of a unit's container.
cgroup_file() { cat "/sys/fs/cgroup$(property "$1" ControlGroup)/$2"; }

# A root file system on the machine's ext4, for units with Rootfs=.
root=/srv/small
if [[ ! -d $root ]]; then
        small_archive "$work/small.tar"
        mv "$work/small" "$root"
        ln -s busybox "$root/bin/tail"
fi

# container NAME [KEY=VALUE...] - a unit file with a container of that root and no network; keys of [Service]
# come behind the word "service", as in: container web Exec="sleep 9" service Restart=always
container() {
        local name=$1 key
        shift
        {
                printf '[Container]\nRootfs=%s\nNetwork=none\n' "$root"
                for key in "$@"; do
                        [[ $key == service ]] && key='[Service]'
                        printf '%s\n' "$key"
                done
        } >"/etc/nsunits/$name.container"
}

# The boot of a machine with systemd has come to its end.
host_is_up() { [[ $(systemctl is-system-running) =~ ^(running|degraded)$ ]]; }
