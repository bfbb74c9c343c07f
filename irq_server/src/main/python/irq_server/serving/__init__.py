"""The application on a socket: waitress, its connections and their log."""
