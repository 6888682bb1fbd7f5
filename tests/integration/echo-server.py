#!/usr/bin/env python3
"""Says back what it is told, on a TCP port of every address, IPv4 and IPv6. Usage: echo-server.py PORT..."""
import selectors
import socket
import sys

events = selectors.DefaultSelector()
for port in sys.argv[1:]:
    server = socket.create_server(("::", int(port)), family=socket.AF_INET6, backlog=512, dualstack_ipv6=True)
    server.setblocking(False)
    events.register(server, selectors.EVENT_READ, True)
while True:
    for key, _ in events.select():
        try:
            if key.data:
                connection, _ = key.fileobj.accept()
                connection.setblocking(False)
                events.register(connection, selectors.EVENT_READ, False)
                continue
            said = key.fileobj.recv(4096)
            if said:
                key.fileobj.sendall(said)
        except OSError:
            said = b""
        if not key.data and not said:
            events.unregister(key.fileobj)
            key.fileobj.close()
