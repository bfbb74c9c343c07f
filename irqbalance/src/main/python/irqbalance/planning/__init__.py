"""Decide where every IRQ goes: the policy, the search and the reasons."""
