"""One irq_server over HTTP: questions go out, answers come back as values."""
