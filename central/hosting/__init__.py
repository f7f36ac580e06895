"""Many sites in one central process, each as if it were alone.

A site keeps its own application, database schema (or file), keys, streams, operators and audit log;
what they share is a listener, connections to one PostgreSQL and the networks that read faces. So
nothing of a site can be forgotten to be asked for: there is no table, cookie or stream in which two
sites lie. Here is only what tells which site a request is for, and what starts and stops them.
No module of a feature may know of this package.
"""
