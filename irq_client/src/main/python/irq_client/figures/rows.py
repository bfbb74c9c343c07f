"""The rows of /proc/interrupts: which are a CPU's own, and the kernel's words for them. Pure.

An irq_server names the device of numbered rows only.
Source: arch_show_interrupts() in arch/x86/kernel/irq.c of Linux 6.12.
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
    "other": "rows without a series of their own",
}

PER_CPU_DEVICES = {
    "arch_timer", "arm-pmu", "clint-timer", "kvm guest ptimer", "kvm guest vtimer", "riscv-timer",
    "twd", "vgic",
}  # fmt: skip
"""Devices of which every CPU has its own under one number (request_percpu_irq)."""


def device_text(irq: str, device: str) -> str:
    """Return the device of a row; of a row without one the kernel's description, if known."""
    return device or DESCRIPTIONS.get(irq.partition("#")[0], "")


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
