"""A class that rehearses: simulated candidates, browsers and viewers that speak the public API.

Nothing here is privileged: what it does, a candidate's computer or a console could do.
"""
