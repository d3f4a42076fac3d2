"""The photonic phase-change tensor core: optics, receivers, tiles, and how they are read."""
