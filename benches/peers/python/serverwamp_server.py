#!/usr/bin/env -S sh -c 'exec "$(dirname "$0")/.venv/bin/python" "$0" "$@"'
"""serverwamp on aiohttp: bench.add, bench.echo and bench.publish, a procedure that sends bench.topic's events.

serverwamp knows no PUBLISH: only the server sends events.
"""
import argparse
import logging
import socket

import serverwamp
from aiohttp import web

api = serverwamp.RPCRouteSet()
topics = serverwamp.TopicRouteSet()


@api.route('bench.add')
async def add(a, b):
    return a + b


@api.route('bench.echo')
async def echo(value):
    return serverwamp.RPCResult(args=(value,))


@api.route('bench.publish')
async def publish(event, subscribers):
    # A copy, as sessions can unsubscribe while events are sent.
    for session in list(subscribers):
        try:
            await session.send_event('bench.topic', args=(event,))
        except serverwamp.ConnectionClosed:
            pass
    return event


@topics.route('bench.topic')
async def subscribe(session, subscribers):
    subscribers.add(session)
    yield
    subscribers.remove(session)


def http_app():
    realm = serverwamp.Realm('realm1')
    realm.add_rpc_routes(api)
    realm.add_topic_routes(topics)
    realm.set_default_arg('subscribers', set())
    wamp_app = serverwamp.Application(allow_default_realm=False)
    wamp_app.add_realm(realm)
    app = web.Application()
    app.add_routes([web.get('/', wamp_app.aiohttp_websocket_handler())])
    return app


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument('--port', type=int, default=0)
    options.add_argument('--workers', type=int, default=1, choices=[1])
    listener = socket.create_server(('127.0.0.1', options.parse_args().port), backlog=1024)
    logging.basicConfig(level=logging.ERROR)
    url = f'ws://127.0.0.1:{listener.getsockname()[1]}/'
    # Connections made from here on wait in the backlog. aiohttp sets TCP_NODELAY itself.
    print(f'listening on {url}', flush=True)
    web.run_app(http_app(), sock=listener, access_log=None, print=None)


if __name__ == '__main__':
    main()
