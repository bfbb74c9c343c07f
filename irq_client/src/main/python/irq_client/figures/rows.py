"""The rows of /proc/interrupts: which are a CPU's own, and the kernel's words for them. Pure.

An irq_server sends the kernel's own words of a row that is there now. The table serves the others:
rows that are gone, a Prometheus, servers before those words. Labels that stand for other things on
another architecture (arm's IPI0) or kernel are not in it; NMI, LOC and MCE have the words of x86.
Source: arch_show_interrupts() in irq.c of arch/x86/kernel and arch/powerpc/kernel, and
irqclass_sub_desc in arch/s390/kernel/irq.c, as Linux 6.12 to 7.2 prints them.
"""

from collections.abc import Sequence

DESCRIPTIONS = {
    "NMI": "Non-maskable interrupts",
    "LOC": "Local timer interrupts",
    "SPU": "Spurious interrupts",
    "PMI": "Performance monitoring interrupts",
    "IWI": "IRQ work interrupts",
    "RTR": "APIC ICR read retries",
    "PLT": "Platform interrupts",
    "RES": "Rescheduling interrupts",
    "CAL": "Function call interrupts",
    "TLB": "TLB shootdowns",
    "TRM": "Thermal event interrupts",
    "THR": "Threshold APIC interrupts",
    "DFR": "Deferred Error APIC interrupts",
    "MCE": "Machine check exceptions",
    "MCP": "Machine check polls",
    "HYP": "Hypervisor callback interrupts",
    "HRE": "Hyper-V reenlightenment interrupts",
    "HVS": "Hyper-V stimer0 interrupts",
    "PIN": "Posted-interrupt notification event",
    "NPI": "Nested posted-interrupt event",
    "PIW": "Posted-interrupt wakeup event",
    "PMN": "Posted MSI notification event",
    "VPMI": "Perf Guest Mediated PMI",
    "other": "rows without a series of their own",
    # of powerpc
    "BCT": "Broadcast timer interrupts for timer event device",
    "WDG": "Watchdog soft-NMI interrupts",
    "DBL": "Doorbell interrupts",
    # of s390x
    "CLK": "[EXT] Clock Comparator",
    "EXC": "[EXT] External Call",
    "EMS": "[EXT] Emergency Signal",
    "TMR": "[EXT] CPU Timer",
    "TAL": "[EXT] Timing Alert",
    "PFL": "[EXT] Pseudo Page Fault",
    "DSD": "[EXT] DASD Diag",
    "VRT": "[EXT] Virtio",
    "SCP": "[EXT] Service Call",
    "IUC": "[EXT] IUCV",
    "CMS": "[EXT] CPU-Measurement: Sampling",
    "CMC": "[EXT] CPU-Measurement: Counter",
    "FTP": "[EXT] HMC FTP Service",
    "CIO": "[I/O] Common I/O Layer Interrupt",
    "DAS": "[I/O] DASD",
    "C15": "[I/O] 3215",
    "C70": "[I/O] 3270",
    "TAP": "[I/O] Tape",
    "VMR": "[I/O] Unit Record Devices",
    "LCS": "[I/O] LCS",
    "CTC": "[I/O] CTC",
    "ADM": "[I/O] EADM Subchannel",
    "CSC": "[I/O] CHSC Subchannel",
    "VIR": "[I/O] Virtual I/O Devices",
    "QAI": "[AIO] QDIO Adapter Interrupt",
    "APB": "[AIO] AP Bus",
    "PCF": "[AIO] PCI Floating Interrupt",
    "PCD": "[AIO] PCI Directed Interrupt",
    "MSI": "[AIO] MSI Interrupt",
    "VAI": "[AIO] Virtual I/O Devices AI",
    "GAL": "[AIO] GIB Alert",
    "RST": "[CPU] CPU Restart",
}

PER_CPU_DEVICES = {
    "arch_timer", "arm-pmu", "clint-timer", "kvm guest ptimer", "kvm guest vtimer", "riscv-timer",
    "twd", "vgic",
}  # fmt: skip
"""Devices of which every CPU has its own under one number (request_percpu_irq)."""


def device_text(irq: str, device: str, description: str) -> str:
    """Return the device of a row; else its description by the server, or by the table."""
    return device or description or DESCRIPTIONS.get(irq.partition("#")[0], "")


def is_own(irq: str, device: str) -> bool:
    """Return True for a CPU's own interrupts: ticks, IPIs, errors. They are in no load."""
    number = irq.partition("#")[0]
    return not number.isdecimal() or not PER_CPU_DEVICES.isdisjoint(device.split(", "))


def mostly(counts: Sequence[int] | None, cpus: Sequence[int]) -> str:
    """Return the CPU where an IRQ fired most, and the share there: ``CPU38 98%``.

    If that is less than 1.5 times the mean of all where it fired, their number: ``16 CPUs``.
    """
    total = sum(counts or ())
    if not counts or not total:
        return ""
    most, fired = max(counts), len(counts) - counts.count(0)
    if fired > 1 and most * fired < 1.5 * total:
        return f"{fired} CPUs"
    return f"CPU{cpus[counts.index(most)]} {100 * most / total:.0f}%"
