"""The command `top`: a live view of one server."""
