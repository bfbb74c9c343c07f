"""Options and the settings file become one Settings value."""
