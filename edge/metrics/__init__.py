"""How a terminal does, in figures that Prometheus reads at its local page.

``heard`` counts what the journal made durable, in the journal's thread and after everybody who
waits has been answered, so no lane pays for it; ``standing`` says at a scrape how things stand. A
label is a word that the program or the site file knows: never a person, a card or what somebody
typed.
"""
