"""irqs.csv: what the rows are."""

from pathlib import Path

from irq_server.store.devices import IRQ_FIELDS, Appearance, identity_row, read_appearances
from irq_server.store.ledger import Ledger
from irq_server.store.segments.files import Files
from irq_server.store.totals import Identity


def test_commas_and_quotes_in_a_device_read_back(tmp_path: Path):
    ledger = Ledger(tmp_path / "irqs.csv", IRQ_FIELDS, Files())
    identity = Identity("17", "IO-APIC", "17", "fasteoi", 'i801_smbus, "snd":card0', "ens1")

    ledger.append([identity_row("1767225600.020", identity)])

    assert (tmp_path / "irqs.csv").read_text() == (
        "time,irq,chip,hwirq,trigger,device,interface\n"
        '1767225600.020,17,IO-APIC,17,fasteoi,"i801_smbus, ""snd"":card0",ens1\n'
    )
    assert read_appearances(ledger.load()) == [Appearance(1767225600.02, identity)]
