#!/usr/bin/env -S sh -c 'exec "$(dirname "$0")/.venv/bin/python" "$0" "$@"'
"""The router of Crossbar.io: realm1, in which anonymous clients may do everything.

Its process becomes that of the node's controller; the router is a child of that.
"""
import argparse
import json
import os
import shutil
import socket
import sys
import tempfile
import time

EVERYTHING = {'call': True, 'register': True, 'publish': True, 'subscribe': True}
START_LIMIT = 60


def config(port):
    realm = {
        'name': 'realm1',
        'roles': [{
            'name': 'anonymous',
            'permissions': [{'uri': '', 'match': 'prefix', 'allow': EVERYTHING}],
        }],
    }
    transport = {
        'type': 'websocket',
        'endpoint': {'type': 'tcp', 'interface': '127.0.0.1', 'port': port, 'backlog': 1024},
        'serializers': ['json'],
        'options': {'auto_ping_interval': 0},
        'auth': {'anonymous': {'type': 'static', 'role': 'anonymous'}},
    }
    return {'version': 2, 'workers': [{'type': 'router', 'realms': [realm], 'transports': [transport]}]}


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return listener.getsockname()[1]


def announce_when_ready(port, node):
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        try:
            socket.create_connection(('127.0.0.1', port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            print(f'listening on ws://127.0.0.1:{port}/', flush=True)
            break
    # It has read everything by now.
    shutil.rmtree(node, ignore_errors=True)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument('--port', type=int, default=0)
    options.add_argument('--workers', type=int, default=1, choices=[1])
    port = options.parse_args().port or free_port()
    node = tempfile.mkdtemp(prefix='crossbar-')
    with open(os.path.join(node, 'config.json'), 'w') as file:
        json.dump(config(port), file)
    # The child waits for the router; this process, whose CPU time is measured, becomes Crossbar.io.
    if os.fork() == 0:
        announce_when_ready(port, node)
        os._exit(0)
    crossbar = os.path.join(os.path.dirname(sys.executable), 'crossbar')
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(crossbar, [crossbar, 'start', '--cbdir', node, '--loglevel', 'error'])


if __name__ == '__main__':
    main()
