#!/usr/bin/env python3
"""Requests to a published port, as many as go, until standard input ends.

Usage: load.py ADDRESS PORT [ADDRESS PORT]...

Each thread speaks to one of the addresses: a new connection for every request, and one connection that stays for
all of them. At the end one line: requests, those that failed because somebody refused or reset them, and those
that got no answer in time, which a retransmission should have brought.
"""
import socket
import sys
import threading

TIMEOUT = 20
stop = threading.Event()
lock = threading.Lock()
done, refused, lost = 0, 0, 0
lasting = []


def count(ok=0, bad=0, late=0):
    global done, refused, lost
    with lock:
        done += ok
        refused += bad
        lost += late


def talk(connection):
    connection.sendall(b"ping\n")
    answer = b""
    while not answer.endswith(b"\n"):
        part = connection.recv(100)
        if not part:
            raise ConnectionResetError
        answer += part


def new_ones(address, port):
    while not stop.is_set():
        try:
            with socket.create_connection((address, port), TIMEOUT) as connection:
                talk(connection)
            count(ok=1)
        except (socket.timeout, TimeoutError):
            count(late=1)
        except OSError:
            count(bad=1)
        stop.wait(0.005)


def the_same(address, port):
    try:
        with socket.create_connection((address, port), TIMEOUT) as connection:
            while not stop.is_set():
                talk(connection)
                count(ok=1)
                stop.wait(0.005)
    except OSError as error:
        lasting.append(f"{address} {error}")


threads = []
for address, port in zip(sys.argv[1::2], sys.argv[2::2]):
    for function in new_ones, the_same:
        threads.append(threading.Thread(target=function, args=(address, int(port))))
for thread in threads:
    thread.start()
sys.stdin.read()
stop.set()
for thread in threads:
    thread.join()
print(done, refused, lost, len(lasting))
for line in lasting:
    print(line, file=sys.stderr)
