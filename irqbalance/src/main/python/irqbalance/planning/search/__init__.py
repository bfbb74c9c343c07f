"""Search for a placement with the least load on the busiest CPU, in the fewest moves."""
