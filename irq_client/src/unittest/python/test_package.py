"""The package as another program imports it."""

import subprocess
import sys
from pathlib import Path

import pytest

import irq_client
import machine
from irq_client import Client, Request
from irq_client.server import client, model, request
from service import WebService


def test_the_client_is_the_one_of_the_commands():
    assert Client is client.Client
    assert Request is request.Request


def test_the_values_of_answers_are_at_the_top_of_the_package():
    assert irq_client.model is model


def test_it_asks_and_gives_values():
    with WebService(machine.answer_well) as service, Client(service.url) as client:
        answer = client.irqs(period="15m", top=5)

    assert [irq.irq for irq in answer.irqs] == ["24", "36", "NMI", "ERR"]


def test_importing_the_package_imports_no_requests():
    source = str(Path(irq_client.__file__).parents[1])
    program = f"import sys; sys.path.insert(0, {source!r}); import irq_client"
    check = f"{program}; sys.exit('requests' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", check]).returncode == 0


def test_what_is_not_there_is_an_error():
    with pytest.raises(AttributeError, match="has no attribute 'Server'"):
        _ = irq_client.Server


def test_every_public_method_says_what_it_gives():
    for name, member in vars(Client).items():
        assert name.startswith("_") or member.__doc__, name


def test_help_needs_neither_requests_nor_what_only_some_runs_need():
    source = str(Path(irq_client.__file__).parents[1])
    program = f"import sys; sys.path.insert(0, {source!r}); from irq_client.cli import main; "
    program += "main(['irqs', '--help']); "
    names = "argcomplete dataclasses difflib logging requests tomllib"
    program += f"sys.exit(str([name for name in {names.split()} if name in sys.modules]))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stderr == "[]\n"
