"""The tree of exceptions."""

import re

from irq_client import errors


def test_the_docstring_draws_every_class_with_its_exit_status():
    drawn = dict(re.findall(r"(\w+Error) +([0-9])", errors.__doc__))
    there = {
        name: str(each.exit_status)
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, errors.IrqClientError)
    }

    assert drawn == there


def test_a_server_error_says_where_what_and_what_to_try():
    error = errors.UnreachableError("http://h", "connection refused", "is it running?")

    assert str(error) == "http://h: connection refused; is it running?"
    assert (error.url, error.reason, error.advice) == (
        "http://h",
        "connection refused",
        "is it running?",
    )


def test_a_long_wrong_value_is_cut():
    assert len(str(errors.UsageError("--irq", "x" * 10_000, "an IRQ"))) < 200
