"""Electronic phase-change and resistive memory after their published fits."""
