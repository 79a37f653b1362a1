"""Training in ranks of torchrun: torch joins the processes, here; the program's own code trains, in this process, in a library that finds
the process group by its name (docs/several_machines.md).
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import socket
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from libmtcnn import _core

if TYPE_CHECKING:
    import torch.distributed as dist

_LIBRARY = Path(__file__).parent / "libmtcnn_rank.so"
_ADDRESS = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
#: Longer than what a rank waits for another one: a validation, crops that are verified, a checkpoint.
_TIMEOUT_S = 600.0
_FAILED, _USAGE = 1, 2


def is_rank(arguments: Sequence[str]) -> bool:
    """Whether this is a training that torchrun, or what else sets its variables, has started. Other commands share no work by themselves."""
    return arguments[:1] == ["train"] and ("TORCHELASTIC_RUN_ID" in os.environ or os.environ.get("WORLD_SIZE", "1") != "1")


def _number(name: str, default: int) -> int:
    return int(os.environ.get(name, default))


def _gpus() -> int:
    """How many GPUs torch can use here."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _device(asked: str) -> str:
    """One GPU a rank of this machine, where there are GPUs and no other device is asked for."""
    if asked == "cuda" or (asked == "auto" and _gpus() > 0):
        return f"cuda:{_number('LOCAL_RANK', 0)}"
    return "cpu" if asked == "auto" else asked


def _said_of(device: str) -> str:
    """What this rank tells the others of its device: its kind, and for people where it is and what is wrong with it."""
    kind, _, number = device.partition(":")
    place = f"rank {_number('RANK', 0)} on {socket.gethostname()}"
    if kind == "cuda" and int(number or 0) >= _gpus():
        return f"none\n{place} cannot use {device}: it finds {_gpus()} GPUs that work"
    return f"{kind}\n{place} computes on {device}"


def _difference(said: Sequence[str]) -> str:
    """Why ranks with these devices cannot train together; empty where they can."""
    kinds, texts = zip(*(one.split("\n", 1) for one in said), strict=True)
    broken = [text for kind, text in zip(kinds, texts, strict=True) if kind == "none"]
    if broken:
        return f"{broken[0]}; see nvidia-smi and CUDA_VISIBLE_DEVICES there, start fewer ranks, or give all of them --device cpu"
    others = [text for kind, text in zip(kinds, texts, strict=True) if kind != kinds[0]]
    if others:
        return (
            f"{others[0]}, and {texts[0]}: found different kinds of device, expected one; "
            "see nvidia-smi and CUDA_VISIBLE_DEVICES where there should be a GPU, or give all ranks --device cpu"
        )
    return ""


def _agree_on_devices(store: dist.Store, device: str, rank: int, world: int) -> None:
    """Compares the ranks' devices before the process group is made: making it waits for all, and NCCL and gloo never meet.

    Raises:
        RuntimeError: in all ranks, naming the one that differs.
    """
    store.set(f"device/{rank}", _said_of(device))
    if rank == 0:
        store.set("device/difference", _difference([store.get(f"device/{other}").decode() for other in range(world)]))
    difference = store.get("device/difference").decode()
    if not difference:
        return
    # The store may be rank 0's own, which the others still read.
    store.set(f"device/read/{rank}", "")
    with contextlib.suppress(RuntimeError):  # of ranks that are gone already
        store.wait([f"device/read/{other}" for other in range(world)], timedelta(seconds=10))
    raise RuntimeError(difference)


def _arguments(arguments: Sequence[str]) -> tuple[list[str], str]:
    """The program's arguments for this rank, and its device: threads and GPUs are shared among the ranks of a machine; rank 0 alone tells
    how far it is."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", default="0")
    parser.add_argument("-q", "--quiet", action="store_true")
    known, others = parser.parse_known_args(list(arguments))
    device = _device(known.device)
    share = max(1, len(os.sched_getaffinity(0)) // _number("LOCAL_WORLD_SIZE", 1))
    threads = str(share) if known.threads == "0" else known.threads
    quiet = known.quiet or _number("RANK", 0) > 0
    return [*others, "--device", device, "--threads", threads, *(["--quiet"] if quiet else [])], device


def _refusal() -> str | None:
    """Why this cannot work."""
    missing = [name for name in _ADDRESS if name not in os.environ]
    if missing:
        return f"{', '.join(missing)}: not set, though other variables of torchrun are; start the ranks with torchrun"
    if not _LIBRARY.exists():
        return f"{_LIBRARY}: missing, as this libmtcnn was built without torch; install torch, then libmtcnn again from its source"
    if _shares_agents_store() and _number("GROUP_WORLD_SIZE", 1) > 1 and _number("TORCHELASTIC_MAX_RESTARTS", 0) > 0:
        return (
            "torchrun: restarts on several machines hang with its own store; "
            "set TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 for it, with --rdzv-backend c10d, or --max-restarts 0"
        )
    return None


def _shares_agents_store() -> bool:
    return os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"


def _join(device: str) -> str:
    """Makes the process group. Returns its name."""
    import torch
    import torch.distributed as dist

    timeout = timedelta(seconds=float(os.environ.get("MTCNN_GROUP_TIMEOUT_S", _TIMEOUT_S)))
    rank, world = _number("RANK", 0), _number("WORLD_SIZE", 1)
    # torchrun's store outlives its ranks: what dead ones left there must not be read after a restart.
    life = f"mtcnn/{_number('TORCHELASTIC_RESTART_COUNT', 0)}"
    owns_store = rank == 0 and not _shares_agents_store()
    store = dist.TCPStore(os.environ["MASTER_ADDR"], _number("MASTER_PORT", 0), world, owns_store, timeout, wait_for_workers=False)
    prefixed = dist.PrefixStore(life if _shares_agents_store() else "mtcnn", store)
    _agree_on_devices(prefixed, device, rank, world)
    if not device.startswith("cpu"):
        torch.cuda.set_device(device)
    dist.init_process_group("gloo" if device.startswith("cpu") else "nccl", store=prefixed, rank=rank, world_size=world, timeout=timeout)
    return dist.group.WORLD.group_name


def _library() -> ctypes.CDLL:
    """The program as a function, which finds the process group by its name."""
    import torch  # noqa: F401  its LibTorch serves both

    library = ctypes.CDLL(str(_LIBRARY))  # its functions run without the GIL
    library.mtcnn_rank_libtorch_version.restype = ctypes.c_char_p
    other = _core.other_torch(library.mtcnn_rank_libtorch_version().decode())
    if other:
        raise RuntimeError(f"found {other}")
    library.mtcnn_run_rank.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p)]
    return library


def main(arguments: Sequence[str]) -> None:
    """Runs `mtcnn train …` as this rank, and ends the process."""
    refusal = _refusal()
    if refusal:
        print(f"error: {refusal}", file=sys.stderr, flush=True)
        os._exit(_USAGE)
    try:
        library = _library()
        own, device = _arguments(arguments)
        group = _join(device)
    except (OSError, RuntimeError, ValueError) as error:  # of torch, and of variables that hold no numbers
        print(f"error: torchrun: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
        os._exit(_FAILED)
    line = ["mtcnn", *own]
    values = (ctypes.c_char_p * (len(line) + 1))(*map(os.fsencode, line), None)
    code = library.mtcnn_run_rank(group.encode(), len(line), values)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # leaving the group would wait for ranks that may be gone
