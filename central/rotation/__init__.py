"""Rotation of keys without a pause: a new key wraps, the old one opens, all is made anew.

``places`` says where what is wrapped lies (a new place is added there, or a test
fails), ``service`` works through it in the background and destroys the old key at the end.
"""
