"""Counts become figures: imbalance, rates over time, conditions. Pure."""
