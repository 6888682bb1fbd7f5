"""Passes TCP on, and holds it up once so many bytes have come back.

pausing-proxy.py PORT TARGET-PORT BYTES DIRECTORY: makes DIRECTORY/paused then, and goes on when there is
DIRECTORY/go. A DIRECTORY/more lets another mebibyte pass.
"""
import os
import socket
import sys
import threading
import time

port, target, limit, directory = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
lock = threading.Lock()
passed = 0


def is_over():
    global limit
    with lock:
        if passed > limit:
            try:
                os.unlink(os.path.join(directory, "more"))
                limit += 1024 * 1024
            except FileNotFoundError:
                pass
        return passed > limit


def hold_up(n):
    global passed
    with lock:
        passed += n
    while is_over() and not os.path.exists(os.path.join(directory, "go")):
        open(os.path.join(directory, "paused"), "w").close()
        time.sleep(0.01)


def copy(source, sink, counts):
    try:
        while data := source.recv(65536):
            if counts:
                hold_up(len(data))
            sink.sendall(data)
    except OSError:
        pass
    for s in (source, sink):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client):
    try:
        server = socket.create_connection(("127.0.0.1", target))
    except OSError:
        client.close()
        return
    threading.Thread(target=copy, args=(client, server, False), daemon=True).start()
    copy(server, client, True)


listener = socket.create_server(("127.0.0.1", port))
open(os.path.join(directory, "listens"), "w").close()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
