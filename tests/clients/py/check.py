"""Named checks: one line for each, and the exit code tells whether all were passed."""

import asyncio
import os
import sys

from autobahn.asyncio.wamp import ApplicationRunner
from autobahn.asyncio.wamp import Session as AutobahnSession
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.serializer import CBORSerializer, JsonSerializer, MsgPackSerializer
from autobahn.wamp.types import SubscribeOptions

DEADLINE = 20


class Session(AutobahnSession):
    """A session whose beginning and end can be awaited."""

    def __init__(self, config):
        super().__init__(config)
        loop = asyncio.get_running_loop()
        self.joined, self.left = loop.create_future(), loop.create_future()

    def on_join(self, details):
        self.welcome = details
        self.joined.set_result(self)

    def on_leave(self, details):
        if not self.joined.done():
            self.joined.set_exception(ApplicationError(details.reason, details.message))
        self.left.set_result(details)
        self.disconnect()

    async def inbox(self, topic, match=None):
        """Subscribes; gives the queue of (args, kwargs, details), and the subscription."""
        queue = asyncio.Queue()

        def on_event(*args, details, **kwargs):
            queue.put_nowait((args, kwargs, details))

        subscription = await self.subscribe(on_event, topic, options=SubscribeOptions(match=match, details=True))
        return queue, subscription


def serializer():
    """The serializer of this run, which the environment names: `msgpack`, `json.batched`."""
    name, _, batched = os.environ.get("WAMP_SERIALIZER", "json").partition(".")
    made = {"json": JsonSerializer, "msgpack": MsgPackSerializer, "cbor": CBORSerializer}[name]
    return made(batched=bool(batched))


async def join(url, realm="realm1", authenticator=None):
    made = asyncio.get_running_loop().create_future()

    def make(config):
        session = Session(config)
        if authenticator:
            session.add_authenticator(authenticator)
        made.set_result(session)
        return session

    await ApplicationRunner(url, realm, serializers=[serializer()]).run(make, start_loop=False)
    session = await asyncio.wait_for(made, DEADLINE)
    return await asyncio.wait_for(session.joined, DEADLINE)


async def refused(awaitable, uri):
    """It must be refused with this URI; gives the error."""
    try:
        result = await awaitable
    except ApplicationError as error:
        assert error.error == uri, f"{error.error}: {error.args}"
        return error
    raise AssertionError(f"expected {uri}, got {result!r}")


async def invalid_argument(awaitable, *parts):
    error = await refused(awaitable, "wamp.error.invalid_argument")
    for part in parts:
        assert part in error.args[0], f"{error.args} does not tell {part}"


async def until(what, ask, satisfied):
    """Asks again until the answer satisfies; each question is a round trip to the server."""
    deadline = asyncio.get_running_loop().time() + DEADLINE / 2
    while True:
        answer = await ask()
        if satisfied(answer):
            return answer
        assert asyncio.get_running_loop().time() < deadline, f"{what}: still {answer!r}"


def equal(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


CHECKS = []


def check(body):
    """A check of the script: an async function of the session and the URL, with its sentence for a name."""
    CHECKS.append(body)
    return body


async def run_all(url):
    session = await join(url)
    failures = 0
    for body in CHECKS:
        try:
            await asyncio.wait_for(body(session, url), DEADLINE)
            print(f"ok {body.__name__}", flush=True)
        except Exception as error:  # whatever it is, it is this check's
            failures += 1
            why = f"{type(error).__name__}: {error}".replace("\n", " ")
            print(f"FAIL {body.__name__}: {why[:600]}", flush=True)
    return failures


def main():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    failures = loop.run_until_complete(run_all(sys.argv[1]))
    sys.exit(1 if failures else 0)
