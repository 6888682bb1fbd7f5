"""Makes OCI layouts, a directory each: such as are hard to unpack, and such as lie.
Usage: tricky-images.py DIRECTORY [ROOT.tar]; with a root file system one layout, of 128 layers upon that. A file NAME.refused beside a layout has the words of its refusal; a link NAME.twin leads
to one of the same tree, where umoci does not know the form."""
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."


class Layer:
    """A tar, entry by entry, in the form that most tools write."""

    def __init__(self, form=tarfile.PAX_FORMAT, pax=None):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=form, errors="surrogateescape",
                                pax_headers=pax or {})

    def add(self, name, kind=tarfile.REGTYPE, data=b"", link="", mode=None, pax=None, **more):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size = kind, link, len(data)
        info.mode = mode if mode is not None else 0o755 if kind == tarfile.DIRTYPE else 0o644
        info.mtime = 1000000000
        info.pax_headers = pax or {}
        for key, value in more.items():
            setattr(info, key, value)
        self.tar.addfile(info, io.BytesIO(data))
        return self

    def dir(self, name, **more):
        return self.add(name, tarfile.DIRTYPE, **more)

    def file(self, name, text=None, **more):
        return self.add(name, data=(text or "contents of " + name).encode("utf-8", "surrogateescape"), **more)

    def symlink(self, name, to):
        return self.add(name, tarfile.SYMTYPE, link=to, mode=0o777)

    def hard(self, name, to):
        return self.add(name, tarfile.LNKTYPE, link=to)

    def bytes(self):
        self.tar.close()
        return self.buffer.getvalue()


class Image:
    """A layout; the fields are there to be spoilt before it is written."""

    def __init__(self, *layers, compress="gzip", docker=False):
        self.blobs, self.diff_ids, self.layers = {}, [], []
        kind = DOCKER + "image.rootfs.diff.tar" if docker else OCI + "layer.v1.tar"
        for layer in layers:
            data = layer if isinstance(layer, bytes) else layer.bytes()
            self.diff_ids.append("sha256:" + hashlib.sha256(data).hexdigest())
            suffix = ""
            if compress == "gzip":
                data, suffix = gzip.compress(data, mtime=0), ".gzip" if docker else "+gzip"
            elif compress == "zstd":
                data = subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout
                suffix = "+zstd"
            self.layers.append(self.blob(data, kind + suffix))
        self.config_type = DOCKER + "container.image.v1+json" if docker else OCI + "config.v1+json"
        self.manifest_type = DOCKER + "distribution.manifest.v2+json" if docker else OCI + "manifest.v1+json"
        self.config = {"architecture": "amd64", "os": "linux", "config": {}}
        self.entries = []

    def blob(self, data, kind):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    def json_blob(self, what, kind):
        return self.blob(json.dumps(what).encode(), kind)

    def manifest(self):
        self.config["rootfs"] = {"type": "layers", "diff_ids": self.diff_ids}
        config = self.json_blob(self.config, self.config_type)
        return self.json_blob({"schemaVersion": 2, "mediaType": self.manifest_type, "config": config,
                               "layers": self.layers}, self.manifest_type)

    def write(self, directory):
        entries = self.entries or [self.manifest()]
        entries[0].setdefault("annotations", {"org.opencontainers.image.ref.name": "x"})
        os.makedirs(directory + "/blobs/sha256")
        for digest, data in self.blobs.items():
            with open(f"{directory}/blobs/sha256/{digest[7:]}", "wb") as f:
                f.write(data)
        with open(directory + "/index.json", "w") as f:
            json.dump({"schemaVersion": 2, "manifests": entries}, f)
        with open(directory + "/oci-layout", "w") as f:
            json.dump({"imageLayoutVersion": "1.0.0"}, f)


def base():
    return Layer().dir("./", mode=0o751).dir("etc").file("etc/a").file("etc/b")


def gnu_tar(script, *options):
    """What GNU tar makes of the files that a shell script makes."""
    return subprocess.run(["sh", "-c", f"""d=$(mktemp -d) && (cd "$d" && {script}) &&
        tar -C "$d" --mtime=@1000000000 --owner=5 --group=6 --numeric-owner --sort=name {' '.join(options)} -cf - . &&
        rm -rf "$d" """], stdout=subprocess.PIPE, check=True).stdout


def tricky():
    yield "hard-links", Image(base().file("one").hard("two", "one").hard("three", "./two").symlink("s", "one")
                              .hard("etc/four", "one").file("one", "replaced, the others are not"))
    yield "hard-links-across", Image(
        base().dir("d", uid=7, mode=0o700).file("d/deep", mode=0o4755, uid=8).file("plain").file("kept"),
        Layer().hard("d/link", "d/deep").hard("other/link", "plain").hard("new", "kept").file("kept", "anew"))
    yield "attributes", Image(base().file("x", pax={"SCHILY.xattr.user.note": "value"})
                              .file("suid", mode=0o4755).file("sgid", mode=0o2755, gid=9)
                              .dir("sticky", mode=0o1777).dir("both", mode=0o6775, uid=3, gid=4)
                              .file("none", mode=0).file("owned", uid=1234, gid=4321)
                              .file("high", uid=0x7ffffffe, gid=0x7ffffffe))
    yield "times", Image(base().file("fine", pax={"mtime": "1000000000.123456789"}).file("early", mtime=0)
                         .dir("dir", mtime=1234567890).file("dir/in").file("late", mtime=2**33 + 5))
    yield "devices", Image(base().dir("dev").add("dev/null", tarfile.CHRTYPE, devmajor=1, devminor=3)
                           .add("dev/sda", tarfile.BLKTYPE, devmajor=8).add("fifo", tarfile.FIFOTYPE)
                           .file("dev/file"))
    sparse = "truncate -s 40M holes && for at in 0 9 27; do echo x | dd of=holes bs=1 seek=${at}M conv=notrunc " \
             "status=none; done; truncate -s 3M nothing; truncate -s 1000 short"
    yield "sparse-pax", Image(gnu_tar(sparse, "--sparse", "--format=pax"))
    yield "sparse-gnu", Image(gnu_tar(sparse, "--sparse", "--format=gnu")), "sparse-pax"
    long = "/".join(["a-directory-with-a-name-that-is-long"] * 12)
    for form in tarfile.PAX_FORMAT, tarfile.GNU_FORMAT:
        yield f"long-names-{form}", Image(Layer(form).file(long + "/" + "n" * 255).hard("h", long + "/" + "n" * 255)
                                          .symlink("s", "t" * 4000).file("u/" + "\u00e9\u4e2d" * 40))
    yield "bytes-in-names", Image(Layer(tarfile.GNU_FORMAT).file("latin-\udce9").dir("d-\udcff")
                                  .file("d-\udcff/x\ny\tz").file("d-\udcff/ ").hard("h-\udcfe", "latin-\udce9")
                                  .symlink("s-\udcfe", "latin-\udce9").file("back\\slash").file("-rf").file("*"))
    yield "spelling", Image(Layer().file("./a").file("/b").file("c//d").file("./e/./f").dir("g/").dir("./h//")
                            .file("h/i"))
    yield "implied", Image(base().dir("p", mode=0o700, uid=5).dir("p/q", mode=0o711).file("p/q/r"),
                           Layer().file("p/q/s").file("v/w/x"))
    yield "no-root-entry", Image(Layer().dir(".", mode=0o700, uid=3).file("a"), Layer().file("b"))
    yield "whiteouts", Image(base().dir("d").file("d/x").file("d/y").dir("e").file("e/z").symlink("l", "etc"),
                             Layer().file("etc/.wh.a").file(".wh.e").file("d/.wh.x").file(".wh.l")
                             .file(".wh.never-there"))
    yield "whiteout-then-again", Image(base().dir("d").file("d/x"), Layer().file(".wh.d"),
                                       Layer().dir("d").file("d/new"))
    yield "opaque", Image(base().dir("o").file("o/old").dir("o/sub").file("o/sub/old"),
                          Layer().dir("o").file("o/.wh..wh..opq").file("o/new").dir("o/sub").file("o/sub/new"),
                          Layer().file("o/third"))
    yield "opaque-late", Image(base().dir("o").file("o/old"),
                               Layer().dir("o").file("o/new").file("o/.wh..wh..opq"))
    yield "opaque-implied", Image(base().dir("o", mode=0o700).file("o/old"), Layer().file("o/.wh..wh..opq"))
    yield "changed-kinds", Image(
        base().file("file-dir").dir("dir-file").file("dir-file/x").symlink("link-dir", "etc").dir("dir-link")
        .file("dir-link/y").file("file-link"),
        Layer().dir("file-dir").file("file-dir/in").file("dir-file").dir("link-dir").symlink("dir-link", "etc")
        .symlink("file-link", "etc/a"))
    yield "twice", Image(base().file("f", "first").file("f", "second", mode=0o600).dir("d", mode=0o700).file("d/x")
                         .dir("d", mode=0o755).file("g").dir("g").file("g/h").dir("i").file("i/j").file("i"))
    yield "links-as-parents", Image(base().dir("usr").dir("usr/lib").symlink("lib", "usr/lib").file("lib/x")
                                    .symlink("abs", "/usr/lib").file("abs/y").symlink("up", "../../usr").file("up/z"))
    yield "global-header", Image(Layer(pax={"comment": "of all"}).file("a")), "one-file"
    yield "one-file", Image(Layer().file("a"))
    yield "empty-layer", Image(base(), Layer(), Layer().file("top"))
    yield "layer-twice", Image(base(), Layer().file("x"), Layer().file(".wh.x"), Layer().file("x"))
    yield "plain", Image(base(), compress=None)
    yield "gzip", Image(base(), Layer().file("etc/.wh.a"))
    yield "zstd", Image(base(), Layer().file("etc/.wh.a"), compress="zstd"), "gzip"
    yield "schema2", Image(base(), Layer().file("etc/.wh.a"), docker=True), "gzip"
    members = Image(base())
    members.blobs.clear()
    whole = base().bytes()
    members.layers = [members.blob(gzip.compress(whole[:700]) + gzip.compress(whole[700:]), OCI + "layer.v1.tar+gzip")]
    yield "gzip-members", members
    yield "128-layers", Image(base(), *[Layer().file(f"l/{n}", f"{n}").file("etc/last", f"{n}") for n in range(127)])


def spoilt(change):
    image = Image(base(), Layer().file("second"))
    change(image)
    return image


def index(image, depth):
    entry = image.manifest()
    for _ in range(depth):
        entry = image.json_blob({"schemaVersion": 2, "manifests": [entry]}, OCI + "index.v1+json")
    image.entries = [entry]


def change_blob(image, which, what):
    digest = image.layers[which]["digest"]
    image.blobs[digest] = what(image.blobs[digest])


def hostile():
    out = "unpack %s leads out of the layer"
    yield "traversal", Image(Layer().file("../x")), out % "../x"
    yield "traversal-later", Image(Layer().file("a/../../x")), out % "a/../../x"
    yield "traversal-link", Image(Layer().hard("x", "../../etc/passwd")), out % "../../etc/passwd"
    yield "traversal-whiteout", Image(Layer().file("etc/.wh...")), "unpack etc/.wh... is a whiteout of nothing"
    yield "whiteout-of-nothing", Image(Layer().file(".wh.")), "unpack .wh. is a whiteout of nothing"
    yield "link-to-outside", Image(Layer().hard("x", "/etc/shadow")), "x: no link target etc/shadow"
    yield "link-through-link", Image(Layer().symlink("d", "/etc").hard("x", "d/shadow")), "x: no link target d/shadow"
    yield "link-to-directory", Image(base().hard("x", "etc")), "x: no link target etc"
    yield "link-to-deleted", Image(base(), Layer().file("etc/.wh.a").hard("x", "etc/a")), "x: no link target etc/a"
    yield "link-loop", Image(Layer().symlink("a", "b").symlink("b", "a").file("a/x")), "unpack a/x: Too many levels"
    yield "deep", Image(Layer().file("d/" * 201 + "x")), "File name too long"
    big = tarfile.TarInfo("big")
    big.size = 2**60
    head = big.tobuf(tarfile.GNU_FORMAT)
    yield "absurd-size", Image(head + bytes(1024)), "unpack big is longer than 274877906944 bytes"
    bomb = Layer(pax=None)
    bomb.add("GNUSparseFile.0/bomb", data=b"1\n0\n0\n" + bytes(506), pax={
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "bomb",
        "GNU.sparse.realsize": str(2**50)})
    yield "sparse-bomb", Image(bomb), "unpack bomb is longer than 274877906944 bytes"
    yield "cut", Image(Layer().file("x", "y" * 5000).bytes()[:3000]), "Truncated tar archive"
    yield "no-tar", Image(b"this is no archive, and long enough to be sure of that" * 100), "Unrecognized archive format"
    yield "root-is-a-file", Image(Layer().file(".")), "the root is no directory"
    yield "wrong-blob", spoilt(lambda i: change_blob(i, 1, lambda b: b[:-1] + bytes([b[-1] ^ 1]))), "digest blobs/sha256/"
    yield "short-blob", spoilt(lambda i: change_blob(i, 1, lambda b: b[:-1])), "bytes instead of"
    yield "missing-blob", spoilt(lambda i: i.blobs.pop(i.layers[1]["digest"])), "No such file or directory"
    yield "wrong-diff-id", spoilt(lambda i: i.diff_ids.__setitem__(1, "sha256:" + "0" * 64)), "unpacks to sha256:"
    yield "few-diff-ids", spoilt(lambda i: i.diff_ids.pop()), "configuration 1 DiffIDs for 2 layers"
    yield "sha512", spoilt(lambda i: i.layers[0].__setitem__("digest", "sha512:" + "0" * 128)), "manifest digest sha512:"
    yield "foreign", spoilt(lambda i: i.layers[0].__setitem__(
        "mediaType", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")), "manifest layer of type"
    yield "windows", spoilt(lambda i: i.config.__setitem__("os", "windows")), "configuration image for windows"
    yield "artifact", spoilt(lambda i: setattr(i, "config_type", "application/vnd.unknown+json")), "configuration of type"
    yield "index-in-index", spoilt(lambda i: index(i, 9)), "manifest indexes in indexes"
    yield "path-as-digest", spoilt(lambda i: i.layers[0].__setitem__("digest", "sha256:../../../../etc/passwd")), \
        "manifest digest sha256:../"


def many(root, directory):
    """A tar of a root file system below 127 layers, a big file in some of them."""
    with open(root, "rb") as f:
        image = Image(f.read(), *[Layer().file(f"l/{n}", f"{n}" * (1 if n % 16 else 100000)).file("etc/last", f"{n}")
                                  for n in range(127)])
    image.config["config"]["Cmd"] = ["/bin/sh", "-c", "cat /etc/last /l/0 /l/126 | md5sum; sleep 1000"]
    image.write(directory)


def main(directory, root=None):
    os.umask(0o022)
    if root:
        return many(root, directory)
    for name, image, *twin in tricky():
        image.write(f"{directory}/{name}")
        if twin:
            os.symlink(twin[0], f"{directory}/{name}.twin")
    for name, image, words in hostile():
        image.write(f"{directory}/{name}")
        with open(f"{directory}/{name}.refused", "w") as f:
            f.write(words + "\n")


main(*sys.argv[1:])
