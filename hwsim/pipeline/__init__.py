"""One run, from a plan to its answer: fabrication, the flow, its folder, replay, emulation. Many runs: ``study``."""
