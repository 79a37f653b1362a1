"""What a part of the check finds, one line of JSON each as it comes: a part that dies leaves what it knew."""
import json
import time
from pathlib import Path


class Task:
    """What a part gets: where it runs, what it may take, and where its results go."""

    def __init__(self, bundle, device, scratch, results, seconds, tiny):
        self.bundle, self.device, self.scratch, self.results = Path(bundle), device, Path(scratch), Path(results)
        self.tiny = tiny
        self._end = time.monotonic() + seconds

    @property
    def on_gpu(self):
        return self.device.startswith("cuda")

    @property
    def torch_device(self):
        """The device's name in torch."""
        return self.device if self.on_gpu else "cpu"

    def left(self):
        """Seconds until the part should end."""
        return self._end - time.monotonic()

    def check(self, name, passed, **facts):
        self._write({"check": name, "passed": bool(passed), **facts})

    def figure(self, table, **row):
        self._write({"figure": table, **row})

    def _write(self, line):
        with open(self.results, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
