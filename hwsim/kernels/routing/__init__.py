"""Compiled loops of the routers, and of signals through switches."""
