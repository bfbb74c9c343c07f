"""The commands `install` and `uninstall` write units or a cron file, and remove them."""
