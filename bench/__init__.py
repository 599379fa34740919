"""Measurements. Machines are noisy: only ratios within one run count."""
