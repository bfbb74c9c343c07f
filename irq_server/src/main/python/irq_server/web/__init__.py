"""A request becomes an answer: Flask, the routes and their documents. Opens no file."""
