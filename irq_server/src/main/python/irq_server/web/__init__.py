"""A request becomes an answer, with Flask. Opens no file.

- app: the application, of all below.
- api: the routes of /api/v1. pages: those for people and for Kubernetes. metrics: Prometheus'.
- routes, parameters: the tables that make the application and its document. schemas: their parts.
- answers: JSON and CSV, and when they may be kept.
- query, body, limits: a request becomes values, or an error that names what is wrong.
- serialize, problem, compress: values become JSON, CSV, problems, gzip.
- access: who may ask for what. openapi: the document.
"""
