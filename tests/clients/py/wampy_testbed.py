"""wampy of PyPI against `testbed`: python wampy_testbed.py URL"""

import logging
import sys

from wampy.peers.clients import Client
from wampy.roles.subscriber import subscribe

from blocking import check, equal, finish, until

logging.disable(logging.CRITICAL)
TOPIC = "testbed.open.wampy"
events = []


class Subscriber(Client):
    @subscribe(topic=TOPIC)
    def heard(self, *args, **kwargs):
        events.append(kwargs["message"])


def calls():
    for sum in range(20):
        equal(client.call("testbed.add", sum, 1), sum + 1)
    equal(client.call("testbed.greet", name="Anna", greeting="Ahoi"), "Ahoi, Anna!")


def is_told_why_a_call_fails():
    failed = client.call("testbed.fail", 3)
    equal((failed.name, failed.error), ("error", "testbed.error.failed"))
    equal(client.call("testbed.echo", ["é", 1.5]), ["é", 1.5])


def gets_events_and_publishes():
    with Client(url=sys.argv[1], realm="realm1") as other:
        other.publish(topic=TOPIC, message="to others")
        until("the event", lambda: events == ["to others"])


with Subscriber(url=sys.argv[1], realm="realm1") as client:
    check("wampy of PyPI calls by position and by keyword", calls)
    check("wampy of PyPI is told why a call fails, and goes on", is_told_why_a_call_fails)
    check("wampy of PyPI gets events and publishes", gets_events_and_publishes)
finish()
