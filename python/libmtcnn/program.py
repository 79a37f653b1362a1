"""Training, preparing, evaluating: the verbs of the program `mtcnn`, which comes with the package.

Each call runs the program as a process of its own, as its own pipeline does: what works there works here, with the same messages; its
memory and threads are gone when it ends, and a crash takes nothing along. Progress is shown on stderr as it comes, in notebooks on one line
that changes. Ctrl-C (or "interrupt" in a notebook) stops it cleanly.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, Union

from libmtcnn import distributed, errors
from libmtcnn.errors import Error, InternalError, Interrupted, UsageError

#: A dict as the program's configuration files hold it, or the name of such a file.
Config: TypeAlias = Union[Mapping[str, Any], str, "os.PathLike[str]", None]
PathLike: TypeAlias = Union[str, "os.PathLike[str]"]

_PROGRESS = re.compile(r"^\d+(/\d+)? .*\d/s")
_PROTOCOLS = ("wider", "fddb", "landmarks", "coco", "cascade")
_ERROR = re.compile(r"^error: (?:\[(\w+)\] )?(.*)$")
_KINDS = {
    "usage": errors.UsageError,
    "not_found": errors.NotFoundError,
    "unreadable": errors.UnreadableError,
    "unwritable": errors.UnwritableError,
    "bad_format": errors.BadFormatError,
    "unsupported": errors.UnsupportedError,
    "interrupted": errors.Interrupted,
}


def program_path() -> Path:
    """Where the program lies that the functions here run: in the package where that has LibTorch's part, else it is the command that pip
    installed, wherever that was."""
    inside = Path(__file__).parent / "bin" / "mtcnn"
    return inside if inside.exists() else _installed_command()


@functools.cache
def _installed_command() -> Path:
    for file in importlib.metadata.files("libmtcnn") or ():
        if file.name == "mtcnn":
            return Path(os.path.abspath(file.locate()))
    raise InternalError("the package's list of files names no program `mtcnn`: install libmtcnn again")


def _environment() -> dict[str, str]:
    """The part of the program that trains links the LibTorch of the installed torch, wherever that is."""
    torch = importlib.util.find_spec("torch")
    if torch is None or torch.origin is None:
        return dict(os.environ)
    libraries = str(Path(torch.origin).parent / "lib")
    before = os.environ.get("LD_LIBRARY_PATH")
    return {**os.environ, "LD_LIBRARY_PATH": f"{libraries}:{before}" if before else libraries}


def main() -> None:
    """`python -m libmtcnn`, and the command `mtcnn` of packages with LibTorch: becomes the program, or a rank of it under torchrun."""
    if distributed.is_rank(sys.argv[1:]):
        distributed.main(sys.argv[1:])
    os.execve(program_path(), ["mtcnn", *sys.argv[1:]], _environment())


class _Screen:
    """Shows the program's lines on sys.stderr; progress lines replace each other where the place can do that."""

    def __init__(self) -> None:
        stream = sys.stderr
        notebook = type(stream).__module__.startswith("ipykernel")
        self._rewrites = notebook or stream.isatty()
        self._width = 0

    def show(self, line: str) -> None:
        if not (self._rewrites and _PROGRESS.match(line)):
            self.clear()
            print(line, file=sys.stderr, flush=True)
            return
        print("\r" + line.ljust(self._width), end="", file=sys.stderr, flush=True)
        self._width = len(line)

    def clear(self) -> None:
        if self._width:
            print("\r" + " " * self._width + "\r", end="", file=sys.stderr, flush=True)
            self._width = 0


def _pump(process: subprocess.Popen[str], screen: _Screen) -> str | None:
    """Shows all of the program's stderr; the error line is kept back and returned."""
    error = None
    assert process.stderr is not None
    for line in process.stderr:
        line = line.rstrip("\n")
        if _ERROR.match(line):
            error = line
        else:
            screen.show(line)
    screen.clear()
    return error


def run(*arguments: Any) -> str:
    """Runs `mtcnn` with these arguments, as in `run("export", "--run", "runs/pnet", "--out", "model")`.

    Returns:
        what it writes to stdout.

    Raises:
        UsageError, NotFoundError, … (libmtcnn.errors) with the program's message; Interrupted (a KeyboardInterrupt) where it was stopped.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        # A session of its own: Ctrl-C reaches the program once, through us, and not twice.
        process = subprocess.Popen(
            [program_path(), *map(_text, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**_environment(), "MTCNN_ERROR_KINDS": "1"},
            start_new_session=True,
        )
        screen = _Screen()
        error, stopped = None, False
        try:
            error = _pump(process, screen)
        except KeyboardInterrupt:
            stopped = True
            process.send_signal(signal.SIGINT)
            error = _pump(process, screen)
        finally:
            if sys.exc_info()[0] is not None:  # a second Ctrl-C, or a bug
                process.kill()
            code = process.wait()
            assert process.stderr is not None
            process.stderr.close()
        if stopped:
            raise Interrupted(_ERROR.sub(r"\2", error) if error else "stopped")
        if code != 0:
            raise _exception(code, error)
        output.seek(0)
        return output.read()


def _text(argument: Any) -> str:
    return os.fspath(argument) if isinstance(argument, os.PathLike) else str(argument)


def _exception(code: int, error: str | None) -> BaseException:
    found = _ERROR.match(error or "")
    if not found:
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return InternalError(f"mtcnn ended by {name} without a message")
    if code == 3:
        return InternalError(found.group(2).removeprefix("internal bug: "))
    return _KINDS.get(found.group(1), UsageError if code == 2 else Error)(found.group(2))


_Result = TypeVar("_Result")


@contextmanager
def _config_file(config: Config, folders: Sequence[str] = ()) -> Iterator[list[str]]:
    """Flags that pass the configuration on. A dict becomes a file for a while; messages call it "config". Folders in a dict, the keys
    `folders`, are relative to the current one."""
    if config is None:
        yield []
    elif isinstance(config, (str, os.PathLike)):
        yield ["--config", os.fspath(config)]
    else:
        values = dict(config)
        for key in folders:
            if isinstance(values.get(key), (str, os.PathLike)):
                values[key] = os.path.abspath(values[key])
        with tempfile.TemporaryDirectory(prefix="libmtcnn_") as folder:
            path = Path(folder) / "config.json"
            path.write_text(json.dumps(values, default=_json_value), encoding="utf-8")
            try:
                yield ["--config", str(path)]
            except (Error, Interrupted) as error:
                raise type(error)(str(error).replace(str(path), "config")) from None


def _json_value(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"config: found a value of type {type(value).__name__}, expected what JSON can hold")


def _flags(**values: Any) -> list[str]:
    """name=value as --name value; True as --name alone; None and False not at all; lists as values with commas between."""
    flags: list[str] = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        flags.append("--" + name.replace("_", "-"))
        if value is not True:
            flags.append(",".join(map(_text, value)) if isinstance(value, (list, tuple)) else _text(value))
    return flags


def _read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def prepare(
    stage: str,
    out: PathLike,
    config: Config = None,
    *,
    data: PathLike | None = None,
    model: PathLike | None = None,
    init: PathLike | None = None,
    seed: int | None = None,
    device: str = "auto",
    threads: int = 0,
    quiet: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Cuts the crops that one net is trained with out of data sets: `mtcnn prepare`. Called again after a stop, it goes on.

    Args:
        stage: "pnet", "rnet" or "onet".
        out: folder for the crops; validation crops go into its subfolder "validation".
        config: as configs/prepare.json; "root" in a dict is relative to the current folder.
        data: folder with the data sets, instead of "root".
        model: model folder with the nets so far, which find the hard examples.
        init: cut crops as this net saw its own: what train()'s init or teacher will name.
        seed: of all random numbers; same seed and inputs, same bytes.
        options: other flags of the program, as rank=0, world=4, merge=True.

    Returns:
        The manifest of the crops: counts, shards, sources (docs/formats.md).

    Raises:
        exceptions of libmtcnn.errors, with the program's messages.
    """
    with _config_file(config, ("root",)) as flags:
        run(
            "prepare",
            *_flags(stage=stage, out=out, data=data, model=model, init=init, seed=seed, device=device, threads=threads, quiet=quiet, **options),
            *flags,
        )
    manifest = Path(out) / "manifest.json"
    return _read_json(manifest) if manifest.exists() else {}


def train(
    net: str,
    data: PathLike,
    out: PathLike,
    config: Config = None,
    *,
    validation: PathLike | None = None,
    init: PathLike | None = None,
    teacher: PathLike | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    lr: float | None = None,
    seed: int | None = None,
    resume: bool = False,
    device: str = "auto",
    threads: int = 0,
    quiet: bool = False,
    **options: Any,
) -> Path:
    """Trains one net with crops that prepare() made: `mtcnn train`.

    Args:
        net: "pnet", "rnet" or "onet".
        data: folder of crops for this net.
        out: run folder: configuration, metrics, checkpoints, weights (docs/formats.md).
        config: as configs/pnet.json.
        validation: validation crops, else data/validation.
        init: weights to start from: a file, a model folder or another run.
        teacher: a net whose answers are learned too.
        epochs, batch, lr, seed: win over the configuration.
        resume: go on with the run in `out` where it stopped.

    Returns:
        The file with the best weights.

    Raises:
        exceptions of libmtcnn.errors, with the program's messages; Interrupted leaves a checkpoint for `resume`.
    """
    with _config_file(config) as flags:
        run(
            "train",
            *_flags(
                net=net, data=data, out=out, validation=validation, init=init, teacher=teacher, epochs=epochs, batch=batch, lr=lr, seed=seed
            ),
            *_flags(resume=resume, device=device, threads=threads, quiet=quiet, **options),
            *flags,
        )
    return Path(out) / "best" / f"{net}.safetensors"


def evaluate(protocol: str, config: Config = None, *, out: PathLike | None = None, quiet: bool = False, **options: Any) -> dict[str, Any]:
    """Scores detections: `mtcnn eval`.

    Args:
        protocol: "wider", "fddb", "landmarks", "coco" or "cascade".
        config: options of the detector, as configs/detect.json, where it runs here (with `dataset`).
        out: folder for summary.json, curve.csv and curve.svg.
        options: the verb's other flags by their names, as detections="faces.jsonl", ground_truth="…", dataset="wider", model="…",
            device="cpu".

    Returns:
        summary.json (docs/formats.md), as {"ap": {"easy": …}, …} for "wider".

    Raises:
        exceptions of libmtcnn.errors, with the program's messages.
    """
    if protocol not in _PROTOCOLS:
        raise UsageError(f"evaluate: no such protocol: found {protocol!r}, expected one of {', '.join(_PROTOCOLS)}")
    with tempfile.TemporaryDirectory(prefix="libmtcnn_") as scratch, _config_file(config) as flags:
        folder = Path(out) if out is not None else Path(scratch)
        run("eval", protocol, *_flags(out=folder, quiet=quiet, **options), *flags)
        return _read_json(folder / "summary.json")


def pipeline(out: PathLike, config: Config = None, *, quiet: bool = False, **options: Any) -> Path:
    """From data sets to a scored model: `mtcnn pipeline`. Called again, it does only what has changed.

    Args:
        out: folder for everything.
        config: as configs/pipeline.json; in a dict, a round's "prepare", "pnet", "rnet" and "onet" may themselves be dicts, and file
            names are relative to the current folder.
        options: other flags, as data="faces", seed=1, dry_run=True.

    Returns:
        The model's folder.

    Raises:
        exceptions of libmtcnn.errors, with the program's messages.
    """
    if isinstance(config, Mapping):
        config = _pipeline_files(config, Path(out) / "config")
    with _config_file(config) as flags:
        run("pipeline", *_flags(out=out, quiet=quiet, **options), *flags)
    return Path(out) / "model"


def _pipeline_files(config: Mapping[str, Any], folder: Path) -> Path:
    """Writes a pipeline's configuration and those of its rounds into files that stay: a step is passed over only while its command, which
    names its configuration, is the same."""
    folder = Path(os.path.abspath(folder))
    folder.mkdir(parents=True, exist_ok=True)
    whole = {**config}
    if "root" in whole:
        whole["root"] = os.path.abspath(whole["root"])
    if isinstance(config.get("rounds"), (list, tuple)):
        whole["rounds"] = [_round_files(steps, folder, number + 1) for number, steps in enumerate(config["rounds"])]
    return _write_config(folder / "pipeline.json", whole)


def _round_files(steps: Any, folder: Path, number: int) -> Any:
    if not isinstance(steps, Mapping):
        return steps
    named = {}
    for key, value in steps.items():
        if isinstance(value, Mapping):
            values = dict(value)
            if key == "prepare" and "root" in values:
                values["root"] = os.path.abspath(values["root"])
            value = _write_config(folder / f"round{number}_{key}.json", values)
        named[key] = value if value in ("", "previous") else os.path.abspath(value)
    return named


def _write_config(path: Path, values: Mapping[str, Any]) -> Path:
    path.write_text(json.dumps(values, indent=2, default=_json_value) + "\n", encoding="utf-8")
    return path
