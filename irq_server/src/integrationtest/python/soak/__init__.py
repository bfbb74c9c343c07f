"""The rooms of the soak: a machine whose counts are known, who asks, what goes wrong, who watches.

``machine`` shows counters that are functions of one number, the sequence, in a process of its own;
``truth`` knows from an answer which sequences it lies between, and so each of its counts;
``readers`` ask everything at once; ``troubles`` kill, fill the disk and set the clock; ``watch``
looks at the server's memory, descriptors and threads.
"""
