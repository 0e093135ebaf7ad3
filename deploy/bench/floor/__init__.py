"""The bare Django floor: one form, one table, one insert, a redirect and an answer page; no rules at all.

It runs under the same Gunicorn, nginx, driver and connection settings as the product, so that the ratio of
the two says what the product's own work costs and not what Django costs.
"""
