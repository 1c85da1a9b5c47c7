"""From click and code to conversion: codes, links, clicks, orders, attribution, totals, imports."""
