"""irq_server: record a Linux machine's interrupts in plain CSV, and answer over HTTP what fired.

The wings, and what each may import: itself, and those below it.

- cli: argv becomes an exit status. commands works on a data directory, without a server.
- daemon: the process: signals, log, pid file, privileges; service wires all below it.
- serving: the application on a socket: waitress, its connections, the access log.
- web: a request becomes an answer. Opens no file.
- sampling: the thread that samples, and the store as the settings say.
- settings: options, environment and file become one Settings value.
- store: the history on disk. Knows no HTTP, and starts no thread.
- kernel: all below /proc, and the only writer of affinities.
- events, times, addresses, errors: the values and the words that all share.
"""

__version__ = "0.1.0"
