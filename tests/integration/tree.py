"""Prints a tree, a line a file, with all that an image must carry: for diff(1)."""
import hashlib
import os
import stat
import sys


def contents(path, st):
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()
    return os.readlink(path) if stat.S_ISLNK(st.st_mode) else b""


def attributes(path):
    found = {}
    for name in os.listxattr(path, follow_symlinks=False):
        value = os.getxattr(path, name, follow_symlinks=False)
        # Version 3 of a capability differs in its head and tail only: the id of the root it holds for.
        found[name] = value[4:12] if name == "security.capability" else value
    return sorted(found.items())


def main(root):
    paths = [root]
    for directory, folders, files in os.walk(root):
        paths += [os.path.join(directory, name) for name in folders + files]
    first = {}
    for path in sorted(paths):
        st = os.lstat(path)
        name = os.path.relpath(path, root)
        size = 0 if stat.S_ISDIR(st.st_mode) else st.st_size
        # Hard links: by the first name of the same file.
        same = name if stat.S_ISDIR(st.st_mode) else first.setdefault((st.st_dev, st.st_ino), name)
        print(name, same, oct(st.st_mode), st.st_uid, st.st_gid, size, int(st.st_mtime), contents(path, st),
              attributes(path))


main(os.fsencode(sys.argv[1]))
