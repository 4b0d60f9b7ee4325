"""Einklang's part of a municipality's portal: login, pages, look, and the program that sets them up in Plone."""
