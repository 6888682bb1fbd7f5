# Shared by the tests of tricky images: what umoci makes of a layout, and what we make of it.
# shellcheck shell=bash

# tree DIRECTORY - times of directories are left out: umoci gives those that no entry tells about the present.
tree() {
        python3 "$top/tests/integration/tree.py" "$1" | sed -E 's/^(.* 0o4[0-7]+ [0-9]+ [0-9]+ 0) [0-9]+ /\1 - /'
}

# ours NAME - the image as overlayfs shows it. Links keep the option short, however many layers there are; a layer
# that occurs twice counts at its topmost place.
ours() {
        local layer n=0 lower=
        rm -rf "$work/l" && mkdir -p "$work/root" "$work/l/empty"
        for layer in $(nsctl image inspect "$1" | jq -r '[.layers[].diff_id | ltrimstr("sha256:")] | reverse | .[]' | awk '!seen[$0]++'); do
                n=$((n + 1))
                ln -s "/var/lib/nsunits/layers/$layer/fs" "$work/l/$n"
                lower+="$n:"
        done
        (cd "$work/l" && mount -t overlay overlay -o "ro,lowerdir=${lower}empty" "$work/root") || return 1
        tree "$work/root"
        umount "$work/root"
}

# theirs LAYOUT [TAG] - what umoci makes of it, but for devices, which are left out of ours.
theirs() {
        rm -rf "$work/umoci"
        umoci raw unpack --image "$1:${2-x}" "$work/umoci" >/dev/null 2>"$work/umoci.err" || { cat "$work/umoci.err"; return 1; }
        find "$work/umoci" \( -type b -o -type c \) -delete
        tree "$work/umoci"
}

# same_tree LAYOUT
same_tree() { diff <(theirs "$1") <(ours "$2"); }

no_layers() { [[ -z $(ls -A /var/lib/nsunits/layers) ]]; }

make_trees() {
        mkdir "$work/images"
        python3 "$top/tests/integration/tricky-images.py" "$work/images"
}
