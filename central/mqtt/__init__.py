"""States and events for other systems over an MQTT 5 broker; central needs none for itself.

``states`` reads how things stand, ``discovery`` describes it to Home Assistant, ``messages`` makes
topics and payloads (all pure but for one query), ``commands`` takes what a broker may command, and
``publishing`` is the connection. Never in the way of a decision; no message holds a name.
"""
