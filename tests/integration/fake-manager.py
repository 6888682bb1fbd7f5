"""A manager that says what it is told to, to clients one after the other.

fake-manager.py SOCKET: the file SOCKET.script has, for each client, a line of words:
hello, subscribed, old, refused, job:N (the answer, 0 = nothing to do), end:N:RESULT, states:LOAD:ACTIVE, garbage,
nothing (an answer without arguments), wait (for the client to go), torn (what follows goes out byte by byte). Then
the connection is closed. Prints what each client has asked for.
"""
import os
import socket
import struct
import sys
import time


def text(value):
    data = value.encode()
    return struct.pack("=I", len(data)) + data + b"\0"


def pad(data, to):
    return data + b"\0" * (-len(data) % to)


def message(kind, signature, body, answers=0, member=""):
    fields = b""
    for number, type_, value in ((5, b"u", answers), (3, b"s", member), (7, b"s", "org.nsunits1")):
        if value:
            fields = pad(fields, 8) + bytes([number, 1]) + type_ + b"\0"
            fields += struct.pack("=I", value) if type_ == b"u" else text(value)
    if signature:
        fields = pad(fields, 8) + b"\x08\x01g\0" + bytes([len(signature)]) + signature.encode() + b"\0"
    order = b"l" if sys.byteorder == "little" else b"B"
    head = order + bytes([kind, 1, 1]) + struct.pack("=III", len(body), 1, len(fields))
    return pad(head + fields, 8) + body


def path(job):
    return "/" if job == "0" else "/org/nsunits1/job/" + job


def data_of(word):
    word, *rest = word.split(":")
    if word == "hello":
        return b"DATA\r\nOK " + b"0" * 32 + b"\r\n"
    if word == "subscribed":
        return message(2, "", b"", answers=1)
    if word == "nothing":
        return message(2, "", b"", answers=2)
    if word in ("old", "refused"):
        return message(3, "s", text("no"), answers=1 if word == "old" else 2)
    if word == "job":
        paths = text(path(rest[0]))
        return message(2, "ao", struct.pack("=I", len(paths)) + paths, answers=2)
    if word == "end":
        body = pad(struct.pack("=I", int(rest[0])) + text(path(rest[0])), 4)
        body = pad(pad(body + text("web.container"), 4) + text(rest[1]), 1)
        return message(4, "uoss", body, member="JobRemoved")
    if word == "states":
        body = b"\0" * 8
        for value in ("web.container", "the web", *rest, "sub", "", path("0")):
            body = pad(body, 4) + text(value)
        body = pad(body, 4) + struct.pack("=I", 0) + pad(text(""), 4) + text(path("0"))
        return message(2, "a(ssssssouso)", struct.pack("=I", len(body) - 8) + body[4:], answers=2)
    return b"garbage, and more than a header of it"


def serve(client, script):
    heard = client.recv(65536)
    print("asked:", *(name for name in ("SubscribeToJobs", "StartUnits", "ListUnitsByNames", "web.container",
                                          "replace")
                      if name.encode() in heard), flush=True)
    torn = False
    for word in script.split():
        if word == "torn":
            torn = True
            continue
        if word == "wait":
            client.recv(1)
            continue
        data = data_of(word)
        for piece in [data[i:i + 1] for i in range(len(data))] if torn else [data]:
            try:
                client.sendall(piece)
            except BrokenPipeError:
                return
            if torn:
                time.sleep(0.0002)


server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
while True:
    connection, _ = server.accept()
    with open(sys.argv[1] + ".script", encoding="ascii") as file:
        serve(connection, file.read())
    connection.close()
