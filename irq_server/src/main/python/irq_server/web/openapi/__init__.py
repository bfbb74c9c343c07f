"""The OpenAPI document, made of the tables that the application itself is made of. Pure."""
