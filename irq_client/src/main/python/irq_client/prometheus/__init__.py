"""The same questions as of an irq_server, answered from a Prometheus that stores its /metrics."""
