"""Families of timed samples, read back by prometheus_client's own parsers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from irq_server.labels import labels
from irq_server.web.exposition import Family, encode

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    device=TEXTS,
    count=st.integers(0, 2**53),
    milliseconds=st.integers(0, 2**42),
    kind=st.sampled_from(["counter", "gauge"]),
)
def test_what_is_written_is_read_back(device: str, count: int, milliseconds: int, kind: str):
    values = {labels(irq="24", device=device, cpu="0"): count}
    family = Family("irq_x", kind, "Some words.", values, milliseconds / 1000)
    wanted = {"irq": "24", "device": device, "cpu": "0"}
    name = "irq_x_total" if kind == "counter" else "irq_x"

    (text,) = text_string_to_metric_families(encode([family], openmetrics=False))
    (other,) = openmetrics.text_string_to_metric_families(encode([family], True) + "# EOF\n")

    for found in (text, other):
        (sample,) = found.samples
        assert (found.type, found.documentation) == (kind, "Some words.")
        assert (sample.name, sample.labels, sample.value) == (name, wanted, count)
        # as Prometheus does, which cuts off
        assert int(float(sample.timestamp) * 1000) in (milliseconds, milliseconds - (found is text))


@pytest.mark.parametrize("openmetrics_", [False, True])
def test_a_value_without_labels_or_time_stands_alone(openmetrics_: bool):
    family = Family("irq_up", "gauge", "Up.", {"": 1})

    assert encode([family], openmetrics_) == ("# HELP irq_up Up.\n# TYPE irq_up gauge\nirq_up 1\n")
