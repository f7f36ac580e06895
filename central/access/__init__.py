"""The access rules at central: the model and its versions, lockdowns, what is forgiven.

Central keeps and distributes; it decides nothing. Who may pass is decided at the edge.
"""
