"""Samples as tables: CSV and OpenMetrics."""

import io
from pathlib import Path

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from irq_server.store.offline import tables
from irq_server.store.offline.tables import (
    DeviceNames,
    Row,
    rows,
    write_csv,
    write_openmetrics,
)

TABLE: list[Row] = [
    ("web1", "600", "24", 'eth0, "x"', "0", 2**63),
    ("web1", "600.500", "ERR", "", "", 2),
]


def describe(folder: Path, *lines: str) -> DeviceNames:
    columns = ",".join(tables.IRQ_FIELDS)
    empty = "," * (len(tables.IRQ_FIELDS) - 6)
    text = "".join(f"{line}{empty}\n" for line in lines)
    (folder / "irqs.csv").write_text(f"{columns}\n{text}")
    return DeviceNames(folder)


def test_a_row_names_the_device_of_its_time(tmp_path: Path):
    devices = describe(
        tmp_path, "600,24,PCI-MSI,1,edge,eth0", "700,24,PCI-MSI,1,edge,renamed", "600,LOC,,,,"
    )
    samples = [(590.0, {"24,0": 1}), (699.5, {"24,0": 2}), (700.0, {"24,0": 3, "LOC,0": 4})]

    assert list(rows(samples, devices, "web1")) == [
        ("web1", "590", "24", "eth0", "0", 1),
        ("web1", "699.500", "24", "eth0", "0", 2),
        ("web1", "700", "24", "renamed", "0", 3),
        ("web1", "700", "LOC", "", "0", 4),
    ]


def test_without_irqs_csv_no_device_is_known(tmp_path: Path):
    assert list(rows([(1.0, {"24,0": 1})], DeviceNames(tmp_path), "h")) == [
        ("h", "1", "24", "", "0", 1)
    ]


def test_a_torn_line_of_irqs_csv_stays_as_it_is(tmp_path: Path):
    path = tmp_path / "irqs.csv"
    describe(tmp_path, "600,24,PCI-MSI,1,edge,eth0")
    path.write_bytes(path.read_bytes() + b"700,25,PCI")
    before = path.read_bytes()

    assert DeviceNames(tmp_path).at("24", 600.0) == "eth0"
    assert path.read_bytes() == before


def test_csv_has_a_header_and_quotes_what_needs_it():
    output = io.StringIO()

    assert write_csv(TABLE, output) == 2
    assert output.getvalue() == (
        "host,time,irq,device,cpu,count\n"
        'web1,600,24,"eth0, ""x""",0,9223372036854775808\n'
        "web1,600.500,ERR,,,2\n"
    )


def test_openmetrics_has_the_interrupts_with_their_times():
    output = io.StringIO()

    assert write_openmetrics(TABLE, output) == 1
    (family,) = text_string_to_metric_families(output.getvalue())
    (sample,) = family.samples
    assert sample.name == "irq_interrupts_total"
    assert sample.labels == {"instance": "web1", "irq": "24", "device": 'eth0, "x"', "cpu": "0"}
    assert (sample.value, float(sample.timestamp)) == (2**63, 600.0)
