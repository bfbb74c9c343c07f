"""The application on a socket: waitress, its connections and the access log."""
