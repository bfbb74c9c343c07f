"""The OpenAPI document, made of the tables that make the application. Pure."""
