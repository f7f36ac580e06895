"""Observations become decisions, outputs and facts: the terminal at a gate decides alone.

It imports drivers, models and config, never central. Rules are pure and take ``now``; the task
beside them runs them. One composition root: ``app.py``.
"""
