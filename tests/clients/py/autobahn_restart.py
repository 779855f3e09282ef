"""autobahn-python's Component against `testbed`, which is stopped and started again: python autobahn_restart.py TESTBED"""

import asyncio
import os
import signal
import sys

from autobahn.asyncio.component import Component

from server import Server

DEADLINE = 30
server = Server(sys.argv[1])
component = Component(
    transports=[{
        "type": "websocket",
        "url": server.url,
        "max_retries": -1,
        "initial_retry_delay": 0.2,
        "max_retry_delay": 0.5,
        "serializers": ["json"],
    }],
    realm="realm1",
)
TOPIC = "testbed.open.component"
events, session = [], None


@component.on_join
async def joined(joining, details):
    global session
    await joining.subscribe(events.append, TOPIC)
    session = joining


async def hears_of(mark):
    while mark not in events:
        try:
            await session.call("testbed.publish", TOPIC, [mark])
        except Exception:  # not connected yet
            pass
        await asyncio.sleep(0.1)


async def run():
    failures = 0
    running = asyncio.ensure_future(component.start(loop=asyncio.get_running_loop()))
    blows = {"the first event": None, "SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM}
    for mark, by in blows.items():
        if by:
            # The loop goes on meanwhile: the end of the connection is seen.
            await asyncio.get_running_loop().run_in_executor(None, server.restart, by)
        try:
            await asyncio.wait_for(hears_of(mark), DEADLINE)
            print(f"ok the component hears of {mark}", flush=True)
        except Exception as error:
            failures += 1
            print(f"FAIL the component hears of {mark}: {type(error).__name__} {error}", flush=True)
    return failures


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
failures = loop.run_until_complete(run())
server.stop()
sys.stdout.flush()
os._exit(1 if failures else 0)
