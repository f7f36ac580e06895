"""Cameras in the console: live views that are relayed and never kept, and the pictures of alarms.

Recording stays with the recorder. What a node pushes for a live view is held in memory for whoever
looks, one picture at a time; what it kept around an alarm is a blob by hash that expires.
"""
