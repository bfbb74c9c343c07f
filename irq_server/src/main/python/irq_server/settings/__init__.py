"""Options, environment and file become one Settings value, also while the server runs.

- table: the one table of settings. converters: a text becomes its value.
- load: what a person wrote becomes Settings. reload: all that can change takes effect, or nothing.
"""
