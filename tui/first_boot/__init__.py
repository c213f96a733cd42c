"""From an empty machine to a box fit for an exam, step by step: `hallvakt first-boot`."""
