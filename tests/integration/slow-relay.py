"""Passes on what a client sends, in one piece, a while after it has connected; and what it is answered.

slow-relay.py SOCKET TARGET
"""
import socket
import sys
import threading
import time


def pass_on(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def serve(client):
    with client, socket.socket(socket.AF_UNIX) as manager:
        manager.connect(sys.argv[2])
        time.sleep(0.1)
        threading.Thread(target=pass_on, args=(client, manager), daemon=True).start()
        try:
            pass_on(manager, client)
        except OSError:
            pass


server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
