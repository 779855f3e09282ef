"""The testbed as a child process that is stopped and started again on the same port."""

import re
import signal
import subprocess


class Server:
    def __init__(self, executable):
        self.executable, self.port = executable, 0
        self.start()

    def start(self):
        command = [self.executable, "--port", str(self.port), "--workers", "1"]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.child.stdout:
            if listening := re.match(r"listening on ws://[^:]*:(\d+)/", line):
                self.port = int(listening[1])
                return
        raise RuntimeError("the testbed ended before it listened")

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/ws"

    def restart(self, by):
        """Stops it by a signal, waits for its end, and starts it again."""
        self.stop(by)
        self.start()

    def stop(self, by=signal.SIGTERM):
        self.child.send_signal(by)
        self.child.wait()
