"""A mail lab for one run: private Postfix, Redis and avis, on loopback.

One idea per file. `places` holds what a run starts and leaves nothing
behind; `postfix`, `redis_server` and `avis` are the parts; `labs` puts them
together; `smtp` and `reports` play the people at both ends.
"""
