"""Alarms at central."""
