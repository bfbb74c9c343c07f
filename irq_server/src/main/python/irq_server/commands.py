"""The commands on a data directory that need no server: verify, repair, export, ship, import."""

import argparse
import io
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from .daemon.privileges import acting_as_owner
from .errors import IrqServerError, SettingsError, TimeFormatError
from .settings.load import file_of, load_data_dir
from .settings.table import DEFAULT_DATA_DIR
from .store.offline.export import samples
from .store.offline.imports import Saved, import_files
from .store.offline.parquet import parquet_library, write_parquet
from .store.offline.ship import ship
from .store.offline.tables import DeviceNames, rows, write_csv, write_openmetrics
from .store.offline.verify import SegmentReport, repair, verify
from .times import parse_moment

DONE, FAILED, USAGE = 0, 1, 2


def main(argv: Sequence[str]) -> int:
    """Run the command that `argv` begins with, one of COMMANDS; return its exit status."""
    try:
        parser = _parser()
        options = parser.parse_args(_joined(argv))
        if options.directory is None:
            options.directory = load_data_dir(os.environ, file_of(vars(options), os.environ))
        if options.run is _export and options.format == "parquet" and options.output is None:
            parser.error("export: --format parquet needs --output FILE")
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except BrokenPipeError:
        # the reader has enough; let Python's own flush at exit find nothing to write
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except IrqServerError as error:
        sys.stderr.write(f"irq_server: {error}\n")
        return USAGE if isinstance(error, SettingsError) else FAILED
    except OSError as error:
        sys.stderr.write(f"irq_server: {error.filename or ''}: {error.strerror or error}\n")
        return FAILED


def _joined(argv: Sequence[str]) -> list[str]:
    """Write ``--start -15m`` as ``--start=-15m``, as argparse takes -15m for an option."""
    joined: list[str] = []
    for word in argv:
        if joined and joined[-1] in ("--start", "--end") and word.startswith("-"):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _verify(options: argparse.Namespace) -> int:
    with acting_as_owner(options.directory):
        return _report(verify(options.directory), "")


def _repair(options: argparse.Namespace) -> int:
    with acting_as_owner(options.directory):
        _report(repair(options.directory), ": set aside")
    return DONE


def _report(reports: Iterable[SegmentReport], done: str) -> int:
    """Print a line for each damaged segment, and a sum; return the exit status."""
    segments = samples = size_bytes = unsound = 0
    for report in reports:
        segments, samples = segments + 1, samples + report.samples
        size_bytes += report.size_bytes
        unsound += not report.is_sound
        if report.error is not None:
            sys.stdout.write(f"{report.path}: cannot be read: {report.error}{done}\n")
        for each in report.damaged:
            sys.stdout.write(f"{report.path}: bytes {each.start} to {each.end} damaged{done}\n")
    sys.stdout.write(
        f"{segments} segments, {samples:,} samples, {size_bytes:,} bytes, {unsound} damaged\n"
    )
    return FAILED if unsound else DONE


def _export(options: argparse.Namespace) -> int:
    """Read as the directory's owner; write as the user who asks, but into the directory."""
    directory, path = options.directory, options.output
    is_inside = path is not None and path.absolute().parent.resolve().is_relative_to(
        directory.resolve()
    )
    if options.format == "parquet":
        parquet_library(path)  # before the file is made
    with ExitStack() as held:
        if is_inside:
            held.enter_context(acting_as_owner(directory))
        output = held.enter_context(path.open("wb")) if path is not None else None
        if not is_inside:
            held.enter_context(acting_as_owner(directory))
        is_dense = options.format == "openmetrics"
        window = options.start, options.end
        found = samples(directory, *window, tier=options.tier, is_dense=is_dense)
        table = rows(found, DeviceNames(directory), options.host)
        write = write_openmetrics if is_dense else write_csv
        if output is None:
            write(table, sys.stdout)
            sys.stdout.flush()
        elif options.format == "parquet":
            write_parquet(table, output)
        else:
            write(table, held.enter_context(io.TextIOWrapper(output, "utf-8", newline="")))
    return DONE


def _ship(options: argparse.Namespace) -> int:
    """Read as the directory's owner; write as the user who asks."""
    acting = partial(acting_as_owner, options.directory)
    found = ship(options.directory, options.target, options.host, time.time(), options.tier, acting)
    for path in found:
        sys.stdout.write(f"{path}\n")
    return DONE


def _import(options: argparse.Namespace) -> int:
    acting = partial(acting_as_owner, options.directory)
    count = import_files(options.directory, options.files, acting)
    sys.stdout.write(f"{count} samples\n")
    return DONE


COMMANDS = {
    "verify": (_verify, "checks every commit mark; exit status 1 where something is damaged"),
    "repair": (_repair, "sets damaged bytes aside, as NAME.damaged beside the segment"),
    "export": (_export, "writes the running totals of a window as one table"),
    "ship": (_ship, "writes the days that are over as Parquet files below a directory"),
    "import": (_import, "takes saved /proc/interrupts files, with their times, into the store"),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="irq_server", allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    where = f"the data directory (default: {DEFAULT_DATA_DIR}; IRQ_SERVER_DATA_DIR)"
    for name, (run, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=f"{name}: {text}.")
        command.set_defaults(run=run)
        command.add_argument("--config", metavar="FILE", help="take data_dir from this TOML file")
        if name in ("import", "ship"):
            command.add_argument("--data-dir", dest="directory", type=Path, help=where)
        if name == "import":
            command.add_argument(
                "files",
                metavar="[TIME=]FILE",
                nargs="+",
                type=_saved,
                help="without TIME, when the file was written last",
            )
        elif name != "ship":
            command.add_argument("directory", metavar="DIR", nargs="?", type=Path, help=where)
        if name == "export":
            _add_export_options(command)
        if name == "ship":
            command.add_argument("target", metavar="DIR", type=Path, help="below which they lie")
            more = "only this tier; may be repeated (default: all but those of sums)"
            command.add_argument("--tier", metavar="NAME", action="append", help=more)
            _add_host(command)
    return parser


def _add_export_options(command: argparse.ArgumentParser) -> None:
    form = "RFC 3339 with a zone, Unix seconds, now or relative (-15m)"
    command.add_argument("--start", metavar="TIME", type=_moment, default=0.0, help=form)
    command.add_argument("--end", metavar="TIME", type=_moment, default=_moment("now"), help=form)
    command.add_argument("--format", choices=("csv", "parquet", "openmetrics"), default="csv")
    command.add_argument(
        "--tier", metavar="NAME", default="", help="only this tier (default: the finest there is)"
    )
    _add_host(command)
    command.add_argument(
        "--output", metavar="FILE", type=Path, help="default: standard output; parquet needs it"
    )


def _add_host(command: argparse.ArgumentParser) -> None:
    name = socket.gethostname()
    more = f"the machine's name in the table (default: {name})"
    command.add_argument("--host", metavar="NAME", type=_host, default=name, help=more)


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*", text):
        raise argparse.ArgumentTypeError(f"expected a machine's name, found {text!r}")
    return text


def _moment(text: str) -> float:
    try:
        return parse_moment(text, time.time())
    except TimeFormatError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _saved(text: str) -> Saved:
    moment, equals, name = text.partition("=")
    if equals:
        return Saved(_moment(moment), Path(name))
    try:
        return Saved(Path(text).stat().st_mtime, Path(text))
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.strerror}") from error
