"""Orders for the takeaway window: a diner orders on their own page, the till hands out.

An order is a charge that is not collected yet: central makes its key and keeps its money, and the
till that hands it out records an ordinary charge under that key. So it is paid once, whatever is
repeated. Here is who may order what (``windows``, ``placing``), and what becomes of an order by
itself (``service``); its row, and how it follows from its charge, is ``central.canteen.orders``.

It must not know how a till works.
"""
