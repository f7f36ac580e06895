"""How well the site recognises: thresholds in force, the gallery self-test, people too alike."""
