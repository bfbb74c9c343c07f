"""The commands `install` and `uninstall`: they write a service into the system, and remove it."""
