"""How much of a training's time its ranks spend in messages to each other, waiting included.

usage: torchrun … scripts/time_ranks.py train …

In the place of `-m libmtcnn` (docs/several_machines.md). Each rank prints a line of JSON at its end. Messages go through a process group in Python
that measures them; the first tenth, with the agreement at the start, does not count.
"""

import json
import os
import sys
import time

import torch.distributed as dist
from libmtcnn import distributed
from torch._C._distributed_c10d import AllgatherOptions, BroadcastOptions, _register_process_group


class TimedGroup(dist.ProcessGroup):
    def __init__(self, group):
        super().__init__(group.rank(), group.size())
        self.group = group
        self.spans = []

    def timed(self, call):
        start = time.perf_counter()
        work = call()
        work.wait()
        self.spans.append((start, time.perf_counter()))
        return work

    def allgather(self, received, sent, options=AllgatherOptions()):
        return self.timed(lambda: self.group.allgather(received, sent, options))

    def broadcast(self, tensors, options=BroadcastOptions()):
        return self.timed(lambda: self.group.broadcast(tensors, options))

    def summary(self):
        spans = self.spans[len(self.spans) // 10:]
        lengths = sorted(end - start for start, end in spans)
        wall = spans[-1][1] - spans[0][0]
        return {"rank": self.rank(), "messages": len(spans), "share": round(sum(lengths) / wall, 3),
                "median_ms": round(1000 * lengths[len(lengths) // 2], 2), "load": round(os.getloadavg()[0], 1)}


def main():
    groups = []
    join, leave = distributed._join, os._exit

    def join_timed(device):
        join(device)
        groups.append(TimedGroup(dist.group.WORLD))
        _register_process_group("timed", groups[0])
        return "timed"

    def say_and_leave(code):
        if groups and groups[0].spans:
            print(json.dumps(groups[0].summary()), flush=True)
        leave(code)

    distributed._join, os._exit = join_timed, say_and_leave
    distributed.main(sys.argv[1:])


if __name__ == "__main__":
    main()
