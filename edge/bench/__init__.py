"""The technician's bench: proves devices before the van leaves, and finds wiring mistakes on site.

The command ``menshen device`` and its page. Knows drivers and words, no person and no rule.
"""
