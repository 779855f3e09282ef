"""swampyer against `testbed`, which is stopped and started again: python swampyer_testbed.py TESTBED"""

import signal
import sys

import swampyer

from blocking import check, equal, finish, until
from server import Server

server = Server(sys.argv[1])
client = swampyer.WAMPClient(url=server.url, realm="realm1", timeout=15, auto_reconnect=1)
client.start()
events = []


def calls():
    equal(client.call("testbed.add", 2, 3), 5)
    equal(client.call("testbed.greet", name="Anna", greeting="Ahoi"), "Ahoi, Anna!")


def is_told_why_a_call_fails():
    try:
        client.call("testbed.fail", 3)
    except swampyer.ExInvocationError as error:
        equal(error.args[0], "failed with code 3")
    else:
        raise AssertionError("no error")
    equal(client.call("testbed.echo", ["é", 1.5]), ["é", 1.5])


def gets_events_and_publishes():
    client.subscribe("testbed.open.swampyer", lambda event, *args: events.append(args[0]))
    client.call("testbed.publish", "testbed.open.swampyer", ["from the server"])
    until("the event", lambda: events == ["from the server"])
    client.publish("testbed.open.swampyer", args=["to others"])


def hears_again(mark):
    def heard():
        try:
            client.call("testbed.publish", "testbed.open.swampyer", [mark])
        except Exception:  # not connected yet
            pass
        return mark in events

    until(f"an event after {mark}", heard)


check("swampyer calls by position and by keyword", calls)
check("swampyer is told why a call fails, and goes on", is_told_why_a_call_fails)
check("swampyer gets what the server publishes, and publishes", gets_events_and_publishes)
for blow in (signal.SIGKILL, signal.SIGTERM):
    server.restart(blow)
    check(f"swampyer hears again after {blow.name} and a new start", lambda: hears_again(blow.name))
server.stop()
finish()
