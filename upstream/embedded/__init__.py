"""A database backend for development, tests and the demo: a PostgreSQL that is started when first connected to."""
