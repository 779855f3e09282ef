"""autobahn-python on asyncio against `testbed`: python autobahn_testbed.py URL"""

import asyncio

from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import PublishOptions

from check import check, equal, invalid_argument, join, main, refused, serializer, until

NOT_AUTHORIZED = "wamp.error.not_authorized"
ACKNOWLEDGED = PublishOptions(acknowledge=True)
TO_ALL = PublishOptions(acknowledge=True, exclude_me=False)


@check
async def welcome_tells_who_i_am(session, url):
    me = session.welcome
    equal((me.realm, me.authrole, me.authmethod), ("realm1", "anonymous", "anonymous"))


@check
async def add_by_position_and_by_keyword(session, url):
    equal(await session.call("testbed.add", 2, 3), 5)
    equal(await session.call("testbed.add", a=2, b=3), 5)
    equal(await session.call("testbed.add", 2, b=3), 5)
    equal(await session.call("testbed.add", 2.0, 2**62), 2 + 2**62)


@check
async def add_refuses_what_is_no_integer(session, url):
    for wrong in (2.5, True, None, "2", [], {}, 2**63, 1e300):
        await invalid_argument(session.call("testbed.add", wrong, 3), "argument 1 `a`")
    # MessagePack cannot say it.
    if serializer().SERIALIZER_ID.partition(".")[0] != "msgpack":
        await invalid_argument(session.call("testbed.add", -(2**63) - 1, 3), "argument 1 `a`")
    await invalid_argument(session.call("testbed.add", 2**63 - 1, 1), "64 bits")


@check
async def wrong_arguments_are_named(session, url):
    await invalid_argument(session.call("testbed.add", 2), "argument 2 `b`", "missing")
    await invalid_argument(session.call("testbed.add", 1, 2, 3), "too many positional arguments")
    await invalid_argument(session.call("testbed.add", 1, 2, c=3), "`c`")
    await invalid_argument(session.call("testbed.add", 1, 2, a=1), "argument 1 `a`", "by keyword")


@check
async def echo_of_any_value(session, url):
    values = [None, True, 0, -1, 1.5, 2**53, 2**63 - 1, -(2**63), "", [], {}, [[[]]], {"a": {"b": [1, None]}}]
    values += ["\t\n\"\\/ é 漢字 👩‍👩‍👧 \u2028 \uffff", {"schlüssel ": "wert"}]
    for value in values:
        equal(await session.call("testbed.echo", value), value)
        equal(await session.call("testbed.echo", value=value), value)


@check
async def echo_of_bytes(session, url):
    for value in (b"", b"\x00\x01\xff", bytes(range(256))):
        equal(await session.call("testbed.echo", value), value)


@check
async def echo_of_900_kb(session, url):
    text = "0123456789abcdé\n" * 53_000
    equal(await session.call("testbed.echo", text), text)
    numbers = list(range(90_000))
    equal(await session.call("testbed.echo", numbers), numbers)


@check
async def args_are_returned_as_they_came(session, url):
    result = await session.call("testbed.args", 1, "two", [3], four=4, five=None)
    equal((list(result.results), result.kwresults), ([1, "two", [3]], {"four": 4, "five": None}))


@check
async def greet_and_full_name(session, url):
    equal(await session.call("testbed.greet", "Anna"), "Hello, Anna!")
    equal(await session.call("testbed.greet", "Anna", greeting="Servus"), "Servus, Anna!")
    equal(await session.call("testbed.full_name", "Ada", "Lovelace"), "Ada Lovelace")
    equal(await session.call("testbed.full_name", first_name="Ada", lastName="Lovelace"), "Ada Lovelace")


@check
async def nothing_and_pair(session, url):
    equal(await session.call("testbed.nothing"), None)
    equal(list((await session.call("testbed.pair")).results), [1, 2])


@check
async def fail_has_uri_args_and_kwargs(session, url):
    error = await refused(session.call("testbed.fail", 7), "testbed.error.failed")
    equal((error.args, error.kwargs), (("failed with code 7",), {"code": 7}))


@check
async def a_panic_is_a_runtime_error_and_the_session_lives(session, url):
    error = await refused(session.call("testbed.panic"), "wamp.error.runtime_error")
    assert "as asked for" not in str(error)
    equal(await session.call("testbed.add", 1, 1), 2)


@check
async def whoami(session, url):
    me = (await session.call("testbed.whoami")).kwresults
    equal(me["session"], session.welcome.session)
    equal((me["authid"], me["authrole"], me["authmethod"]), (session.welcome.authid, "anonymous", "anonymous"))
    equal((me["realm"], me["procedure"]), ("realm1", "testbed.whoami"))


@check
async def prefix_and_wildcard(session, url):
    equal(await session.call("testbed.files.a.b.c"), "testbed.files.a.b.c")
    equal(await session.call("testbed.users.anna.name"), "anna")
    await refused(session.call("testbed.users.anna.age"), "wamp.error.no_such_procedure")
    await refused(session.call("testbed.unknown"), "wamp.error.no_such_procedure")
    await refused(session.call("testbed.secret"), NOT_AUTHORIZED)


@check
async def sleeps_run_side_by_side(session, url):
    woken = []

    async def sleep(ms):
        woken.append((ms, await session.call("testbed.sleep", ms)))

    await asyncio.gather(sleep(600), sleep(400), sleep(200))
    equal(woken, [(200, "slept"), (400, "slept"), (600, "slept")])
    equal((await session.call("testbed.sleep_log"))[-3:], ["completed"] * 3)
    await invalid_argument(session.call("testbed.sleep", -1), "argument 1 `ms`")


@check
async def clients_cannot_register(session, url):
    await refused(session.register(lambda: 1, "my.procedure"), NOT_AUTHORIZED)


@check
async def chat_reaches_the_other_and_is_acknowledged(session, url):
    other = await join(url)
    queue, _ = await other.inbox("testbed.chat")
    publication = await session.publish("testbed.chat", "hi", 1, sender="me", options=ACKNOWLEDGED)
    args, kwargs, details = await queue.get()
    equal((args, kwargs, details.publication), (("hi", 1), {"sender": "me"}, publication.id))
    await other.leave()


@check
async def a_publisher_gets_its_own_event_only_if_it_says_so(session, url):
    queue, subscription = await session.inbox("testbed.chat")
    await session.publish("testbed.chat", 1, options=ACKNOWLEDGED)
    await session.publish("testbed.chat", 2, options=TO_ALL)
    equal((await queue.get())[0], (2,))
    await subscription.unsubscribe()


@check
async def exclude_and_eligible(session, url):
    other = await join(url)
    queue, _ = await other.inbox("testbed.open.lists")
    for value, options in (
        ("not you", PublishOptions(acknowledge=True, exclude=[other.welcome.session])),
        ("not you", PublishOptions(acknowledge=True, eligible=[session.welcome.session])),
        ("not you", PublishOptions(acknowledge=True, exclude_authid=[other.welcome.authid])),
        ("you", PublishOptions(acknowledge=True, eligible=[other.welcome.session])),
    ):
        await session.publish("testbed.open.lists", value, options=options)
    equal((await queue.get())[0], ("you",))
    await other.leave()


@check
async def the_ticker_ticks_until_it_is_unsubscribed(session, url):
    queue, subscription = await session.inbox("testbed.ticker")
    equal([(await queue.get())[0] for _ in range(4)], [(1,), (2,), (3,), (4,)])
    equal(await session.call("testbed.ticker_count"), 1)
    await subscription.unsubscribe()
    equal(await session.call("testbed.ticker_count"), 0)


@check
async def the_ticker_ends_with_its_subscriber(session, url):
    other = await join(url)
    queue, _ = await other.inbox("testbed.ticker")
    await queue.get()
    other._transport.transport.abort()  # without GOODBYE, without a close frame
    await until("ticker_count", lambda: session.call("testbed.ticker_count"), lambda count: count == 0)


@check
async def topics_that_are_not_for_clients(session, url):
    for topic in ("testbed.forbidden", "testbed.undeclared"):
        await refused(session.subscribe(lambda: None, topic), NOT_AUTHORIZED)
    for topic in ("testbed.readonly", "testbed.undeclared"):
        await refused(session.publish(topic, options=ACKNOWLEDGED), NOT_AUTHORIZED)


@check
async def the_server_publishes(session, url):
    queue, subscription = await session.inbox("testbed.readonly")
    publication = await session.call("testbed.publish", "testbed.readonly", ["a", {"b": [1]}], {"c": None})
    args, kwargs, details = await queue.get()
    equal((args, kwargs, details.publication), (("a", {"b": [1]}), {"c": None}, publication))
    await subscription.unsubscribe()


@check
async def kill_me_says_goodbye(session, url):
    other = await join(url)
    call = asyncio.ensure_future(other.call("testbed.kill_me"))
    call.add_done_callback(lambda done: done.exception())
    equal((await other.left).reason, "wamp.close.killed")


@check
async def an_unknown_realm_is_refused(session, url):
    try:
        await join(url, "unknown")
    except ApplicationError as error:
        equal(error.error, "wamp.error.no_such_realm")
    else:
        raise AssertionError("joined")


@check
async def goodbye(session, url):
    session.leave()
    equal((await session.left).reason, "wamp.close.goodbye_and_out")


main()
