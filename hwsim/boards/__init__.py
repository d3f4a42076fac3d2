"""Real parts and boards: the tools that make their bitstreams, and the host that talks to them over a serial line."""
