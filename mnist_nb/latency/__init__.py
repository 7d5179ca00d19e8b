"""How long an answer takes, here and at the edge, and why: what `03_local_vs_edge` measures with.

`measure` takes times, `split` says where they go, `distance` adds some, `plots` shows them.
"""
