"""Every expression is PromQL, whatever stands in labels and patterns."""

import re

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.prometheus import promql

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def matchers(expression: str) -> dict[str, str]:
    """Return the values of the labels of a selector, as PromQL reads it."""
    return {each.name: each.value for each in promql_parser.parse(expression).matchers.matchers}


def hosts(pattern: str, *instances: str) -> list[str]:
    """Return the instances that a pattern matches."""
    expression = matchers(promql.of_hosts("up", pattern))["instance"]
    return [each for each in instances if re.fullmatch(expression, each)]


@given(TEXTS)
def test_a_label_has_the_value_that_it_was_given(text: str):
    assert matchers(promql.selector("up", instance=text)) == {"instance": text}


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_one_of_several_values_matches_exactly_these(texts: list[str]):
    expression = matchers(promql.selector("up", irq=texts))["irq"]

    assert all(re.fullmatch(expression, text) for text in texts)
    assert not re.fullmatch(expression, "".join(texts) + "x")


def test_several_families_are_selected_by_name():
    expression = promql.selector(("a_total", "b_total"), cpu="0")

    assert expression == '{__name__=~"a_total|b_total",cpu="0"}'


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("web1", ["web1", "web1:5000"]),
        ("web1:5000", ["web1:5000"]),
        ("web?", ["web1", "web1:5000", "web2:9100"]),
        ("*", ["web1", "web1:5000", "web2:9100", "db.example.org"]),
        ("[!w]*", ["db.example.org"]),
        ("web[2-3]", ["web2:9100"]),
        ("db.example*", ["db.example.org"]),
        ("dbxexample*", []),
        ("[]", []),
    ],
)
def test_a_shell_pattern_finds_hosts_with_and_without_their_port(pattern: str, found: list[str]):
    assert hosts(pattern, "web1", "web1:5000", "web2:9100", "db.example.org") == found


@given(st.text(st.sampled_from('*?[]!^-\\".|(){}+$ab'), min_size=1, max_size=12))
def test_every_pattern_makes_an_expression(pattern: str):
    assert matchers(promql.of_hosts("up", pattern))


def test_every_expression_is_promql():
    series = promql.selector(promql.CELLS, instance="web1", irq=("36", "45#2"))
    made = [
        promql.raw(series, 61_500),
        promql.last(series, 0),
        promql.first(series, 1),
        promql.grown(series, 60_000),
        promql.times(series),
        promql.changed_cpus(series, 60_000),
        promql.instances(promql.CHANGES, "web*", 60_000),
        promql.loads("", 60_000),
        promql.loads("web*", 60_000),
    ]

    for each in made:
        promql_parser.parse(each)
    assert "rate(" not in "".join(made)
